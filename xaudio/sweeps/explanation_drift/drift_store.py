"""Where drift rows lie: beside the scores of a sweep, one Parquet file per finished cell.

```
out/explanations/plan.parquet           the cells that were asked for last
out/explanations/cells/<id>.parquet     drift rows of one finished cell
```
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from xaudio.errors import SweepError
from xaudio.sweeps.cell_folder import CellFolder
from xaudio.sweeps.explanation_drift.drift_cells import DRIFT_CELL_SCHEMA, DriftCell
from xaudio.sweeps.explanation_drift.rows import DRIFT_SCHEMA
from xaudio.sweeps.whole_files import read_whole, write_whole

ROW_ORDER = ("model", "method", "corruption", "severity", "repeat", "clip", "comparison")


@dataclass(frozen=True)
class DriftStore:
    """The drift rows beside a sweep's scores.

    Attributes:
        folder: The sweep's.
    """

    folder: Path

    @property
    def cells(self) -> CellFolder:
        """The rows of finished cells."""
        return CellFolder(self.folder / "explanations" / "cells", DRIFT_SCHEMA)

    @property
    def _plan(self) -> Path:
        return self.folder / "explanations" / "plan.parquet"

    def begin(self, cells: Sequence[DriftCell]) -> None:
        """Write down what is asked for; cells finished earlier stay."""
        self.cells.forget_abandoned()
        rows = [cell.describe() for cell in cells]
        write_whole(pa.Table.from_pylist(rows, schema=DRIFT_CELL_SCHEMA), self._plan)

    def planned(self) -> pa.Table:
        """The cells asked for last.

        Raises:
            SweepError: No explanations were asked for.
        """
        if not self._plan.is_file():
            raise SweepError(
                f"There are no explanations beside the sweep in {self.folder}; make them with "
                "explain_drift."
            )
        return read_whole(self._plan)

    def rows(self) -> pa.Table:
        """The rows of the asked cells that are finished, sorted; the columns of `DRIFT_SCHEMA`."""
        planned = self.planned()
        own = [name for name in DRIFT_SCHEMA.names if name not in planned.column_names]
        found = self.cells.read(planned["cell"].to_pylist(), ["cell", *own])
        rows = found.join(planned, "cell", join_type="inner").select(DRIFT_SCHEMA.names)
        return rows.sort_by([(name, "ascending") for name in ROW_ORDER])
