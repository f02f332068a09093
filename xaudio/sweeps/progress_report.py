"""How far a stored sweep is, by model, and what failed in it."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.sweeps.store import SweepStore, open_store


@dataclass(frozen=True)
class ModelStatus:
    """One model's share of a sweep.

    Attributes:
        name: The model's.
        cells: Planned.
        finished: Of those.
        scores: Rows there are.
        failed: Rows without a score.
    """

    name: str
    cells: int
    finished: int
    scores: int
    failed: int


@dataclass(frozen=True)
class Status:
    """How far a sweep is.

    Attributes:
        clips: In its manifest.
        models: One entry each.
        reasons: Why clips failed, with how many clips, the most frequent first.
    """

    clips: int
    models: tuple[ModelStatus, ...]
    reasons: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """In plain values."""
        return asdict(self)


def status_of(folder: str | Path) -> Status:
    """How far the sweep in a folder is.

    Raises:
        SweepError: There is none.
    """
    store = open_store(folder)
    planned = store.planned()
    there = pc.is_in(planned["cell"], pa.array(sorted(store.finished()), pa.string()))
    models = []
    reasons: Counter[str] = Counter()
    for name in pc.unique(planned["model"]).to_pylist():
        mine = pc.equal(planned["model"], name)
        scores, failed, why = _rows(store, planned.filter(pc.and_(mine, there))["cell"])
        reasons |= why  # every model meets the same broken clips
        models.append(ModelStatus(name, _count(mine), _count(pc.and_(mine, there)), scores, failed))
    return Status(store.clips().num_rows, tuple(models), tuple(reasons.most_common()))


def _rows(store: SweepStore, cells: pa.ChunkedArray) -> tuple[int, int, Counter[str]]:
    """Rows, failed ones, and how many clips failed for each reason."""
    rows = store.cells.read(cells.to_pylist(), ["digest", "error"])
    failed = rows.filter(pc.is_valid(rows["error"]))
    distinct = failed.group_by(["digest", "error"]).aggregate([])
    return rows.num_rows, failed.num_rows, Counter(distinct["error"].to_pylist())


def _count(mask: pa.ChunkedArray) -> int:
    return pc.sum(mask).as_py() or 0
