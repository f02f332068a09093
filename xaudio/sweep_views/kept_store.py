"""A store whose tables are read once: what a page asks many small questions of."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.tables.clips import codes
from xaudio.sweeps.tables.sources import GROUP, Place


@dataclass(frozen=True)
class KeptStore(SweepStore):
    """A sweep as it was when it was first asked; about 200 bytes of memory per score."""

    def planned(self) -> pa.Table:
        """As `SweepStore.planned`."""
        return self._planned

    def clips(self) -> pa.Table:
        """As `SweepStore.clips`."""
        return self._clips

    def rows(
        self,
        model: str | None = None,
        corruption: str | None = None,
        severity: int | None = None,
    ) -> pa.Table:
        """As `SweepStore.rows`."""
        if model is not None and corruption is not None and severity is not None:
            start, stop = self._stretches.get(Place(model, corruption, severity), (0, 0))
            return self._rows.slice(start, stop - start)
        rows = self._rows
        for name, value in zip(GROUP, (model, corruption, severity), strict=True):
            if value is not None:
                rows = rows.filter(pc.equal(rows[name], value))
        return rows

    @cached_property
    def _planned(self) -> pa.Table:
        return super().planned()

    @cached_property
    def _clips(self) -> pa.Table:
        return super().clips()

    @cached_property
    def _rows(self) -> pa.Table:
        return super().rows().combine_chunks()

    @cached_property
    def _stretches(self) -> dict[Place, tuple[int, int]]:
        """Where the rows of each place begin and end: they are sorted by model and condition."""
        number = np.zeros(self._rows.num_rows, dtype=np.int64)
        for name in GROUP:
            code = codes(self._rows[name])
            number = number * (code.max(initial=0) + 1) + code
        changes = np.flatnonzero(np.diff(number, prepend=-1, append=-1)) if len(number) else [0]
        edges = [int(edge) for edge in changes]
        names = self._rows.select(list(GROUP)).take(pa.array(edges[:-1], pa.int64())).to_pylist()
        stretches = pairwise(edges)
        return {
            Place(*(row[name] for name in GROUP)): stretch
            for row, stretch in zip(names, stretches, strict=True)
        }
