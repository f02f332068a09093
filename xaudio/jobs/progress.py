"""How far a job is, read from what it has written: pieces of each phase, and the time left."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xaudio.jobs.job import EXPLANATIONS, SWEEP

if TYPE_CHECKING:
    from xaudio.sweeps.cell_folder import CellFolder


@dataclass(frozen=True)
class Phase:
    """One step of a job.

    Attributes:
        name: What is counted: ``scores``.
        finished: Pieces there are, those of earlier runs included.
        pieces: In all.
        times: When each was filed, in seconds since 1970, ascending.
    """

    name: str
    finished: int
    pieces: int
    times: tuple[float, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.finished >= self.pieces

    @property
    def share(self) -> float:
        """Of the pieces, 0 to 1."""
        return min(1.0, self.finished / self.pieces) if self.pieces else 1.0


@dataclass(frozen=True)
class Pace:
    """How fast the present phase goes.

    Attributes:
        rate: Pieces per second since the run's first one; None until there are two.
        seconds_left: What the rest of the phase takes at that rate; likewise.
    """

    rate: float | None
    seconds_left: float | None


def pace_of(phase: Phase, began: float, now: float) -> Pace:
    """The pace of a phase from the pieces filed since a run began.

    Counted from the first piece on: before it models are loaded, which is no pace.

    Args:
        phase: The one that is being done.
        began: When the run did, in seconds since 1970.
        now: Likewise.

    >>> pace_of(Phase("scores", 5, 9, (1.0, 10.0, 11.0, 12.0, 13.0)), began=9.0, now=13.0)
    Pace(rate=1.0, seconds_left=4.0)
    """
    recent = [time for time in phase.times if time >= began]
    if len(recent) < 2 or now <= recent[0]:
        return Pace(None, None)
    rate = (len(recent) - 1) / (now - recent[0])
    return Pace(rate, max(0, phase.pieces - phase.finished) / rate)


def phases_of(kind: str, folder: Path) -> tuple[Phase, ...]:
    """The phases of a job that have been planned so far, in their order.

    Raises:
        SweepError: What it has written cannot be read.
    """
    return tuple(_PHASES[kind](folder))


def _sweep_phases(folder: Path) -> Iterator[Phase]:
    if not (folder / "plan.parquet").is_file():
        return
    from xaudio.sweeps.explanation_drift import DriftStore
    from xaudio.sweeps.quality import QualityStore
    from xaudio.sweeps.store import SweepStore

    store, quality, drift = SweepStore(folder), QualityStore(folder), DriftStore(folder)
    yield _phase("scores", store.planned()["cell"].to_pylist(), store.cells)
    measured = quality.planned()["cell"].to_pylist()
    if measured:
        yield _phase("sound quality", measured, quality.cells)
    if (folder / "explanations" / "plan.parquet").is_file():
        yield _phase("explanations", drift.planned()["cell"].to_pylist(), drift.cells)


def _batch_phases(folder: Path) -> Iterator[Phase]:
    from xaudio.batches.store import BatchStore

    store = BatchStore(folder)
    planned = store.planned_ids()
    if planned is not None:
        yield _phase("explanations", planned, store.cells)


def _phase(name: str, planned: Sequence[str], cells: "CellFolder") -> Phase:
    wanted = frozenset(planned)
    there = wanted & cells.finished()
    return Phase(name, len(there), len(wanted), filed_at(cells.folder))


def filed_at(folder: Path) -> tuple[float, ...]:
    """When each file of a folder of results got its name, in seconds since 1970, ascending."""
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted(e.stat().st_mtime for e in entries if not e.name.startswith(".")))
    except FileNotFoundError:
        return ()


_PHASES: dict[str, Callable[[Path], Iterator[Phase]]] = {
    SWEEP: _sweep_phases,
    EXPLANATIONS: _batch_phases,
}
