"""What is told to make a clip again makes it again, to the last sample."""

import io
import json
import shlex
import zipfile

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.tiny import HighBandDetector
from xaudio.audio import read_clip
from xaudio.classifiers import Classifier
from xaudio.cli.main import app
from xaudio.trying import ChosenCorruption, exported, making, tried

DETECTOR = Classifier(HighBandDetector(), "high", RATE, HighBandDetector.labels)
CHOSEN = [
    ChosenCorruption("white-noise"),
    ChosenCorruption("echo", settings=(("delay_seconds", 0.2),)),
    ChosenCorruption("opus-call", "telephony"),
    ChosenCorruption("mobile-call-amr", "telephony"),
    ChosenCorruption("hands-free-call", "telephony"),
    ChosenCorruption("white-noise", then=("low-pass",)),
]


@pytest.fixture
def clip(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    soundfile.write("my voice.wav", hybrid(), RATE)
    return read_clip("my voice.wav")


def made(chosen, clip, severity=3, repeat=2):
    condition = chosen.condition()
    return tried(clip, DETECTOR, condition.corruption, severity, repeat, condition=condition.name)


@pytest.mark.parametrize("chosen", CHOSEN, ids=lambda chosen: chosen.condition().name)
def test_the_command_and_the_python_make_the_same_samples(chosen, clip, tmp_path):
    wanted = made(chosen, clip).made.clip.samples
    way = making(chosen, clip.name, 3, 2)
    if way.suite_file:
        (tmp_path / way.suite_name).write_text(way.suite_file)
    program, *words = shlex.split(way.command)
    result = CliRunner().invoke(app, [*words, "--json"])
    assert program == "xaudio" and result.exit_code == 0, result.output
    (file,) = (tmp_path / "corrupted").glob("*.wav")
    samples, rate = soundfile.read(file, dtype="float32")
    assert rate == RATE and np.array_equal(samples, wanted)
    named: dict = {}
    exec(way.python, named)
    assert np.array_equal(named["made"].clip.samples, wanted)


def test_a_suites_own_levels_are_told_and_not_the_corruptions():
    way = making(ChosenCorruption("opus-call", "telephony"), "a.wav", 1)
    assert "levels=[24" in way.command and "'levels': [24" in way.python


def test_the_export_holds_the_sound_the_certificate_and_the_way(clip):
    chosen = ChosenCorruption("mp3")
    found = made(chosen, clip, severity=4, repeat=0)
    archive = zipfile.ZipFile(io.BytesIO(exported(found, chosen)))
    assert set(archive.namelist()) == {
        "my voice-mp3-4.wav",
        "my voice-mp3-4.json",
        "how-it-was-made.txt",
    }
    samples, _ = soundfile.read(io.BytesIO(archive.read("my voice-mp3-4.wav")), dtype="float32")
    assert np.array_equal(samples, found.made.clip.samples)
    told = json.loads(archive.read("my voice-mp3-4.json"))
    assert told["certificate"]["bitrate_kbps"] == found.certificate.bitrate_kbps
    assert told["digest"] == clip.digest
    assert "xaudio corrupt 'my voice.wav'" in archive.read("how-it-was-made.txt").decode()
    assert exported(found, chosen) == exported(found, chosen)


def test_a_chain_is_exported_with_its_suite(clip):
    chosen = ChosenCorruption("mp3", then=("echo",))
    archive = zipfile.ZipFile(io.BytesIO(exported(made(chosen, clip), chosen)))
    assert "mp3+echo.yaml" in archive.namelist()


def test_nothing_is_measured_with_severity_zero_and_yet_it_is_a_file(clip):
    found = made(ChosenCorruption("mp3"), clip, severity=0, repeat=0)
    assert exported(found, ChosenCorruption("mp3"))
