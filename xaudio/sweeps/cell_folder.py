"""A folder of results, one Parquet file per finished cell, or packed into larger ones.

```
<id>.parquet             rows of one finished cell
packed-<hash>.parquet    rows of many
```
A file is written aside, brought to the disk and renamed, so it is there completely or not at all,
and several processes or machines may fill one folder.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.errors import SweepError
from xaudio.sweeps.content import content_hash
from xaudio.sweeps.whole_files import (
    UNFINISHED,
    UNREADABLE,
    copy_whole,
    read_header,
    read_whole,
    write_whole,
)

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

PACKED = "packed-"
SUFFIX = ".parquet"
CELLS_PER_PACK = 4096
_IDS = "cells"
_ABANDONED_SECONDS = 3600.0
_NAMED = 8  # damaged files that a message lists


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
        return finished_in(self.folder)

    def read(self, cells: Iterable[str], columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of those of the given cells that are finished, each once, in no set order.

        Raises:
            SweepError: A file is damaged.
        """
        names = list(columns or self.schema.names)
        schema = pa.schema([self.schema.field(name) for name in names])
        # Someone may pack the folder between the look and the reading.
        for _ in range(3):
            try:
                tables = [table.select(names) for table in self._tables(frozenset(cells), names)]
            except FileNotFoundError:
                continue
            except UNREADABLE:
                self._name_damaged()
                raise
            return pa.concat_tables([schema.empty_table(), *tables])
        raise SweepError(f"The files in {self.folder} keep changing while they are read.")

    def pack(self, most: int = CELLS_PER_PACK) -> None:
        """Put the files of single cells together, up to `most` into one; readers notice nothing."""
        loose, packed = _files(self.folder)
        doubled = loose.intersection(*[frozenset().union(*(ids_in(file) for file in packed))])
        ids = sorted(loose - doubled)
        for start in range(0, len(ids), most):
            some = ids[start : start + most]
            self._write_packed(some)
            doubled = doubled.union(some)
        if doubled:
            _to_disk(self.folder)
        for cell in doubled:
            self._file(cell).unlink(missing_ok=True)

    def remove(self, cells: Iterable[str]) -> None:
        """Forget finished cells, so that they are done anew; one that is not there is no matter."""
        gone = frozenset(cells)
        loose, packed = _files(self.folder)
        for cell in gone & loose:
            self._file(cell).unlink(missing_ok=True)
        for file in packed:
            kept = ids_in(file) - gone
            if kept != ids_in(file):
                if kept:
                    self._write_packed(sorted(kept))
                    _to_disk(self.folder)
                file.unlink()

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

    def _write_packed(self, cells: Sequence[str]) -> None:
        rows = self.read(cells).cast(self.schema).sort_by("cell")
        named = rows.replace_schema_metadata({_IDS: ",".join(cells)})
        write_whole(named, self.folder / f"{PACKED}{content_hash(*cells)[:16]}{SUFFIX}")

    def _tables(self, cells: frozenset[str], names: Sequence[str]) -> Iterator[pa.Table]:
        loose, packed = _files(self.folder)
        owner: dict[str, Path] = {}
        for file in packed:
            owner |= dict.fromkeys(cells & ids_in(file), file)
        single = [str(self._file(cell)) for cell in sorted((cells & loose) - owner.keys())]
        if single:
            yield _dataset(single, self.schema).to_table(columns=list(names))
        for file in sorted(set(owner.values())):
            mine = pa.array([cell for cell, place in owner.items() if place == file])
            yield _packed_rows(file, mine, names, self.schema)

    def _name_damaged(self) -> None:
        """Say which files cannot be read, if there are any."""
        loose, packed = _files(self.folder)
        files = [self._file(cell) for cell in sorted(loose)] + packed
        damaged = [str(file) for file in files if not _is_readable(file, self.schema)]
        if damaged:
            more = f" and {len(damaged) - _NAMED} more" if len(damaged) > _NAMED else ""
            raise SweepError(
                f"Damaged: {', '.join(damaged[:_NAMED])}{more}. Delete them and start the same "
                "sweep again; what they held is done anew."
            )

    def _file(self, cell: str) -> Path:
        return self.folder / f"{cell}{SUFFIX}"


def copy_cells(source: Path, target: Path) -> None:
    """Bring the finished cells of one folder into another, those that are there already excepted.

    Raises:
        SweepError: A file is damaged, or the disk is full.
    """
    loose, packed = _files(source)
    there = finished_in(target)
    for cell in sorted(loose - there):
        copy_whole(source / f"{cell}{SUFFIX}", target / f"{cell}{SUFFIX}")
    there |= loose
    for file in packed:
        lacking = ids_in(file) - there
        if lacking == ids_in(file):
            copy_whole(file, target / file.name)
        elif lacking:  # a cell that lies in two files counts twice for whoever reads them all
            rows = read_whole(file)
            for cell in sorted(lacking):
                own = rows.filter(pc.equal(rows["cell"], cell))
                write_whole(own, target / f"{cell}{SUFFIX}")
        there |= lacking


def finished_in(folder: Path) -> frozenset[str]:
    """Ids of all finished cells in a folder."""
    loose, packed = _files(folder)
    return loose.union(*(ids_in(file) for file in packed))


def ids_in(packed: Path) -> frozenset[str]:
    """The cells a packed file holds, from its header alone."""
    return frozenset(read_header(packed).get(_IDS, "").split(",")) - {""}


def _files(folder: Path) -> tuple[frozenset[str], list[Path]]:
    """Ids of the files of single cells, and the packed files."""
    loose, packed = [], []
    try:
        with os.scandir(folder) as entries:
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
    except NotADirectoryError:
        raise SweepError(
            f"'{folder}' cannot be a folder: a part of this path is a file. Give another folder "
            "for the results."
        ) from None
    return frozenset(loose), sorted(packed)


def _dataset(files: list[str], schema: pa.Schema) -> "Dataset":
    """Files that are read together; those of an earlier version lack a column and have nulls."""
    import pyarrow.dataset  # imports pandas, which workers have no use for

    return pyarrow.dataset.dataset(files, schema=schema)


def _packed_rows(file: Path, cells: pa.Array, names: Sequence[str], schema: pa.Schema) -> pa.Table:
    there = _dataset([str(file)], schema)
    if len(cells) == len(ids_in(file)):
        return there.to_table(columns=list(names))
    return there.to_table(columns=list(names), filter=pc.field("cell").isin(cells))


def _is_readable(file: Path, schema: pa.Schema) -> bool:
    try:
        _dataset([str(file)], schema).to_table()
    except FileNotFoundError:
        return True  # somebody packed it
    except UNREADABLE:
        return False
    return True


def _to_disk(folder: Path) -> None:
    """Have the system keep the new names in a folder before old ones go."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
