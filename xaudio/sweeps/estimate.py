"""What a sweep will cost, measured on a few of its clips before it starts."""

import io
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from typing import Any

import pyarrow.parquet as pq
import torch

from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps.cells import LoadedClip, corrupt_clips, load_clip, score_clips
from xaudio.sweeps.plan import Cell, Plan
from xaudio.sweeps.tasks import check_models, waiting_tasks

PROBED_CLIPS = 3


@dataclass(frozen=True)
class Cost:
    """Seconds of one core, or of the device, per clip.

    Attributes:
        decode: Reading, decoding and resampling.
        corrupt: By the digest of a condition.
        score: By the name of a model.
        cell_bytes: Of one cell's file, for the plan's largest bucket.
        clip_seconds: Length of a clip.
    """

    decode: float
    corrupt: Mapping[str, float]
    score: Mapping[str, float]
    cell_bytes: float
    clip_seconds: float


@dataclass(frozen=True)
class Estimate:
    """What is still to do, and what it will take.

    Attributes:
        clips: In the manifest.
        cells: In the plan.
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

    A few clips are decoded, corrupted under every condition and scored by every model, on one
    thread, and the rest is arithmetic: seconds for small plans, where the models are loaded.

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
    return extrapolate(plan, measure(plan, classifiers), finished, workers, on_device)


def extrapolate(
    plan: Plan, cost: Cost, finished: Collection[str], workers: int, on_device: Collection[str] = ()
) -> Estimate:
    """The arithmetic of `estimate`, for a cost that is known.

    Args:
        plan: What is to be done.
        cost: Per clip.
        finished: Ids of cells that are done.
        workers: Processes that will share what runs on processors.
        on_device: Names of the models that run on a device, beside the processors' work.
    """
    decode = corrupt = 0.0
    rows: Counter[str] = Counter()
    sounds: set[tuple[str, int]] = set()
    waiting = 0
    for task in waiting_tasks(plan, finished):
        clips = len(task.bucket)
        if task.sound not in sounds:
            sounds.add(task.sound)
            decode += clips * cost.decode
        corrupt += clips * cost.corrupt[task.condition.digest]
        waiting += len(task.models)
        rows.update({model.name: clips for model in task.models})
    score = {name: count * cost.score[name] for name, count in rows.items()}
    device = sum(seconds for name, seconds in score.items() if name in on_device)
    processors = (decode + corrupt + sum(score.values()) - device) / workers
    return Estimate(
        clips=plan.clips.num_rows,
        cells=len(plan),
        waiting=waiting,
        rows=rows.total(),
        audio_seconds=rows.total() * cost.clip_seconds,
        decode_seconds=decode,
        corrupt_seconds=corrupt,
        score_seconds=score,
        wall_seconds=max(processors, device),
        disk_bytes=waiting * cost.cell_bytes,
        workers=workers,
    )


def measure(plan: Plan, classifiers: Mapping[str, Classifier]) -> Cost:
    """Seconds per clip of everything a plan does, from a few of its clips; median of each."""
    bucket = max(plan.buckets, key=len)
    clips = bucket.clips[:PROBED_CLIPS]
    rate = plan.models[0].sample_rate
    with _one_thread():
        decode, loaded = _timed(lambda: [load_clip(clip, rate) for clip in clips])
        corrupt = {
            condition.digest: _seconds(partial(corrupt_clips, condition, rate, loaded))
            for condition in plan.conditions
        }
        score, size = {}, 0.0
        for model in plan.models:
            cell = Cell(model, plan.conditions[0], bucket)
            score[model.name], size = _scoring(cell, loaded, classifiers[model.digest])
    count = len(clips)
    heard = [clip.sound.seconds for clip in loaded if clip.sound is not None]
    return Cost(
        decode=decode / count,
        corrupt={name: seconds / count for name, seconds in corrupt.items()},
        score={name: seconds / count for name, seconds in score.items()},
        cell_bytes=size,
        clip_seconds=sum(heard) / len(heard) if heard else 0.0,
    )


def _scoring(
    cell: Cell, loaded: Sequence[LoadedClip], classifier: Classifier
) -> tuple[float, float]:
    """Seconds to score the clips, and bytes of a whole cell's file."""
    heard = corrupt_clips(cell.condition, cell.model.sample_rate, loaded)
    rows = score_clips(cell, heard, classifier)
    seconds = _seconds(lambda: score_clips(cell, heard, classifier))
    file = io.BytesIO()
    pq.write_table(rows.take([place % rows.num_rows for place in range(len(cell.bucket))]), file)
    return seconds, float(file.tell())


def _seconds(work: Callable[[], Any]) -> float:
    return median(_timed(work)[0] for _ in range(2))


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    made = work()
    return time.perf_counter() - started, made


@contextmanager
def _one_thread() -> Iterator[None]:
    """As a worker computes; afterwards as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
