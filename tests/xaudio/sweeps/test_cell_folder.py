import os
import time

import pyarrow as pa
import pytest

from xaudio.errors import SweepError
from xaudio.sweeps.cell_folder import CellFolder

SCHEMA = pa.schema([("cell", pa.string()), ("score", pa.float64())])


def rows(cell, count=3):
    return pa.table({"cell": [cell] * count, "score": [float(n) for n in range(count)]}, SCHEMA)


def cell(number):
    return f"{number:032x}"


@pytest.fixture
def folder(tmp_path):
    full = CellFolder(tmp_path / "cells", SCHEMA)
    for number in range(10):
        full.add(cell(number), rows(cell(number), number + 1))
    return full


def counted(table):
    names = table["cell"].to_pylist()
    return {name: names.count(name) for name in names}


EVERY = {cell(number): number + 1 for number in range(10)}


def test_an_empty_folder_has_nothing(tmp_path):
    nothing = CellFolder(tmp_path / "none", SCHEMA)
    assert nothing.finished() == frozenset()
    assert nothing.read([cell(1)]).equals(SCHEMA.empty_table())


def test_reads_what_was_asked_for_and_is_there(folder):
    assert counted(folder.read([cell(2), cell(5), "unknown"])) == {cell(2): 3, cell(5): 6}
    assert folder.read([cell(2)], ["score"]).to_pydict() == {"score": [0.0, 1.0, 2.0]}


@pytest.mark.parametrize("most", [1, 3, 100])
def test_packing_changes_nothing_a_reader_sees(folder, most):
    before = folder.read(EVERY).sort_by([("cell", "ascending"), ("score", "ascending")])
    folder.pack(most)
    assert len(list(folder.folder.iterdir())) == -(-10 // most)
    assert folder.finished() == EVERY.keys()
    after = folder.read(EVERY).sort_by([("cell", "ascending"), ("score", "ascending")])
    assert after.equals(before)
    assert counted(folder.read([cell(7)])) == {cell(7): 8}


def test_packing_goes_on_where_it_was_killed(folder):
    kept = {file: file.read_bytes() for file in folder.folder.iterdir()}
    folder.pack(4)
    for file, data in kept.items():  # killed before the single files were removed
        file.write_bytes(data)
    folder.add(cell(10), rows(cell(10), 11))
    assert counted(folder.read([*EVERY, cell(10)])) == EVERY | {cell(10): 11}
    folder.pack(4)
    assert counted(folder.read([*EVERY, cell(10)])) == EVERY | {cell(10): 11}
    assert len(list(folder.folder.iterdir())) == 4


def test_what_was_abandoned_long_ago_is_removed(folder):
    old, young = folder.folder / ".a.parquet.1-2.unfinished", folder.folder / ".b.unfinished"
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    folder.forget_abandoned()
    assert (old.exists(), young.exists()) == (False, True)
    assert folder.finished() == EVERY.keys()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "cells").write_text("a file")
    with pytest.raises(SweepError, match=r"cells' cannot be a folder: a part of this path is a file"):
        CellFolder(tmp_path / "cells", SCHEMA).add("x", rows("x"))
