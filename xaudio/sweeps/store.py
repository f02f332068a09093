"""Where a sweep's rows lie: a folder with one Parquet file per finished cell.

```
out/clips.parquet        what the manifest knows of each clip, by digest
out/plan.parquet         the cells that were asked for last, and what decides each model's scores
out/cells/               score rows of finished cells, one file each, or packed
out/quality/             certificates of a sample of corrupted clips
out/explanations/        how far explanations drift on a sample of clips
```
DuckDB reads the rows as they are:
``select corruption, avg(score) from 'out/cells/*.parquet' group by corruption``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from xaudio.errors import SweepError
from xaudio.sweeps.cell_folder import CellFolder, write_whole
from xaudio.sweeps.cells import OF_THE_MANIFEST, ROW_SCHEMA
from xaudio.sweeps.conditions import Condition
from xaudio.sweeps.identity import ModelIdentity
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.plan_record import conditions_in, merged, models_in, record_of

ROW_ORDER = ("model", "corruption", "severity", "repeat", "clip")
OF_THE_SCORE = ("cell", "digest", "score", "decided", "error", "seconds")


@dataclass(frozen=True)
class SweepStore:
    """The rows of a sweep in a folder, finished or not."""

    folder: Path

    @property
    def cells(self) -> CellFolder:
        """The score rows."""
        return CellFolder(self.folder / "cells", ROW_SCHEMA)

    def begin(self, plan: Plan) -> None:
        """Write down what is asked for; cells finished earlier stay."""
        self.cells.forget_abandoned()
        (self.folder / "cells").mkdir(parents=True, exist_ok=True)
        write_whole(plan.clips, self.folder / "clips.parquet")
        cells = plan.cell_table().replace_schema_metadata(record_of(plan))
        write_whole(cells, self.folder / "plan.parquet")

    def add(self, cell: str, rows: pa.Table) -> None:
        """File the rows of a finished cell under its id."""
        self.cells.add(cell, rows)

    def finished(self) -> frozenset[str]:
        """Ids of all finished cells in the folder, asked for now or earlier."""
        return self.cells.finished()

    def planned(self) -> pa.Table:
        """The cells that were asked for: id, model, corruption, severity, repeat, parameters."""
        return pq.read_table(self.folder / "plan.parquet").replace_schema_metadata()

    def models(self) -> tuple[ModelIdentity, ...]:
        """The models that were asked for."""
        return models_in(self.record())

    def conditions(self) -> tuple[Condition, ...]:
        """The conditions that were asked for, ready to corrupt a clip again as they did then.

        Those whose corruption is not registered here, or is another version now, are left out.
        """
        return conditions_in(self.record(), self.planned())

    def record(self) -> dict[str, str]:
        """What the plan's file says of its models and corruptions; see `plan_record`."""
        metadata = pq.read_schema(self.folder / "plan.parquet").metadata or {}
        return {name.decode(): text.decode() for name, text in metadata.items()}

    def clips(self) -> pa.Table:
        """The manifest of the sweep, with every clip's digest."""
        return pq.read_table(self.folder / "clips.parquet")

    def remaining(self) -> int:
        """How many of the planned cells are not finished."""
        there = pa.array(sorted(self.finished()), pa.string())
        return pc.sum(pc.invert(pc.is_in(self.planned()["cell"], there))).as_py() or 0

    def rows(
        self,
        model: str | None = None,
        corruption: str | None = None,
        severity: int | None = None,
    ) -> pa.Table:
        """Score rows of the plan's finished cells, sorted; the columns of `ROW_SCHEMA`.

        A score depends on the clip's bytes and the cell alone. Names and labels are therefore
        those of the present plan and manifest, also where a cell was scored under earlier ones.

        Args:
            model: Only this one's.
            corruption: Only under this condition; ``"clean"`` for the clips as they are.
            severity: Only at this one.
        """
        planned = self.planned()
        for column, value in (
            ("model", model),
            ("corruption", corruption),
            ("severity", severity),
        ):
            if value is not None:
                planned = planned.filter(pc.equal(planned[column], value))
        scores = self.cells.read(planned["cell"].to_pylist(), OF_THE_SCORE)
        known = self.clips().select(["digest", *OF_THE_MANIFEST])
        rows = scores.join(planned, "cell", join_type="inner").join(
            known, "digest", join_type="inner"
        )
        return rows.select(ROW_SCHEMA.names).sort_by([(name, "ascending") for name in ROW_ORDER])

    def failures(self) -> pa.Table:
        """The rows without a score: which clip failed where, and why."""
        return self.rows().filter(ds.field("error").is_valid())


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


def merge_stores(folder: Path, others: Sequence[Path]) -> SweepStore:
    """Bring the finished cells of several stores into one folder, each once.

    What was asked for is put together as well: the clips and cells of all of them. Where two
    stores know the same cell or clip, the first one's word counts.

    Raises:
        SweepError: One of them holds no sweep.
    """
    stores = [open_store(other) for other in others]
    there = [SweepStore(folder)] if (folder / "plan.parquet").is_file() else []
    target = SweepStore(folder)
    for store in stores:
        lacking = store.finished() - target.finished()
        _copy(store.cells, target.cells, sorted(lacking))
    every = [*there, *stores]
    record = merged([store.record() for store in every])
    clips = _first_of_each(pa.concat_tables([store.clips() for store in every]), "clip")
    cells = _first_of_each(pa.concat_tables([store.planned() for store in every]), "cell")
    write_whole(clips, folder / "clips.parquet")
    write_whole(cells.replace_schema_metadata(record), folder / "plan.parquet")
    return target


def _copy(source: CellFolder, target: CellFolder, cells: Sequence[str], at_once: int = 512) -> None:
    for start in range(0, len(cells), at_once):
        some = cells[start : start + at_once]
        rows = source.read(some)
        for cell in some:
            target.add(cell, rows.filter(pc.equal(rows["cell"], cell)).cast(source.schema))


def _first_of_each(table: pa.Table, column: str) -> pa.Table:
    numbered = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
    first = numbered.group_by(column).aggregate([("row", "min")])["row_min"]
    return table.take(first.take(pc.sort_indices(first)))
