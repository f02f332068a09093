import errno
from dataclasses import replace

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.xaudio.sweeps.small import Noisy, Quieter, loudness, small_manifest
from xaudio.datasets.manifest import Manifest
from xaudio.errors import SweepError
from xaudio.sweeps import open_store, sweep
from xaudio.sweeps.cells import ROW_SCHEMA
from xaudio.sweeps.store import SweepStore


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio")


def test_one_row_per_clip_and_condition_sorted(manifest, tmp_path):
    rows = sweep(manifest, [loudness()], [Quieter()], [5, 1], tmp_path / "out").rows()
    assert rows.schema.equals(ROW_SCHEMA)
    assert [(r["corruption"], r["severity"], r["clip"]) for r in rows.to_pylist()] == [
        (corruption, severity, row.clip)
        for corruption, severity in [("clean", 0), ("quieter", 1), ("quieter", 5)]
        for row in manifest
    ]


def test_a_single_clip_has_a_row_under_every_condition_and_repeat(manifest, tmp_path):
    one = Manifest.of(manifest.rows[:1])
    rows = sweep(one, [loudness()], [Noisy()], [1, 3], tmp_path / "out", repeats=2).rows()
    assert rows.num_rows == 1 + 2 * 2


def test_duckdb_reads_the_files_as_they_are(manifest, tmp_path):
    store = sweep(manifest, [loudness()], [Quieter()], [1], tmp_path / "out")
    query = f"""select corruption, label, count(*), avg(score)
                from '{tmp_path}/out/cells/*.parquet' group by all order by all"""
    found = duckdb.sql(query).fetchall()
    assert [row[:3] for row in found] == [
        ("clean", "bonafide", 6),
        ("clean", "spoof", 6),
        ("quieter", "bonafide", 6),
        ("quieter", "spoof", 6),
    ]
    mean = store.rows().group_by(["corruption", "label"]).aggregate([("score", "mean")])
    assert sorted(mean["score_mean"].to_pylist()) == pytest.approx(sorted(row[3] for row in found))


def test_an_earlier_plans_rows_stay_but_do_not_mix_in(manifest, tmp_path):
    both = sweep(manifest, [loudness()], [Quieter(), Noisy()], [1], tmp_path / "out")
    everything = both.rows()
    one = sweep(manifest, [loudness()], [Noisy()], [1], tmp_path / "out")
    assert set(one.rows()["corruption"].to_pylist()) == {"clean", "noisy"}
    told = []
    sweep(manifest, [loudness()], [Quieter(), Noisy()], [1], tmp_path / "out", progress=told.append)
    assert told == []
    assert both.rows().equals(everything)


def test_corrected_labels_and_names_show_without_scoring_again(manifest, tmp_path):
    sweep(manifest, [loudness()], [], [], tmp_path / "out")
    corrected = Manifest.of(
        (replace(manifest[0], label="spoof", attack="found later", speaker="x"), *manifest.rows[1:])
    )
    told = []
    store = sweep(corrected, [loudness("v2")], [], [], tmp_path / "out", progress=told.append)
    row = store.rows().to_pylist()[0]
    assert told == []
    assert (row["model"], row["clip"], row["label"], row["attack"], row["speaker"]) == (
        "v2",
        "clip000",
        "spoof",
        "found later",
        "x",
    )


def test_clips_of_equal_bytes_share_a_score_and_keep_their_names(manifest, tmp_path):
    twin = replace(manifest[0], clip="twin", speaker="somebody")
    rows = sweep(Manifest.of((*manifest.rows, twin)), [loudness()], [], [], tmp_path / "out").rows()
    scores = dict(zip(rows["clip"].to_pylist(), rows["score"].to_pylist(), strict=True))
    assert len(scores) == 13
    assert scores["twin"] == scores["clip000"]


def test_a_mended_file_is_scored_and_its_failure_forgotten(manifest, tmp_path):
    data = manifest[0].path.read_bytes()
    manifest[0].path.unlink()
    store = sweep(manifest, [loudness()], [Quieter()], [1], tmp_path / "out")
    assert store.failures()["clip"].to_pylist() == ["clip000", "clip000"]
    manifest[0].path.write_bytes(data)
    store = sweep(manifest, [loudness()], [Quieter()], [1], tmp_path / "out")
    assert store.failures().num_rows == 0
    assert store.rows().num_rows == 24


def test_what_is_left_to_do(manifest, tmp_path):
    def stop(state):
        if state.finished == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(manifest, [loudness()], [Quieter()], [1, 2, 3], tmp_path / "out", progress=stop)
    store = open_store(tmp_path / "out")
    assert store.remaining() == 2
    assert store.rows().num_rows == 24


def test_a_plan_without_a_finished_cell_has_no_rows(manifest, tmp_path):
    store = sweep(manifest, [loudness()], [], [], tmp_path / "out")
    for file in (tmp_path / "out" / "cells").iterdir():
        file.unlink()
    assert store.rows().equals(ROW_SCHEMA.empty_table())


def test_a_full_disk_keeps_what_is_finished(manifest, tmp_path, monkeypatch):
    write_table, written = pq.write_table, []

    def write(table, file):
        if len(written) == 4:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(file)
        write_table(table, file)

    monkeypatch.setattr(pq, "write_table", write)
    with pytest.raises(SweepError, match="is full"):
        sweep(manifest, [loudness()], [Quieter()], [1, 2, 3], tmp_path / "out")
    monkeypatch.undo()
    assert len(list((tmp_path / "out" / "cells").iterdir())) == 2
    store = sweep(manifest, [loudness()], [Quieter()], [1, 2, 3], tmp_path / "out")
    assert store.rows().num_rows == 4 * 12


def test_a_folder_without_a_sweep_is_refused(tmp_path):
    with pytest.raises(SweepError, match=r"no sweep in .*: it has no plan.parquet"):
        open_store(tmp_path)
    assert SweepStore(tmp_path).finished() == frozenset()
