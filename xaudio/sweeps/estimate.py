"""What a sweep will cost, measured on a few of its clips before it starts."""

import io
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from statistics import mean
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps.buckets import PlannedClip
from xaudio.sweeps.cells import CorruptedClip, LoadedClip, corrupt_clips, load_clip, score_clips
from xaudio.sweeps.conditions import CLEAN_CLIPS
from xaudio.sweeps.plan import Cell, Plan
from xaudio.sweeps.tasks import check_models, waiting_tasks

PROBED_CLIPS = 3
MOST_TRIED = 12  # clips, until so many can be read


@dataclass
class Workload:
    """What is still to do of a plan, in clips.

    Attributes:
        decoded: By sample rate, in hertz.
        corrupted: By the digest of a condition and the sample rate.
        scored: By the name of a model.
        tasks: What executors hand out.
        cells: What they finish.
    """

    decoded: Counter[int] = field(default_factory=Counter)
    corrupted: Counter[tuple[str, int]] = field(default_factory=Counter)
    scored: Counter[str] = field(default_factory=Counter)
    tasks: int = 0
    cells: int = 0


@dataclass(frozen=True)
class Cost:
    """Seconds of one core, or of the device, per clip.

    Attributes:
        decode: Reading, decoding and resampling, by sample rate.
        corrupt: By the digest of a condition and the sample rate.
        score: By the name of a model.
        cell_bytes: Of one cell's file.
        clip_seconds: Length of a clip.
    """

    decode: Mapping[int, float]
    corrupt: Mapping[tuple[str, int], float]
    score: Mapping[str, float]
    cell_bytes: float
    clip_seconds: float


@dataclass(frozen=True)
class Estimate:
    """What is still to do, and what it will take.

    Attributes:
        clips: In the manifest.
        cells: In the plan; two names for one corruption share theirs.
        waiting: Cells that are not finished.
        rows: Scores they will bring.
        audio_seconds: Sound the models will hear.
        decode_seconds: Of one core.
        corrupt_seconds: Of one core.
        score_seconds: By the name of a model, of one core, or of its device.
        wall_seconds: On so many workers; on a device the larger of scoring and the rest.
        disk_bytes: Of the results.
        workers: For which `wall_seconds` is meant.
    """

    clips: int
    cells: int
    waiting: int
    rows: int
    audio_seconds: float
    decode_seconds: float
    corrupt_seconds: float
    score_seconds: Mapping[str, float]
    wall_seconds: float
    disk_bytes: float
    workers: int

    def as_dict(self) -> dict[str, Any]:
        """In plain values."""
        return asdict(self)


def estimate(
    plan: Plan,
    classifiers: Mapping[str, Classifier],
    finished: Collection[str] = (),
    workers: int = 1,
) -> Estimate:
    """How long the cells of a plan that are not finished will take on this machine.

    A few clips are decoded, corrupted under every condition and scored by every model that still
    has something to do, on one thread; the rest is arithmetic.

    Args:
        plan: What is to be done.
        classifiers: Its models, by the digests of their identities.
        finished: Ids of cells that are done.
        workers: Processes that will share the work.

    Raises:
        SweepError: A model of the plan is missing.
    """
    check_models(plan, classifiers)
    on_device = [
        model.name for model in plan.models if classifiers[model.digest].device.type != "cpu"
    ]
    workload = workload_of(plan, finished)
    return extrapolate(plan, workload, measure(plan, workload, classifiers), workers, on_device)


def workload_of(plan: Plan, finished: Collection[str]) -> Workload:
    """How many clips will be decoded, corrupted and scored.

    Args:
        plan: What is to be done.
        finished: Ids of cells that are done.
    """
    load = Workload()
    sound: tuple[str, int] | None = None
    for task in waiting_tasks(plan, finished):
        clips = len(task.bucket)
        if task.sound != sound:
            sound = task.sound
            load.decoded[task.sample_rate] += clips
        load.corrupted[task.condition.digest, task.sample_rate] += clips
        for model in task.models:
            load.scored[model.name] += clips
        load.tasks += 1
        load.cells += len(task.models)
    return load


def extrapolate(
    plan: Plan, load: Workload, cost: Cost, workers: int, on_device: Collection[str] = ()
) -> Estimate:
    """The arithmetic of `estimate`, for a cost that is known.

    Args:
        plan: What is to be done.
        load: What of it is still to do.
        cost: Per clip.
        workers: Processes that will share what runs on processors.
        on_device: Names of the models that run on a device, beside the processors' work.
    """
    decode = float(sum(clips * cost.decode[rate] for rate, clips in load.decoded.items()))
    corrupt = float(sum(clips * cost.corrupt[what] for what, clips in load.corrupted.items()))
    score = {name: clips * cost.score[name] for name, clips in load.scored.items()}
    device = sum(seconds for name, seconds in score.items() if name in on_device)
    workers = max(1, min(workers, load.tasks))
    conditions = {condition.digest for condition in plan.conditions}
    processors = (decode + corrupt + sum(score.values()) - device) / workers
    return Estimate(
        clips=plan.clips.num_rows,
        cells=len(plan.models) * len(conditions) * len(plan.buckets),
        waiting=load.cells,
        rows=load.scored.total(),
        audio_seconds=load.scored.total() * cost.clip_seconds,
        decode_seconds=decode,
        corrupt_seconds=corrupt,
        score_seconds=score,
        wall_seconds=max(processors, device),
        disk_bytes=load.cells * cost.cell_bytes,
        workers=workers,
    )


def measure(plan: Plan, load: Workload, classifiers: Mapping[str, Classifier]) -> Cost:
    """Seconds per clip of everything there is to do, from a few clips of middling length.

    Args:
        plan: What is to be done.
        load: What of it is still to do; what nobody needs is not measured.
        classifiers: The plan's models, by the digests of their identities.
    """
    conditions = {condition.digest: condition for condition in plan.conditions}
    decode, corrupt, score = {}, {}, {}
    size, heard = 0.0, 0.0
    with _one_thread():
        probes = _probes(plan) if load.tasks else []
        for rate in load.decoded:
            decode[rate], clips = _seconds(partial(_loaded, rate), probes)
            heard = mean(clip.sound.seconds if clip.sound else 0.0 for clip in clips)
            for digest in (digest for digest, wanted in load.corrupted if wanted == rate):
                corrupting = partial(corrupt_clips, conditions[digest], rate)
                corrupt[digest, rate], _ = _seconds(corrupting, clips)
            for model in plan.models:
                if model.sample_rate == rate and model.name in load.scored:
                    cell = Cell(model, plan.conditions[0], plan.buckets[0])
                    scoring = partial(_scored, cell, classifiers[model.digest])
                    score[model.name], rows = _seconds(
                        scoring, corrupt_clips(CLEAN_CLIPS, rate, clips)
                    )
                    size = _file_size(rows, plan.clips.num_rows // len(plan.buckets))
    known = pc.mean(plan.clips["seconds"]).as_py()
    return Cost(decode, corrupt, score, size, heard if known is None else known)


def _probes(plan: Plan) -> list[PlannedClip]:
    """Clips of one bucket that can be read, those of middling length first."""
    seconds = pc.mean(plan.clips["seconds"]).as_py() or 0.0
    rate = plan.models[0].sample_rate
    clips = sorted(
        max(plan.buckets, key=len).clips, key=lambda clip: abs((clip.row.seconds or 0.0) - seconds)
    )
    readable = (clip for clip in clips[:MOST_TRIED] if load_clip(clip, rate).sound is not None)
    return list(islice(readable, PROBED_CLIPS)) or clips[:1]


def _loaded(rate: int, clips: Sequence[PlannedClip]) -> list[LoadedClip]:
    return [load_clip(clip, rate) for clip in clips]


def _scored(cell: Cell, classifier: Classifier, clips: Sequence[CorruptedClip]) -> pa.Table:
    return score_clips(cell, clips, classifier)


def _file_size(rows: pa.Table, count: int) -> float:
    """Bytes of a cell of so many rows like these."""
    file = io.BytesIO()
    pq.write_table(rows.take([place % rows.num_rows for place in range(max(1, count))]), file)
    return float(file.tell())


def _seconds(work: Callable[[Sequence[Any]], Any], clips: Sequence[Any]) -> tuple[float, Any]:
    """Per clip, once everything is warm; and what was made of the clips."""
    work(clips[:1])
    started = time.perf_counter()
    made = work(clips)
    return (time.perf_counter() - started) / len(clips), made


@contextmanager
def _one_thread() -> Iterator[None]:
    """As a worker computes; afterwards as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
