import os
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xaudio.errors import SweepError
from xaudio.sweeps import cell_folder
from xaudio.sweeps.cell_folder import CellFolder, copy_cells

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


def test_somebody_may_pack_between_the_look_and_the_reading(folder, monkeypatch):
    looks = [cell_folder._files(folder.folder)]
    folder.pack()
    looks.append(cell_folder._files(folder.folder))
    monkeypatch.setattr(cell_folder, "_files", lambda _: looks.pop(0))
    assert counted(folder.read(EVERY)) == EVERY
    looks += [(frozenset(EVERY), [])] * 10
    with pytest.raises(SweepError, match="keep changing"):
        folder.read(EVERY)


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    steps = []
    fsync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: steps.append("written") or fsync(file))
    monkeypatch.setattr(
        Path, "replace", lambda file, name: steps.append("named") or rename(file, name)
    )
    folder = CellFolder(tmp_path / "cells", SCHEMA)
    folder.add(cell(1), rows(cell(1)))
    assert steps == ["written", "named"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_whatever_interrupts_the_writing_nothing_stays(tmp_path, monkeypatch, error):
    def write(table, file):
        file.write(b"half")
        raise error

    monkeypatch.setattr(pq, "write_table", write)
    with pytest.raises(error):
        CellFolder(tmp_path / "cells", SCHEMA).add("x", rows("x"))
    assert list((tmp_path / "cells").iterdir()) == []


def test_hidden_files_are_none_of_ours(folder):
    """Some systems put one beside every file they copy."""
    (folder.folder / f"._{cell(1)}.parquet").write_bytes(b"resource fork")
    (folder.folder / "._packed-1.parquet").write_bytes(b"resource fork")
    assert folder.finished() == EVERY.keys()
    assert counted(folder.read(EVERY)) == EVERY


def test_what_was_abandoned_long_ago_is_removed(folder):
    old, young = folder.folder / ".a.parquet.1-2.unfinished", folder.folder / ".b.unfinished"
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    folder.forget_abandoned()
    assert (old.exists(), young.exists()) == (False, True)
    assert folder.finished() == EVERY.keys()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "out").write_text("a file")
    folder = CellFolder(tmp_path / "out" / "cells", SCHEMA)
    for use in (lambda: folder.add("x", rows("x")), folder.finished):
        with pytest.raises(SweepError, match="cannot be a folder: a part of this path is a file"):
            use()


@pytest.mark.parametrize("kept", [0, 40, -10])
def test_damaged_files_are_named_and_done_anew_once_they_are_gone(folder, kept):
    damaged = [folder.folder / f"{cell(number)}.parquet" for number in (3, 7)]
    for file in damaged:
        file.write_bytes(file.read_bytes()[:kept])
    assert folder.finished() == EVERY.keys(), "looking at names is enough, and fast"
    for use in (lambda: folder.read(EVERY), lambda: folder.read([cell(7)]), folder.pack):
        with pytest.raises(SweepError) as told:
            use()
        assert all(str(file) in str(told.value) for file in damaged)
        assert "Delete them and start the same sweep again" in str(told.value)
    assert counted(folder.read([cell(1)])) == {cell(1): 2}
    for file in damaged:
        file.unlink()
    assert folder.finished() == EVERY.keys() - {cell(3), cell(7)}


def test_rows_damaged_inside_a_whole_file_are_noticed(folder):
    file = folder.folder / f"{cell(4)}.parquet"
    data = file.read_bytes()
    file.write_bytes(data[:10] + b"\xff" * 40 + data[50:])
    with pytest.raises(SweepError, match=f"Damaged: .*{cell(4)}"):
        folder.read(EVERY)


def test_a_damaged_packed_file_is_named(folder):
    folder.pack()
    (packed,) = folder.folder.iterdir()
    packed.write_bytes(packed.read_bytes()[:50])
    for use in (folder.finished, lambda: folder.read(EVERY)):
        with pytest.raises(SweepError, match=f"{packed.name}' cannot be read.*delete it"):
            use()


def test_files_of_an_earlier_version_lack_a_column(folder):
    wider = pa.schema([*SCHEMA, ("codec", pa.string())])
    found = CellFolder(folder.folder, wider).read([cell(2)])
    assert found.schema.equals(wider)
    assert found["codec"].to_pylist() == [None] * 3


@pytest.mark.parametrize("packed", [0, 4, 100])
def test_removed_cells_are_gone_and_no_others(folder, packed):
    if packed:
        folder.pack(packed)
        folder.add(cell(10), rows(cell(10), 11))
    gone = {cell(0), cell(4), cell(5), cell(6), cell(7), cell(10), "unknown"}
    folder.remove(gone)
    left = {name: count for name, count in EVERY.items() if name not in gone}
    assert folder.finished() == left.keys()
    assert counted(folder.read([*EVERY, cell(10)])) == left
    assert sum(pq.read_metadata(file).num_rows for file in folder.folder.iterdir()) == sum(
        left.values()
    )


def test_copies_what_is_lacking(folder, tmp_path):
    target = CellFolder(tmp_path / "target", SCHEMA)
    target.add(cell(3), rows(cell(3), 99))
    copy_cells(folder.folder, target.folder)
    assert target.finished() == EVERY.keys()
    assert counted(target.read(EVERY)) == EVERY | {cell(3): 99}
    folder.pack()
    copy_cells(folder.folder, target.folder)
    assert len(list(target.folder.iterdir())) == 10, "a packed file of known cells is left aside"
    folder.add(cell(2), rows(cell(2)))  # as if packing had been killed before its last step
    copy_cells(folder.folder, tmp_path / "empty")
    copy_cells(tmp_path / "nowhere", tmp_path / "empty")
    copied = (tmp_path / "empty").iterdir()
    assert sum(pq.read_metadata(file).num_rows for file in copied) == sum(EVERY.values())
    assert counted(CellFolder(tmp_path / "empty", SCHEMA).read(EVERY)) == EVERY
    (packed,) = folder.folder.glob("packed-*")
    packed.write_bytes(b"PAR1")
    with pytest.raises(SweepError, match="cannot be read"):
        copy_cells(folder.folder, tmp_path / "fresh")
    assert CellFolder(tmp_path / "fresh", SCHEMA).finished() == {cell(2)}
    (folder.folder / f"{cell(2)}.parquet").write_bytes(b"PAR1")
    with pytest.raises(SweepError, match=f"{cell(2)}.parquet' cannot be read"):
        copy_cells(folder.folder, tmp_path / "newest")
