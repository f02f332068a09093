import csv
import json

import numpy as np
import pytest
import soundfile

import xaudio
from tests.xaudio.clips import RATE, hybrid
from xaudio.audio import clip_from_samples
from xaudio.corrupted_versions import refused_version, unused, write_table, write_version
from xaudio.corrupting import Refusal

CLIP = clip_from_samples(0.5 * hybrid(), RATE, "voice.wav")


def test_a_version_is_a_wav_file_and_what_was_done(tmp_path):
    made = xaudio.corrupt(CLIP, "time-stretch", 5)
    version = write_version(tmp_path, "voice", CLIP, made, made.certificate(CLIP))
    assert version.file == "voice-time-stretch-5.wav"
    samples, rate = soundfile.read(tmp_path / version.file, dtype="float32")
    assert rate == RATE and np.array_equal(samples, made.clip.samples)
    document = json.loads((tmp_path / "voice-time-stretch-5.json").read_text())
    assert document["digest"] == CLIP.digest
    assert document["parameters"] == {"rate": 1.5}
    source, target = (np.array(document["time_map"][side]) for side in ("source", "target"))
    assert np.allclose(np.diff(source) / np.diff(target), 1.5)
    assert document["certificate"]["length_ratio"] == pytest.approx(1 / 1.5, abs=1e-3)


def test_without_a_certificate_there_is_only_the_sound(tmp_path):
    made = xaudio.corrupt(CLIP, "low-pass", 2, repeat=3)
    version = write_version(tmp_path, "voice", CLIP, made, None)
    assert [path.name for path in tmp_path.iterdir()] == ["voice-low-pass-2-3.wav"]
    assert version.time_map is None and version.certificate is None


def test_the_table_has_a_row_for_each_and_a_column_for_each_figure(tmp_path):
    made = xaudio.corrupt(CLIP, "mp3", 2)
    refusal = Refusal("room", 1, 0, "hall", "It is too short; even for a hall.")
    versions = [
        write_version(tmp_path, "voice", CLIP, made, made.certificate(CLIP)),
        refused_version(CLIP, refusal),
    ]
    write_table(tmp_path, versions)
    with (tmp_path / "certificates.csv").open(newline="", encoding="utf-8") as file:
        made_row, refused_row = csv.DictReader(file)
    certificate = versions[0].certificate.as_dict()
    for name, value in certificate.items():
        told = made_row[name]
        if name == "facts":
            assert json.loads(told) == value
        else:
            assert (float(told) if told else None) == value
    assert made_row["error"] == "" and made_row["condition"] == "mp3"
    assert refused_row["error"] == refusal.reason
    assert (refused_row["condition"], refused_row["file"], refused_row["snr_db"]) == (
        "hall",
        "",
        "",
    )


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    path = tmp_path / "a-b-1.wav"
    assert unused(path) == path
    path.touch()
    (tmp_path / "a-b-1~2.wav").touch()
    assert unused(path).name == "a-b-1~3.wav"
