"""What executors hand out: one bucket's clips under one condition, for all models that need it."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from xaudio.classifiers.classifier import Classifier
from xaudio.errors import SweepError
from xaudio.sweeps.buckets import Bucket
from xaudio.sweeps.cells import (
    CorruptedClip,
    LoadedClip,
    corrupt_clips,
    load_clip,
    score_clips,
    unscored,
)
from xaudio.sweeps.conditions import Condition
from xaudio.sweeps.identity import ModelIdentity
from xaudio.sweeps.plan import Cell, Plan

Results = list[tuple[str, pa.Table]]


@dataclass(frozen=True)
class Task:
    """The unit of work: decoded clips are corrupted once and heard by several models.

    Attributes:
        bucket: Whose clips.
        condition: How they are corrupted.
        sample_rate: At which, in hertz.
        models: Those that listen at this rate and lack this cell.
    """

    bucket: Bucket
    condition: Condition
    sample_rate: int
    models: tuple[ModelIdentity, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells it finishes."""
        return tuple(Cell(model, self.condition, self.bucket) for model in self.models)

    @property
    def sound(self) -> tuple[str, int]:
        """Tasks of one sound share their decoded clips."""
        return self.bucket.digest, self.sample_rate

    @property
    def is_one_clip(self) -> bool:
        """Whether nothing smaller could be asked for."""
        return len(self.bucket) == 1

    def clip_by_clip(self) -> list["Task"]:
        """The same work, one clip at a time; the cells' names stay those of the whole bucket."""
        rows = (self.bucket.table.slice(row, 1) for row in range(len(self.bucket)))
        return [replace(self, bucket=replace(self.bucket, table=row)) for row in rows]


def tasks_of_bucket(plan: Plan, bucket: Bucket, finished: Collection[str]) -> Iterator[Task]:
    """What is still to do for one bucket, all of one sample rate before the next."""
    lacking = _lacking(plan, bucket, finished)
    for rate in sorted({model.sample_rate for model in plan.models}):
        for condition, models in lacking:
            listening = tuple(model for model in models if model.sample_rate == rate)
            if listening:
                yield Task(bucket, condition, rate, listening)


def waiting_tasks(plan: Plan, finished: Collection[str]) -> Iterator[Task]:
    """What is still to do, bucket by bucket."""
    for bucket in plan.buckets:
        yield from tasks_of_bucket(plan, bucket, finished)


def _lacking(
    plan: Plan, bucket: Bucket, finished: Collection[str]
) -> list[tuple[Condition, list[ModelIdentity]]]:
    """The models that lack a cell under each condition; what two names share is done once."""
    ids = iter(plan.ids_of(bucket))
    seen: set[str] = set()
    found = []
    for condition in plan.conditions:
        models = []
        for model in plan.models:
            cell = next(ids)
            if cell not in finished and cell not in seen:
                models.append(model)
            seen.add(cell)
        found.append((condition, models))
    return found


def perform(
    task: Task, loaded: Sequence[LoadedClip], classifiers: Mapping[str, Classifier]
) -> Results:
    """Score rows of a task's cells, with the cells' ids.

    Args:
        task: What to do.
        loaded: The bucket's clips, decoded at the task's rate.
        classifiers: By the digests of their identities.
    """
    corrupted = corrupt_clips(task.condition, task.sample_rate, loaded)
    return [
        (cell.id, score_clips(cell, corrupted, classifiers[cell.model.digest]))
        for cell in task.cells
    ]


def failed(task: Task, why: str) -> Results:
    """Score rows of a task that cannot be done, all of them failed."""
    clips = [CorruptedClip(planned, None, error=why) for planned in task.bucket.clips]
    return [(cell.id, unscored(cell, clips)) for cell in task.cells]


def check_models(plan: Plan, classifiers: Mapping[str, Classifier]) -> None:
    """Refuse a plan whose models are not all there.

    Raises:
        SweepError: One is missing.
    """
    missing = [model.name for model in plan.models if model.digest not in classifiers]
    if missing:
        raise SweepError(f"The plan's model '{missing[0]}' is not among those that were given.")


class Decoder:
    """Decodes clips, and keeps those of the last sounds: the next task most often wants them."""

    def __init__(self, kept: int = 2):
        """Keep the clips of so many buckets."""
        self._kept: deque[tuple[tuple[str, ...], int, list[LoadedClip]]] = deque(maxlen=kept)

    def clips(self, task: Task) -> list[LoadedClip]:
        """The task's clips, decoded at its rate."""
        wanted = tuple(task.bucket.table["digest"].to_pylist())
        for digests, rate, clips in self._kept:
            if (digests, rate) == (wanted, task.sample_rate):
                return clips
        clips = [load_clip(planned, task.sample_rate) for planned in task.bucket.clips]
        self._kept.append((wanted, task.sample_rate, clips))
        return clips
