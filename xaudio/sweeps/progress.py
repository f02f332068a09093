"""How far a sweep is, and how long the rest will take."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import pyarrow as pa

from xaudio.sweeps.plan import Plan


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


Listener = Callable[[Progress], None]


@dataclass
class Tally:
    """Counts what comes in and tells a listener.

    Attributes:
        waiting: Cells that are to be done in this run.
        cells: Cells in all.
        listener: Called after every cell, if anybody listens. Whatever it raises ends the run.
    """

    waiting: int
    cells: int
    listener: Listener | None = None
    done: int = 0
    scored: int = 0
    failed: int = 0
    started: float = field(default_factory=time.perf_counter)

    @classmethod
    def of(cls, plan: Plan, finished: Collection[str], listener: Listener | None) -> "Tally":
        """For what is still to do of a plan; two names for one corruption share their cells."""
        cells = set(plan.ids())
        return cls(len(cells.difference(finished)), len(cells), listener)

    def count(self, rows: pa.Table) -> None:
        """One cell more is finished."""
        self.done += 1
        self.scored += rows.num_rows
        self.failed += rows["score"].null_count
        if self.listener is None:
            return
        seconds = time.perf_counter() - self.started
        left = self.waiting - self.done
        self.listener(
            Progress(
                self.cells - left,
                self.cells,
                self.scored,
                self.failed,
                seconds,
                seconds / self.done * left,
            )
        )
