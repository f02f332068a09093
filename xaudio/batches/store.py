"""Where a batch of explanations lies: a folder per explanation, and a row for each that is done.

```
out/pieces.parquet                which explanations were asked for last
out/rows/<id>.parquet             the row of one that is done, or that failed
out/explained/<clip>-<method>/    picture, relevant sound, report, explanation of each
out/table.parquet, table.csv      all rows, written at the end
out/overview.html                 the same as a page with links to the reports
```
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.errors import SweepError
from xaudio.sweeps.cell_folder import CellFolder
from xaudio.sweeps.whole_files import read_whole, write_whole

PIECE_SCHEMA = pa.schema(
    [
        ("cell", pa.string()),
        ("clip", pa.string()),
        ("digest", pa.string()),
        ("label", pa.string()),
        ("path", pa.string()),
        ("member", pa.string()),
        ("method", pa.string()),
        ("folder", pa.string()),
    ]
)
BATCH_SCHEMA = pa.schema(
    [
        *PIECE_SCHEMA,
        ("model", pa.string()),
        ("target", pa.string()),
        ("decision", pa.string()),
        ("score", pa.float64()),
        ("threshold", pa.float64()),
        ("target_value", pa.float64()),
        ("strongest_start", pa.float64()),
        ("strongest_end", pa.float64()),
        ("strongest_relevance", pa.float64()),
        ("strongest_share", pa.float64()),
        ("seconds", pa.float64()),
        ("error", pa.string()),
    ]
)
_OF_THE_ANSWER = [name for name in BATCH_SCHEMA.names if name not in PIECE_SCHEMA.names]


@dataclass(frozen=True)
class BatchStore:
    """The explanations of a batch in a folder, finished or not."""

    folder: Path

    @property
    def cells(self) -> CellFolder:
        """A row per explanation that is done."""
        return CellFolder(self.folder / "rows", BATCH_SCHEMA)

    @property
    def _pieces(self) -> Path:
        return self.folder / "pieces.parquet"

    def begin(self, pieces: pa.Table) -> None:
        """Write down which explanations are asked for; those done earlier stay."""
        self.cells.forget_abandoned()
        write_whole(pieces, self._pieces)

    def planned(self) -> pa.Table:
        """What was asked for last: the columns of `PIECE_SCHEMA`.

        Raises:
            SweepError: There is no batch in the folder.
        """
        if not self._pieces.is_file():
            raise SweepError(
                f"There is no batch of explanations in {self.folder}: it has no pieces.parquet."
            )
        return read_whole(self._pieces)

    def planned_ids(self) -> list[str] | None:
        """Ids of what was asked for; None where nothing has been yet."""
        return self.planned()["cell"].to_pylist() if self._pieces.is_file() else None

    def rows(self) -> pa.Table:
        """The rows that are done, in the order in which they were asked for; `BATCH_SCHEMA`.

        Clips and folders are named as they were asked for last.
        """
        planned = self.planned()
        answers = self.cells.read(planned["cell"].to_pylist(), ["cell", *_OF_THE_ANSWER])
        places = pc.index_in(planned["cell"], value_set=answers["cell"].combine_chunks())
        there = planned.filter(pc.is_valid(places))
        found = answers.take(places.drop_null())
        for name in _OF_THE_ANSWER:
            there = there.append_column(name, found[name])
        return there.select(BATCH_SCHEMA.names)

    def failed(self) -> frozenset[str]:
        """Ids of the explanations that failed."""
        rows = self.rows()
        return frozenset(rows.filter(pc.is_valid(rows["error"]))["cell"].to_pylist())
