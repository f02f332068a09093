import hashlib
from dataclasses import replace

import pytest

from tests.xaudio.sweeps.small import small_manifest
from xaudio.datasets.manifest import Manifest
from xaudio.sweeps.digests import with_digests


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio")


def digests(manifest):
    return with_digests(manifest)["digest"].to_pylist()


def test_digests_are_those_of_the_bytes(manifest):
    assert digests(manifest) == [
        hashlib.sha256(row.path.read_bytes()).hexdigest() for row in manifest
    ]


def test_the_manifests_own_word_is_taken(manifest):
    given = Manifest.of((replace(manifest[0], digest="f" * 64), *manifest.rows[1:]))
    assert digests(given) == ["f" * 64, *digests(manifest)[1:]]


def test_a_missing_file_counts_as_changed_once_it_is_there(manifest):
    given = Manifest.of(replace(row, digest="f" * 64) for row in manifest)
    data = manifest[3].path.read_bytes()
    manifest[3].path.unlink()
    gone = digests(given)
    assert gone[3] != "f" * 64
    assert len(gone[3]) == 64
    assert gone[:3] + gone[4:] == ["f" * 64] * 11
    manifest[3].path.write_bytes(data)
    assert digests(given)[3] == "f" * 64
