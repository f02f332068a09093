"""Where a sweep's rows lie: a folder with one Parquet file per finished cell.

```
out/clips.parquet        what the manifest knows of each clip, by digest
out/plan.parquet         the cells that were asked for last
out/cells/<id>.parquet   score rows of one finished cell
```
A file is written aside and renamed, so it is there completely or not at all. DuckDB reads them as
they are: ``select corruption, avg(score) from 'out/cells/*.parquet' group by corruption``.
"""

import errno
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from xaudio.errors import SweepError
from xaudio.sweeps.cells import ROW_SCHEMA
from xaudio.sweeps.plan import Plan

ROW_ORDER = ("model", "corruption", "severity", "repeat", "clip")


@dataclass(frozen=True)
class SweepStore:
    """The rows of a sweep in a folder, finished or not."""

    folder: Path

    def begin(self, plan: Plan) -> None:
        """Write down what is asked for; cells finished earlier stay."""
        (self.folder / "cells").mkdir(parents=True, exist_ok=True)
        self._write(plan.clip_table(), self.folder / "clips.parquet")
        self._write(plan.cell_table(), self.folder / "plan.parquet")

    def add(self, cell: str, rows: pa.Table) -> None:
        """File the rows of a finished cell under its id."""
        self._write(rows, self._file(cell))

    def finished(self) -> frozenset[str]:
        """Ids of all finished cells in the folder, asked for now or earlier."""
        return frozenset(
            file.stem
            for file in (self.folder / "cells").glob("*.parquet")
            if not file.name.startswith(".")
        )

    def planned(self) -> pa.Table:
        """The cells that were asked for: id, model, corruption, severity, repeat, parameters."""
        return pq.read_table(self.folder / "plan.parquet")

    def clips(self) -> pa.Table:
        """The manifest of the sweep, with every clip's digest."""
        return pq.read_table(self.folder / "clips.parquet")

    def remaining(self) -> int:
        """How many of the planned cells are not finished."""
        return len(set(self.planned()["cell"].to_pylist()) - self.finished())

    def rows(self) -> pa.Table:
        """All score rows of the plan's finished cells, sorted; the columns of `ROW_SCHEMA`.

        A score depends on the clip's bytes and the cell alone. Names and labels are therefore
        those of the present plan and manifest, also where a cell was scored under earlier ones.
        """
        planned = self.planned()
        there = self.finished()
        files = [str(self._file(cell)) for cell in planned["cell"].to_pylist() if cell in there]
        if not files:
            return ROW_SCHEMA.empty_table()
        scores = ds.dataset(files, schema=ROW_SCHEMA).to_table(
            columns=["cell", "digest", "score", "error", "seconds"]
        )
        known = self.clips().select(["clip", "digest", "label", "speaker", "attack"])
        rows = scores.join(planned, "cell", join_type="inner").join(
            known, "digest", join_type="inner"
        )
        return rows.select(ROW_SCHEMA.names).sort_by([(name, "ascending") for name in ROW_ORDER])

    def failures(self) -> pa.Table:
        """The rows without a score: which clip failed where, and why."""
        return self.rows().filter(ds.field("error").is_valid())

    def _file(self, cell: str) -> Path:
        return self.folder / "cells" / f"{cell}.parquet"

    def _write(self, table: pa.Table, path: Path) -> None:
        unfinished = path.with_name(f".{path.name}.unfinished")
        try:
            pq.write_table(table, unfinished)
            unfinished.replace(path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            if error.errno == errno.ENOSPC:
                raise SweepError(
                    f"The disk of {self.folder} is full. Finished cells are kept: free some "
                    "space and start the same sweep again."
                ) from None
            raise


def open_store(folder: str | Path) -> SweepStore:
    """The sweep in a folder, to read its results.

    Raises:
        SweepError: There is none.
    """
    folder = Path(folder)
    missing = [name for name in ("plan.parquet", "clips.parquet") if not (folder / name).is_file()]
    if missing:
        raise SweepError(f"There is no sweep in {folder}: it has no {missing[0]}.")
    return SweepStore(folder)
