import io
import os
import tarfile
import zipfile
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from tests.xaudio.datasets.voices import voice
from xaudio.audio import read_clip, wav_bytes
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.datasets.sound import present, read_row, row_bytes
from xaudio.errors import AudioError

SOUNDS = {f"flac/été {n}.wav": wav_bytes(voice(0.1, seed=n), 16000) for n in range(5)}
SOUNDS[f"{'deep/' * 40}end.wav"] = wav_bytes(voice(0.2, seed=9), 8000)


def write_tar(path, kind=tarfile.PAX_FORMAT, start=""):
    with tarfile.open(path, "w", format=kind) as archive:
        for name, data in SOUNDS.items():
            member = tarfile.TarInfo(start + name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def write_zip(path, packed=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, data in SOUNDS.items():
            archive.writestr(name, data)
    return path


def row(path, member=None):
    return ManifestRow("a", path, "spoof", member=member)


@pytest.mark.parametrize(
    "write",
    [
        write_tar,
        lambda path: write_tar(path, tarfile.GNU_FORMAT, "./"),
        write_zip,
        lambda path: write_zip(path, zipfile.ZIP_STORED),
    ],
    ids=["pax", "gnu", "deflated", "stored"],
)
class TestArchives:
    def test_members_come_out_as_they_went_in(self, tmp_path, write):
        archive = write(tmp_path / "shard")
        for name, data in reversed(SOUNDS.items()):
            assert row_bytes(row(archive, name)) == data
            clip = read_row(row(archive, name))
            assert (clip.name, clip.digest) == (Path(name).name, sha256(data).hexdigest())

    def test_many_processes_read_one_archive(self, tmp_path, write):
        archive = write(tmp_path / "shard")
        rows = [row(archive, name) for name in SOUNDS] * 8
        assert row_bytes(rows[0])
        with ProcessPoolExecutor(3) as pool:
            assert list(pool.map(row_bytes, rows, chunksize=1)) == list(SOUNDS.values()) * 8

    def test_a_missing_member_is_named(self, tmp_path, write):
        archive = write(tmp_path / "shard")
        for name in ("a", "flac/été 2", "zzz", "flac"):
            with pytest.raises(AudioError, match=f"shard' holds no file '{name}'"):
                row_bytes(row(archive, name))

    def test_what_is_cut_off_is_not_read(self, tmp_path, write):
        archive = write(tmp_path / "shard")
        os.truncate(archive, archive.stat().st_size // 2)
        with pytest.raises(AudioError, match=r"damaged|holds no file"):
            [row_bytes(row(archive, name)) for name in SOUNDS]


def test_a_changed_archive_is_indexed_anew(tmp_path):
    archive = write_zip(tmp_path / "shard.zip")
    assert row_bytes(row(archive, "flac/été 1.wav"))
    with zipfile.ZipFile(archive, "w") as changed:
        changed.writestr("other.wav", b"1234")
    assert row_bytes(row(archive, "other.wav")) == b"1234"
    with pytest.raises(AudioError, match="holds no file"):
        row_bytes(row(archive, "flac/été 1.wav"))


def test_a_member_written_twice_is_the_later(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for data in (b"old", b"newer"):
            member = tarfile.TarInfo("a.wav")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert row_bytes(row(tmp_path / "a.tar", "a.wav")) == b"newer"


def test_a_flipped_bit_in_a_zip_is_seen(tmp_path):
    archive = write_zip(tmp_path / "shard.zip", zipfile.ZIP_STORED)
    data = bytearray(archive.read_bytes())
    data[200] ^= 1
    archive.write_bytes(data)
    with pytest.raises(AudioError, match=r"damaged at 'flac/été 0\.wav'"):
        row_bytes(row(archive, "flac/été 0.wav"))
    assert row_bytes(row(archive, "flac/été 1.wav")) == SOUNDS["flac/été 1.wav"]


def test_what_is_missing_or_no_archive_is_told(tmp_path):
    with pytest.raises(AudioError, match="There is no file"):
        row_bytes(row(tmp_path / "a.wav"))
    with pytest.raises(AudioError, match="cannot be read"):
        row_bytes(row(tmp_path))
    with pytest.raises(AudioError, match="There is no archive"):
        row_bytes(row(tmp_path / "a.tar", "a.wav"))
    (tmp_path / "text.tar").write_text("no archive")
    with pytest.raises(AudioError, match="no tar or zip archive"):
        row_bytes(row(tmp_path / "text.tar", "a.wav"))
    with tarfile.open(tmp_path / "packed.tar.gz", "w:gz"):
        pass
    with pytest.raises(AudioError, match="uncompressed first"):
        row_bytes(row(tmp_path / "packed.tar.gz", "a.wav"))


def test_a_file_is_read_as_by_itself(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav_bytes(voice(0.1), 16000))
    clip, same = read_row(row(tmp_path / "a.wav")), read_clip(tmp_path / "a.wav")
    assert (clip.digest, clip.name) == (same.digest, same.name)
    assert np.array_equal(clip.samples, same.samples)


def test_presence_is_that_of_every_single_file(tmp_path, monkeypatch):
    (tmp_path / "one" / "two").mkdir(parents=True)
    names = ["one/a.wav", "one/two/b c.wav", "one/two/é.wav", "d.wav"]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link.wav").symlink_to(tmp_path / "d.wav")
    (tmp_path / "dangling.wav").symlink_to(tmp_path / "nothing.wav")
    (tmp_path / os.fsdecode(b"caf\xe9.wav")).write_bytes(b"x")
    write_tar(tmp_path / "s.tar", start="./")
    write_zip(tmp_path / "s.zip")
    asked = [(name, None) for name in names]
    asked += [(name, None) for name in ("one", "one/b c.wav", "x/a.wav", "d.wav/a.wav")]
    asked += [(name, None) for name in ("link.wav", "dangling.wav")]
    asked += [("s.tar", name) for name in ("flac/été 1.wav", "./flac/été 1.wav", "flac/9.wav")]
    asked += [("s.zip", name) for name in ("flac/été 1.wav", "flac/9.wav")]
    asked += [("t.zip", "flac/été 1.wav"), ("one/a.wav", None)]
    expected = [True] * 4 + [False] * 4 + [True, False]
    expected += [True, True, False, True, False, False, True]
    monkeypatch.chdir(tmp_path)
    for start in (tmp_path, Path()):
        rows = (
            ManifestRow(str(number), start / name, "spoof", member=member)
            for number, (name, member) in enumerate(asked)
        )
        assert present(Manifest.of(rows).table).tolist() == expected
    assert present(Manifest.of([]).table).tolist() == []
