"""A sweep in this process, cell after cell."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from xaudio.classifiers.classifier import Classifier
from xaudio.errors import SweepError
from xaudio.sweeps.cells import CorruptedClip, corrupt_clips, load_clip, score_clips
from xaudio.sweeps.plan import Cell, Plan, identify
from xaudio.sweeps.store import SweepStore


@dataclass(frozen=True)
class Progress:
    """How far a sweep is, told after every cell.

    Attributes:
        finished: Cells finished, those of earlier runs included.
        cells: Cells in all.
        scored: Score rows written in this run, failed ones included.
        failed: Those among them that failed.
        seconds: Time since this run began.
        seconds_left: Time the rest takes at the rate so far.
    """

    finished: int
    cells: int
    scored: int
    failed: int
    seconds: float
    seconds_left: float

    @property
    def rate(self) -> float:
        """Score rows per second in this run."""
        return self.scored / self.seconds if self.seconds > 0 else 0.0


def run(
    plan: Plan,
    classifiers: Sequence[Classifier],
    store: SweepStore,
    progress: Callable[[Progress], None] | None = None,
) -> None:
    """Finish every cell of the plan that the store does not hold yet.

    The clips of one bucket are decoded once for all conditions and corrupted once for all models
    that listen at the same rate; no more than one bucket lies in memory.

    Args:
        plan: What to do.
        classifiers: The plan's models, loaded.
        store: Where rows go. What it holds already is not done again.
        progress: Called after every cell. Whatever it raises ends the run: finished cells stay,
            and the next run goes on from there.

    Raises:
        SweepError: A model of the plan was not given, or the disk is full.
    """
    by_identity = {identify(classifier).digest: classifier for classifier in classifiers}
    missing = [model.name for model in plan.models if model.digest not in by_identity]
    if missing:
        raise SweepError(f"The plan's model '{missing[0]}' is not among those that were given.")
    store.begin(plan)
    finished = store.finished()
    waiting = [cell for cell in plan if cell.id not in finished]
    start, scored, failed = time.perf_counter(), 0, 0
    for done, (cell, clips) in enumerate(_with_clips(waiting), start=1):
        rows = score_clips(cell, clips, by_identity[cell.model.digest])
        store.add(cell.id, rows)
        scored += rows.num_rows
        failed += rows["score"].null_count
        if progress is not None:
            seconds = time.perf_counter() - start
            left = len(waiting) - done
            progress(
                Progress(
                    len(plan) - left, len(plan), scored, failed, seconds, seconds / done * left
                )
            )


def _with_clips(cells: Sequence[Cell]) -> Iterator[tuple[Cell, list[CorruptedClip]]]:
    """Each cell with its clips as its model will hear them, decoded and corrupted once each."""
    for (_, sample_rate), same_sound in _grouped(
        cells, lambda cell: (cell.bucket.digest, cell.model.sample_rate)
    ):
        loaded = [load_clip(planned, sample_rate) for planned in same_sound[0].bucket.clips]
        for _, same_condition in _grouped(same_sound, lambda cell: cell.condition.digest):
            corrupted = corrupt_clips(same_condition[0].condition, sample_rate, loaded)
            yield from ((cell, corrupted) for cell in same_condition)


def _grouped(cells: Sequence[Cell], key: Callable[[Cell], Any]) -> Iterator[tuple[Any, list[Cell]]]:
    return ((name, list(group)) for name, group in groupby(sorted(cells, key=key), key))
