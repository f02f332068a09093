"""Where score rows come from: a table in memory, or a store that is read condition by condition."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.sweeps.conditions import CLEAN
from xaudio.sweeps.tables.clips import Clips, codes

GROUP = ("model", "corruption", "severity")
NEEDED = ("clip", "repeat", "score", "decided")


class Place(NamedTuple):
    """One model under one condition."""

    model: str
    corruption: str
    severity: int

    @property
    def clean(self) -> "Place":
        """The same model, undisturbed."""
        return Place(self.model, CLEAN, 0)


@runtime_checkable
class RowSource(Protocol):
    """What the tables ask of a sweep; `SweepStore` answers it, and so does `RowsInMemory`."""

    def planned(self) -> pa.Table:
        """Models, corruptions, severities and parameters, in the order in which they were asked."""

    def clips(self) -> pa.Table:
        """What is known of every clip."""

    def rows(
        self,
        model: str | None = None,
        corruption: str | None = None,
        severity: int | None = None,
    ) -> pa.Table:
        """The score rows of one model under one condition."""


@dataclass(frozen=True, eq=False)
class RowsInMemory:
    """Score rows in one table."""

    table: pa.Table

    def planned(self) -> pa.Table:
        """One row per model, corruption and severity, in the order of the names."""
        firsts = pa.array([int(rows[0]) for rows in self._rows_of.values()], pa.int64())
        return self.table.select([*GROUP, "parameters"]).take(firsts)

    def clips(self) -> pa.Table:
        """What the rows say of every clip."""
        return Clips.of(self.table).table

    def rows(
        self,
        model: str | None = None,
        corruption: str | None = None,
        severity: int | None = None,
    ) -> pa.Table:
        """The rows of one model under one condition: `NEEDED` of their columns."""
        asked = (model, corruption, severity)
        numbers = [
            rows
            for place, rows in self._rows_of.items()
            if all(one is None or one == other for one, other in zip(asked, place, strict=True))
        ]
        present = [name for name in NEEDED if name in self.table.column_names]
        rows = self.table.select(present)
        found = rows.take(np.concatenate([np.array([], dtype=np.int64), *numbers]))
        return found if "decided" in present else found.append_column(*_undecided(found))

    @cached_property
    def _rows_of(self) -> dict[Place, np.ndarray]:
        """Row numbers of each model, corruption and severity, in the order of the names."""
        number = np.zeros(self.table.num_rows, dtype=np.int64)
        for name in GROUP:
            code = codes(self.table[name])
            number = number * (code.max(initial=0) + 1) + code
        order = np.argsort(number, kind="stable")
        edges = np.flatnonzero(np.diff(number[order])) + 1
        groups = np.split(order, edges) if len(order) else []
        return {self._place(int(group[0])): group for group in groups}

    def _place(self, row: int) -> Place:
        return Place(*(self.table[name][row].as_py() for name in GROUP))


def source_of(rows: pa.Table | RowSource) -> RowSource:
    """Score rows as the tables want them, however they were given."""
    return RowsInMemory(rows) if isinstance(rows, pa.Table) else rows


def places_of(source: RowSource) -> dict[Place, str]:
    """Every model under every condition with its parameters, model by model."""
    columns = [*GROUP, "parameters"]
    # A store has a row per cell, perhaps a million; without threads the order is kept.
    together = source.planned().select(columns).group_by(columns, use_threads=False).aggregate([])
    places: dict[Place, str] = {}
    for row in together.select(columns).to_pylist():
        places.setdefault(Place(*(row[name] for name in GROUP)), row["parameters"])
    names = list(dict.fromkeys(place.model for place in places))
    order = {name: number for number, name in enumerate(names)}
    ascending = sorted(places, key=lambda place: (order[place.model], *place[1:]))
    return {place: places[place] for place in ascending}


def valid_rows(source: RowSource, place: Place) -> tuple[pa.Table, pa.Table]:
    """The rows of a place that have a score, and those that have none, or none that is finite."""
    rows = source.rows(model=place.model, corruption=place.corruption, severity=place.severity)
    there = pc.fill_null(pc.is_finite(rows["score"]), False)
    return rows.filter(there), rows.filter(pc.invert(there))


def _undecided(rows: pa.Table) -> tuple[str, pa.Array]:
    return "decided", pa.nulls(len(rows), pa.string())
