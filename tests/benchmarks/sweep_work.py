"""What the sweep's benchmarks share: clips on disk, light models, and a clock for whole runs."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from tests.benchmarks.signals import voice
from xaudio.audio import write_audio
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.models.lcnn import BUNDLED
from xaudio.models.weights import read_state_dict
from xaudio.sweeps import SweptModel
from xaudio.sweeps.executor import Executor
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.progress import Progress
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.sweeping import Corruptions, plan_for

SECONDS, RATE = 4.0, 16000


def corpus(folder: Path, clips: int) -> Manifest:
    """So many WAV files of four seconds, no two alike; half of them are called synthetic."""
    folder.mkdir(parents=True, exist_ok=True)
    speech = voice(SECONDS, RATE)
    rows = []
    for number in range(clips):
        path = folder / f"clip-{number:05d}.wav"
        if not path.exists():
            write_audio(path, np.roll(speech, 100 * number), RATE)
        label = ("bonafide", "spoof")[number % 2]
        rows.append(ManifestRow(path.stem, path, label, speaker=f"speaker {number % 20}"))
    return Manifest.of(rows)


def weights_files(folder: Path, count: int) -> list[str | None]:
    """Weights of light models of one architecture: the bundled ones, and others near them."""
    folder.mkdir(parents=True, exist_ok=True)
    bundled = read_state_dict(BUNDLED)
    files: list[str | None] = [None]
    for seed in range(1, count):
        generator = torch.Generator().manual_seed(seed)
        file = folder / f"lcnn-{seed}.safetensors"
        save_file({name: _near(values, generator) for name, values in bundled.items()}, file)
        files.append(str(file))
    return files


def _near(values: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if not values.is_floating_point():
        return values.clone()
    return values * (1 + 0.01 * torch.randn(values.shape, generator=generator))


def light_models(folder: Path, count: int, device: str = "cpu") -> list[SweptModel]:
    return [SweptModel("lcnn", weights, device=device) for weights in weights_files(folder, count)]


def plan_of(
    folder: Path,
    clips: int,
    models: Sequence[SweptModel],
    corruptions: Corruptions,
    severities: Sequence[int] | None = None,
    bucket_size: int = 32,
) -> Plan:
    """A plan over so many clips, written into the folder where they are not there yet."""
    manifest = corpus(folder, clips)
    return plan_for(manifest, models, corruptions, severities, bucket_size=bucket_size)


@dataclass(frozen=True)
class Run:
    """A whole sweep, its start-up apart.

    Attributes:
        rows: Scores in all.
        failed: Those among them that failed.
        start: Seconds until the first task was finished.
        seconds: From then to the end, and as much more as the first task's share of the rows is.
        processor: Seconds of all processors in that time, by the same rule.
    """

    rows: int
    failed: int
    start: float
    seconds: float
    processor: float

    @property
    def rate(self) -> float:
        """Scores per second after the start."""
        return self.rows / self.seconds


def timed_run(executor: Executor, plan: Plan, models: Sequence[SweptModel], folder: Path) -> Run:
    """Do a plan into a new folder, and clock it."""
    store = SweepStore(folder)
    store.begin(plan)
    clock = _Clock(len(plan.models))
    executor.run(plan, models, store, clock)
    first, last = clock.marks
    scored = last.scored - first.scored
    whole = last.scored / scored
    return Run(
        rows=last.scored,
        failed=last.failed,
        start=first.seconds - clock.started,
        seconds=whole * (last.seconds - first.seconds),
        processor=whole * (last.processor - first.processor),
    )


@dataclass(frozen=True)
class _Mark:
    seconds: float
    processor: float
    scored: int
    failed: int


@dataclass
class _Clock:
    """Listens to a sweep and looks at the time after the first task and after the last."""

    cells_of_a_task: int
    started: float = field(default_factory=time.perf_counter)
    marks: list[_Mark] = field(default_factory=list)

    def __call__(self, progress: Progress) -> None:
        if progress.finished in (self.cells_of_a_task, progress.cells):
            mark = time.perf_counter(), processor_seconds(), progress.scored, progress.failed
            self.marks.append(_Mark(*mark))


def processor_seconds() -> float:
    """Of this process and of those it started that are still there."""
    times = os.times()
    ticks = sum(_ticks(place) for place in Path("/proc").glob("[0-9]*"))
    return times.user + times.system + ticks / os.sysconf("SC_CLK_TCK")


def _ticks(place: Path) -> int:
    try:
        fields = (place / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    parent, user, system = (int(fields[at]) for at in (1, 11, 12))
    return user + system if parent == os.getpid() else 0
