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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.errors import SweepError
from xaudio.sweeps.cell_folder import CellFolder
from xaudio.sweeps.cells import OF_THE_MANIFEST, ROW_SCHEMA
from xaudio.sweeps.conditions import Condition
from xaudio.sweeps.identity import ModelIdentity
from xaudio.sweeps.plan import CELL_SCHEMA, Plan
from xaudio.sweeps.plan_record import conditions_in, models_in, record_of
from xaudio.sweeps.whole_files import read_header, read_whole, write_whole

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
        write_whole(plan.clips, self.folder / "clips.parquet")
        cells = plan.cell_table().replace_schema_metadata(record_of(plan))
        write_whole(cells, self.folder / "plan.parquet")

    def add(self, cell: str, rows: pa.Table) -> None:
        """File the rows of a finished cell under its id."""
        self.cells.add(cell, rows)

    def finished(self) -> frozenset[str]:
        """Ids of all finished cells in the folder, asked for now or earlier."""
        return self.cells.finished()

    def with_failures(self, cells: Iterable[str]) -> frozenset[str]:
        """Those of the given cells that are finished and hold a clip that failed."""
        rows = self.cells.read(cells, ["cell", "error"])
        return frozenset(pc.unique(rows.filter(pc.is_valid(rows["error"]))["cell"]).to_pylist())

    def planned(self) -> pa.Table:
        """The cells that were asked for: id, model, corruption, severity, repeat, parameters."""
        return _with_columns(self.folder / "plan.parquet", CELL_SCHEMA.names)

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
        return read_header(self.folder / "plan.parquet")

    def clips(self) -> pa.Table:
        """The manifest of the sweep, with every clip's digest."""
        return _with_columns(self.folder / "clips.parquet", ("digest", *OF_THE_MANIFEST))

    def remaining(self) -> int:
        """How many of the planned cells are not finished."""
        planned = pc.unique(self.planned()["cell"])  # two names for one corruption share cells
        there = pa.array(sorted(self.finished()), pa.string())
        return pc.sum(pc.invert(pc.is_in(planned, there))).as_py() or 0

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
        order = [(name, "ascending") for name in ROW_ORDER]
        return _each_once(rows.select(ROW_SCHEMA.names).sort_by(order))

    def failures(self) -> pa.Table:
        """The rows without a score: which clip failed where, and why."""
        return self.rows().filter(pc.field("error").is_valid())


def open_store(folder: str | Path) -> SweepStore:
    """The sweep in a folder, to read its results.

    Raises:
        SweepError: There is none.
    """
    folder = Path(folder)
    missing = [name for name in ("plan.parquet", "clips.parquet") if not (folder / name).is_file()]
    if missing:
        raise SweepError(
            f"There is no sweep in {folder}: it has no {missing[0]}. Give the folder that "
            "'xaudio sweep' was told by --out."
        )
    return SweepStore(folder)


def _with_columns(file: Path, names: Sequence[str]) -> pa.Table:
    """A table of a store; refused where another version of this program wrote it."""
    table = read_whole(file)
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise SweepError(
            f"'{file}' has no column '{missing[0]}': another version wrote it. Start the same "
            "sweep again, which writes it anew; finished cells are kept."
        )
    return table


def _each_once(rows: pa.Table) -> pa.Table:
    """Sorted rows without those that say again what the row before says.

    Stores of manifests that overlap hold a clip in several buckets once they are merged.
    """
    later, earlier = rows.slice(1), rows.slice(0, max(0, len(rows) - 1))
    again = pa.scalar(True)
    for name in reversed(ROW_ORDER):
        again = pc.and_(again, pc.equal(later[name], earlier[name]))
    if not len(later) or not pc.any(again).as_py():
        return rows
    first = pa.chunked_array([[True], *pc.invert(again).chunks])
    return rows.filter(first)
