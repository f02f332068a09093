from dataclasses import replace

from perturbations import suites
from tests.xaudio.sweeps.small import Quieter, loudness, small_manifest
from xaudio.datasets.manifest import Manifest
from xaudio.sweeps import sweep
from xaudio.sweeps.progress_report import status_of


def test_counts_cells_once_and_says_each_reason_once(tmp_path):
    manifest = small_manifest(tmp_path / "audio")
    for row in manifest.rows[:3]:
        row.path.write_bytes(b"no sound " + row.clip.encode())
    manifest.rows[3].path.unlink()
    stale = replace(manifest[4], digest="0" * 64)
    manifest = Manifest.of((*manifest.rows[:4], stale, *manifest.rows[5:]))
    shared = [suites.Condition(name, Quieter(), (1,)) for name in ("a", "b")]
    models = [loudness(), loudness("strict", threshold=0.005)]
    store = sweep(manifest, models, shared, out=tmp_path / "out", bucket_size=100)
    of_both_names = store.planned()["cell"][2].as_py()
    (store.cells.folder / f"{of_both_names}.parquet").unlink()
    assert store.remaining() == 1
    status = status_of(tmp_path / "out")
    assert status.clips == 12
    found = [(m.name, m.cells, m.finished, m.scores, m.failed) for m in status.models]
    assert found == [("loudness", 2, 1, 12, 5), ("strict", 2, 2, 24, 10)]
    ((first_reason, count), *others) = status.reasons
    assert count == 3
    assert first_reason.startswith("'…' is not a recording")
    assert [clips for _, clips in others] == [1, 1]
    assert any(str(manifest[3].path) in why for why, _ in others), "a single one keeps its name"
