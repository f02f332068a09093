"""A folder of results, one Parquet file per finished cell, or packed into larger ones.

```
<id>.parquet             rows of one finished cell
packed-<hash>.parquet    rows of many
```
A file is written aside, brought to the disk and renamed, so it is there completely or not at all,
and several processes or machines may fill one folder.
"""

import errno
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from xaudio.errors import SweepError
from xaudio.sweeps.content import content_hash

PACKED = "packed-"
SUFFIX = ".parquet"
UNFINISHED = ".unfinished"
CELLS_PER_PACK = 4096
_IDS = b"cells"
_ABANDONED_SECONDS = 3600.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class CellFolder:
    """The rows of finished cells.

    Attributes:
        folder: Made when the first cell is added.
        schema: Of the rows; its first column is ``cell``, the cell's id.
    """

    folder: Path
    schema: pa.Schema

    def add(self, cell: str, rows: pa.Table) -> None:
        """File the rows of a finished cell under its id.

        Raises:
            SweepError: The disk is full; nothing half-written stays.
        """
        write_whole(rows, self._file(cell))

    def finished(self) -> frozenset[str]:
        """Ids of all finished cells in the folder."""
        loose, packed = self._files()
        return loose.union(*(ids_in(file) for file in packed))

    def read(self, cells: Iterable[str], columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of those of the given cells that are finished, each once, in no set order."""
        names = list(columns or self.schema.names)
        schema = pa.schema([self.schema.field(name) for name in names])
        # Someone may pack the folder between the look and the reading.
        for _ in range(3):
            try:
                tables = [table.select(names) for table in self._tables(frozenset(cells), names)]
            except FileNotFoundError:
                continue
            return pa.concat_tables([schema.empty_table(), *tables])
        raise SweepError(f"The files in {self.folder} keep changing while they are read.")

    def pack(self, most: int = CELLS_PER_PACK) -> None:
        """Put the files of single cells together, up to `most` into one; readers notice nothing."""
        loose, packed = self._files()
        doubled = loose.intersection(*[frozenset().union(*(ids_in(file) for file in packed))])
        ids = sorted(loose - doubled)
        for start in range(0, len(ids), most):
            some = ids[start : start + most]
            rows = self.read(some).cast(self.schema).sort_by("cell")
            named = rows.replace_schema_metadata({_IDS: ",".join(some)})
            write_whole(named, self.folder / f"{PACKED}{content_hash(*some)[:16]}{SUFFIX}")
            doubled = doubled.union(some)
        for cell in doubled:
            self._file(cell).unlink(missing_ok=True)

    def forget_abandoned(self) -> None:
        """Remove what killed processes left half-written, an hour ago or earlier."""
        if not self.folder.is_dir():
            return
        for file in self.folder.glob(f".*{UNFINISHED}"):
            try:
                if time.time() - file.stat().st_mtime > _ABANDONED_SECONDS:
                    file.unlink()
            except FileNotFoundError:
                continue

    def _tables(self, cells: frozenset[str], names: Sequence[str]) -> Iterator[pa.Table]:
        loose, packed = self._files()
        owner: dict[str, Path] = {}
        for file in packed:
            owner |= dict.fromkeys(cells & ids_in(file), file)
        single = [str(self._file(cell)) for cell in sorted((cells & loose) - owner.keys())]
        if single:
            yield ds.dataset(single, schema=self.schema).to_table(columns=list(names))
        for file in sorted(set(owner.values())):
            mine = pa.array([cell for cell, place in owner.items() if place == file])
            yield _packed_rows(file, mine, names, self.schema)

    def _file(self, cell: str) -> Path:
        return self.folder / f"{cell}{SUFFIX}"

    def _files(self) -> tuple[frozenset[str], list[Path]]:
        """Ids of the files of single cells, and the packed files."""
        loose, packed = [], []
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    name = entry.name
                    if not name.endswith(SUFFIX) or name.startswith("."):
                        continue
                    if name.startswith(PACKED):
                        packed.append(Path(entry.path))
                    else:
                        loose.append(name[: -len(SUFFIX)])
        except FileNotFoundError:
            pass
        return frozenset(loose), sorted(packed)


def write_whole(table: pa.Table, path: Path) -> None:
    """Write a Parquet file that is there completely or not at all.

    Raises:
        SweepError: The disk is full, or the folder cannot be written to.
    """
    # Its own name, because several machines may write the same file at once.
    aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        _remove(aside)
        if error.errno in _FULL:
            raise SweepError(
                f"The disk of {path.parent} is full. Finished cells are kept: free some "
                "space and start the same sweep again."
            ) from None
        raise SweepError(
            f"'{path}' cannot be written: {error.strerror or error}. Finished cells are kept; "
            "start the same sweep again once it can."
        ) from error
    except BaseException:
        _remove(aside)
        raise


def ids_in(packed: Path) -> frozenset[str]:
    """The cells a packed file holds, from its header alone."""
    metadata: Mapping[bytes, bytes] = pq.read_schema(packed).metadata or {}
    return frozenset(metadata.get(_IDS, b"").decode().split(",")) - {""}


def _packed_rows(file: Path, cells: pa.Array, names: Sequence[str], schema: pa.Schema) -> pa.Table:
    there = ds.dataset(str(file), schema=schema)
    if len(cells) == len(ids_in(file)):
        return there.to_table(columns=list(names))
    return there.to_table(columns=list(names), filter=ds.field("cell").isin(cells))


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return
