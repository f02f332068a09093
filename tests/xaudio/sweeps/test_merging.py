import json

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from perturbations import suites
from tests.xaudio.sweeps.small import Noisy, Quieter, loudness, small_manifest
from xaudio.datasets.manifest import Manifest
from xaudio.errors import SweepError
from xaudio.sweeps import Serial, merge_stores, open_store, sweep
from xaudio.sweeps.quality import QualityStore, measure_quality
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.sweeping import plan_for, swept_models


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio")


BOTH = (Quieter(), Noisy())


def swept(manifest, out, models=None, corruptions=BOTH):
    return sweep(manifest, models or [loudness()], list(corruptions), [1, 3], out, bucket_size=3)


def test_parts_of_one_plan_are_the_whole(manifest, tmp_path):
    models = swept_models([loudness()])
    whole = plan_for(manifest, models, [Quieter(), Noisy()], [1, 3], bucket_size=3)
    folders = []
    for number in (1, 2, 3):
        store = SweepStore(tmp_path / f"part{number}")
        store.begin(whole)
        Serial().run(whole.part(number, 3), models, store)
        folders.append(store.folder)
    merged = merge_stores(tmp_path / "merged", folders)
    alone = swept(manifest, tmp_path / "alone")
    assert merged.remaining() == 0
    assert merged.rows().equals(alone.rows())
    assert merged.models() == alone.models()
    assert [one.digest for one in merged.conditions()] == [one.digest for one in alone.conditions()]
    before = {file: file.stat().st_mtime_ns for file in merged.cells.folder.iterdir()}
    again = merge_stores(tmp_path / "merged", [*folders, tmp_path / "merged"])
    assert again.rows().equals(alone.rows())
    assert {file: file.stat().st_mtime_ns for file in merged.cells.folder.iterdir()} == before


def test_packed_cells_come_along_and_lie_in_one_file_each(manifest, tmp_path):
    """Also for those who read all files as they are."""
    one = swept(manifest, tmp_path / "one", corruptions=[Quieter()])
    both = swept(manifest, tmp_path / "both")
    both.cells.pack()
    into = merge_stores(tmp_path / "into", [one.folder, both.folder])
    assert into.rows().equals(both.rows())
    files = list(into.cells.folder.iterdir())
    assert len(files) == len(into.finished())
    assert sum(pq.read_metadata(file).num_rows for file in files) == into.rows().num_rows
    fresh = merge_stores(tmp_path / "fresh", [both.folder])
    assert len(list(fresh.cells.folder.iterdir())) == 1
    assert fresh.rows().equals(both.rows())


def test_what_two_names_share_keeps_both(manifest, tmp_path):
    rows = [suites.Condition(name, Quieter(), (1, 3)) for name in ("a", "b")]
    first = swept(manifest, tmp_path / "first", corruptions=[Noisy()])
    second = swept(manifest, tmp_path / "second", corruptions=rows)
    merged = merge_stores(tmp_path / "merged", [first.folder, second.folder]).rows()
    assert set(merged["corruption"].to_pylist()) == {"clean", "noisy", "a", "b"}
    assert merged.num_rows == 12 * (1 + 2 + 2 + 2)


def test_a_clip_of_two_manifests_has_one_row(manifest, tmp_path):
    rows = manifest.rows
    first = swept(Manifest.of(rows[:8]), tmp_path / "first")
    second = swept(Manifest.of(rows[4:]), tmp_path / "second")
    merged = merge_stores(tmp_path / "merged", [first.folder, second.folder])
    assert (
        merged.rows()
        .drop_columns(["cell"])
        .equals(swept(manifest, tmp_path / "whole").rows().drop_columns(["cell"]))
    )


def test_other_models_of_one_name_are_told_apart(manifest, tmp_path):
    one, other = loudness(), loudness(threshold=0.005)
    first = swept(manifest, tmp_path / "first", [one])
    second = swept(manifest, tmp_path / "second", [other])
    merged = merge_stores(tmp_path / "merged", [first.folder, second.folder])
    together = swept(manifest, tmp_path / "together", [one, other])
    assert merged.rows().equals(together.rows())
    assert merged.models() == together.models()
    renamed = swept(Manifest.of(manifest.rows[:6]), tmp_path / "renamed", [loudness("new name")])
    again = merge_stores(tmp_path / "merged", [renamed.folder])
    assert set(again.rows()["model"].to_pylist()) == set(together.rows()["model"].to_pylist())
    assert again.rows()["score"].equals(together.rows()["score"]), "the first one's word counts"


def test_two_corruptions_of_one_name_are_refused(manifest, tmp_path, monkeypatch):
    first = swept(manifest, tmp_path / "first")
    monkeypatch.setattr(Noisy, "version", 2)
    second = swept(manifest, tmp_path / "second")
    with pytest.raises(SweepError, match="'noisy' is not the same corruption"):
        merge_stores(tmp_path / "merged", [first.folder, second.folder])
    assert not (tmp_path / "merged").exists()


def test_what_lies_beside_the_scores_comes_along(manifest, tmp_path):
    stores = []
    for name, corruption in (("first", Quieter()), ("second", Noisy())):
        store = swept(manifest, tmp_path / name, corruptions=[corruption])
        plan = plan_for(manifest, swept_models([loudness()]), [corruption], [1, 3])
        measure_quality(plan, store, clips=2)
        stores.append(store)
    without = swept(manifest, tmp_path / "without")
    merged = merge_stores(
        tmp_path / "merged", [*(store.folder for store in stores), without.folder]
    )
    rows = QualityStore(merged.folder).rows()
    parts = [QualityStore(store.folder).rows() for store in stores]
    clean = pc.field("severity") == 0
    both = pa.concat_tables([parts[0], parts[1].filter(~clean)])
    assert rows.num_rows == both.num_rows == 2 * (1 + 2 + 2)
    order = [(name, "ascending") for name in ("corruption", "severity", "clip")]
    assert rows.sort_by(order).equals(both.sort_by(order))


def test_a_plan_of_another_version_says_so(manifest, tmp_path):
    store = swept(manifest, tmp_path / "out")
    plan = store.folder / "plan.parquet"
    whole = pq.read_table(plan)
    models = json.loads(whole.schema.metadata[b"models"])
    for change in (
        {b"models": json.dumps([{**models[0], "invented": 1}])},
        {b"models": json.dumps([{"name": "x"}])},
        {},
    ):
        pq.write_table(whole.replace_schema_metadata(change or None), plan)
        with pytest.raises(SweepError, match=r"another version.*the same sweep again"):
            store.models()
    pq.write_table(whole.drop_columns(["repeat"]), plan)
    with pytest.raises(SweepError, match="no column 'repeat': another version"):
        open_store(store.folder).rows()
    assert swept(manifest, tmp_path / "out").rows().num_rows == 5 * 12


def test_a_folder_without_a_sweep_is_refused_and_nothing_written(manifest, tmp_path):
    store = swept(manifest, tmp_path / "one")
    with pytest.raises(SweepError, match="no sweep"):
        merge_stores(tmp_path / "merged", [store.folder, tmp_path / "audio"])
    assert not (tmp_path / "merged").exists()
