"""What a clip costs to decode, corrupt and score, measured on a few; and how many there are."""

import io
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from statistics import mean
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps.buckets import PlannedClip
from xaudio.sweeps.cells import CorruptedClip, LoadedClip, corrupt_clips, load_clip, score_clips
from xaudio.sweeps.conditions import CLEAN_CLIPS
from xaudio.sweeps.plan import Cell, Plan
from xaudio.sweeps.tasks import waiting_tasks

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
        failing: What failed on every clip that was tried, and why.
    """

    decode: Mapping[int, float]
    corrupt: Mapping[tuple[str, int], float]
    score: Mapping[str, float]
    cell_bytes: float
    clip_seconds: float
    failing: Mapping[str, str] = field(default_factory=dict)


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


def measure(plan: Plan, load: Workload, classifiers: Mapping[str, Classifier]) -> Cost:
    """Seconds per clip of everything there is to do, from a few clips of middling length.

    Args:
        plan: What is to be done.
        load: What of it is still to do; what nobody needs is not measured.
        classifiers: The plan's models, by the digests of their identities.
    """
    condition_of = {condition.digest: condition for condition in plan.conditions}
    with _one_thread():
        probes = _probes(plan) if load.tasks else []
        decoded = {rate: _timed(partial(_loaded, rate), probes) for rate in load.decoded}
        corrupted = {
            (digest, rate): _timed(
                partial(corrupt_clips, condition_of[digest], rate), decoded[rate].made
            )
            for digest, rate in load.corrupted
        }
        scored = {
            model.name: _timed(
                partial(_scored, Cell(model, CLEAN_CLIPS, plan.buckets[0]), classifiers),
                corrupt_clips(CLEAN_CLIPS, model.sample_rate, decoded[model.sample_rate].made),
            )
            for model in plan.models
            if model.name in load.scored
        }
    clips = [clip for timed in decoded.values() for clip in timed.made]
    return Cost(
        decode={rate: timed.seconds for rate, timed in decoded.items()},
        corrupt={what: timed.seconds for what, timed in corrupted.items()},
        score={name: timed.seconds for name, timed in scored.items()},
        cell_bytes=max((_file_size(timed.made, plan) for timed in scored.values()), default=0.0),
        clip_seconds=_length(plan, clips),
        failing=_failing(
            [("reading", [clip.error for clip in clips])],
            [
                (condition_of[digest].name, [clip.error for clip in timed.made])
                for (digest, _), timed in corrupted.items()
            ],
            [(name, timed.made["error"].to_pylist()) for name, timed in scored.items()],
        ),
    )


def _probes(plan: Plan) -> list[PlannedClip]:
    """Clips of one bucket that can be read, those of middling length first."""
    seconds = pc.mean(plan.clips["seconds"]).as_py() or 0.0
    rate = plan.models[0].sample_rate
    clips = sorted(
        max(plan.buckets, key=len).clips, key=lambda clip: abs((clip.row.seconds or 0.0) - seconds)
    )
    readable = (clip for clip in clips[:MOST_TRIED] if load_clip(clip, rate).sound is not None)
    return list(islice(readable, PROBED_CLIPS)) or clips[:1]


def _failing(*steps: Iterable[tuple[str, Sequence[str | None]]]) -> dict[str, str]:
    """What failed on every clip, and why on the first; later steps fail with the earlier ones."""
    for step in steps:
        found = {name: str(errors[0]) for name, errors in step if errors and all(errors)}
        if found:
            return found
    return {}


def _length(plan: Plan, clips: Sequence[LoadedClip]) -> float:
    """Of a clip, in seconds: as the manifest says on average, or else as was heard."""
    known = pc.mean(plan.clips["seconds"]).as_py()
    heard = [clip.sound.seconds for clip in clips if clip.sound is not None]
    return float(known if known is not None else mean(heard or [0.0]))


def _loaded(rate: int, clips: Sequence[PlannedClip]) -> list[LoadedClip]:
    return [load_clip(clip, rate) for clip in clips]


def _scored(
    cell: Cell, classifiers: Mapping[str, Classifier], clips: Sequence[CorruptedClip]
) -> pa.Table:
    return score_clips(cell, clips, classifiers[cell.model.digest])


def _file_size(rows: pa.Table, plan: Plan) -> float:
    """Bytes of a cell of middling size with rows like these."""
    count = max(1, plan.clips.num_rows // len(plan.buckets))
    file = io.BytesIO()
    pq.write_table(rows.take([place % rows.num_rows for place in range(count)]), file)
    return float(file.tell())


class _Timed(NamedTuple):
    """Seconds per clip, and what was made of the clips."""

    seconds: float
    made: Any


def _timed(work: Callable[[Sequence[Any]], Any], clips: Sequence[Any]) -> _Timed:
    """Measured when everything is warm."""
    work(clips[:1])
    started = time.perf_counter()
    made = work(clips)
    return _Timed((time.perf_counter() - started) / len(clips), made)


@contextmanager
def _one_thread() -> Iterator[None]:
    """As a worker computes; afterwards as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
