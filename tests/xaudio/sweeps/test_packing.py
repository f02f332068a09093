from tests.xaudio.sweeps.small import Noisy, loudness, small_manifest
from xaudio.sweeps import pack_store, sweep
from xaudio.sweeps.identity import identify
from xaudio.sweeps.plan import plan_sweep
from xaudio.sweeps.quality import QualityStore, measure_quality


def test_scores_and_what_lies_beside_them_are_packed_and_read_the_same(tmp_path):
    manifest = small_manifest(tmp_path / "audio", clips=8)
    store = sweep(manifest, [loudness()], [Noisy()], [1, 5], tmp_path / "out", bucket_size=2)
    measure_quality(plan_sweep(manifest, [identify(loudness())], [Noisy()], [1, 5]), store, 4)
    quality = QualityStore(store.folder)
    before = store.rows(), quality.rows()
    loose = list(store.folder.rglob("cells/*.parquet"))
    files = pack_store(store)
    assert files == len(list(store.folder.rglob("cells/*.parquet"))) == 2 < len(loose)
    assert (store.rows(), quality.rows()) == before
    assert store.remaining() == 0


def test_a_sweep_without_anything_beside_it_is_packed_too(tmp_path):
    manifest = small_manifest(tmp_path / "audio", clips=4)
    store = sweep(manifest, [loudness()], ["low-pass"], [1], tmp_path / "out")
    assert pack_store(store) == 1
