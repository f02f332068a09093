"""What a run may take its clips from, below the given folders and nowhere else."""

import pytest

from tests.xaudio.sweeps.small import Quieter, loudness, small_manifest
from xaudio.datasets.manifest import load_manifest, save_manifest
from xaudio.jobs.clip_sources import clip_folders_in, manifests_in
from xaudio.jobs.commands import SweepRequest
from xaudio.jobs.errors import JobError
from xaudio.jobs.preparing import free_name, prepared
from xaudio.sweeps import sweep


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    manifest = small_manifest(folder / "audio", clips=4)
    for name in ("manifest.parquet", "sub/manifest.csv", "manifest.tsv"):
        save_manifest(manifest, folder / name)
    (folder / "numbers.csv").write_text("a,b\n1,2\n")
    (folder / "broken.parquet").write_text("no Parquet")
    (folder / "latin.csv").write_bytes(b"clip,path,label\xe9\n")
    sweep(manifest, [loudness()], [Quieter()], [1], folder / "a sweep")
    save_manifest(manifest, tmp_path / "elsewhere.parquet")
    (folder / "link.parquet").symlink_to(tmp_path / "elsewhere.parquet")
    return folder


def test_manifests_are_known_by_their_columns(corpus):
    names = ["corpus/manifest.parquet", "corpus/manifest.tsv", "corpus/sub/manifest.csv"]
    found = manifests_in([corpus])
    assert list(found) == names
    assert all(len(load_manifest(path)) == 4 for path in found.values())


def test_folders_of_one_name_are_told_apart(corpus, tmp_path):
    other = tmp_path / "other" / "corpus"
    save_manifest(small_manifest(tmp_path / "more", clips=2), other / "manifest.csv")
    assert f"{other}/manifest.csv" in manifests_in([corpus, other])


def test_folders_of_clips(corpus):
    (corpus / "audio" / "deeper").mkdir()
    (corpus / "audio" / "000.wav").rename(corpus / "audio" / "deeper" / "000.wav")
    assert list(clip_folders_in([corpus])) == ["corpus", "corpus/audio", "corpus/audio/deeper"]


def test_a_folder_of_two_classes_becomes_a_manifest(corpus, tmp_path):
    classes = tmp_path / "classes"
    for row in small_manifest(tmp_path / "made", clips=4):
        home = classes / row.label
        home.mkdir(parents=True, exist_ok=True)
        row.path.rename(home / row.path.name)
    request = SweepRequest(classes, (), "telephony")
    ready = prepared(request, tmp_path / "place")
    assert sorted(row.label for row in load_manifest(ready.manifest)) == [
        "bonafide", "bonafide", "spoof", "spoof",
    ]  # fmt: skip
    with pytest.raises(JobError, match="two folders named bonafide and spoof"):
        prepared(SweepRequest(corpus, (), "telephony"), tmp_path / "place")


def test_names_of_runs_are_counted_on(tmp_path):
    (tmp_path / "sweep-1").mkdir()
    assert free_name(tmp_path, "sweep") == "sweep-2"
