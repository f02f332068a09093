import json

import pytest

from tests.xaudio.cli.test_calibrate import MODEL
from tests.xaudio.sweeps.small import loudness, small_manifest
from xaudio.audio import read_clip, write_audio
from xaudio.cli.main import run
from xaudio.provenance import ModelSpec
from xaudio.verdicts import calibrate


@pytest.fixture
def known(tmp_path):
    """A calibration of `MODEL` and the clips it was made from."""
    manifest = small_manifest(tmp_path / "audio", clips=24)
    made = calibrate(manifest, loudness(), model=ModelSpec(MODEL))
    return str(made.save(tmp_path / "calibration.json")), [str(row.path) for row in manifest]


def test_a_verdict_is_a_few_sentences_per_clip(known, tmp_path, capsys):
    calibration, clips = known
    short = tmp_path / "short.wav"
    write_audio(short, read_clip(clips[0]).cut(0.0, 0.1).samples, 8000)
    assert run(["verdict", clips[0], str(short), "--calibration", calibration]) == 0
    first, second = capsys.readouterr().out.strip().split("\n\n")
    assert first.startswith(("000.wav: bona fide.", "000.wav: inconclusive."))
    assert second.startswith("short.wav: inconclusive. The recording lies outside")
    assert "duration 0.10 s (validated: 0.2" in second


def test_json_is_one_document(known, capsys):
    calibration, clips = known
    arguments = ["verdict", *clips[:2], "--calibration", calibration, "--json"]
    assert run([*arguments, "--spoof-prior", "0.1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["clip"] for one in found] == ["000.wav", "001.wav"]
    assert found[0]["score"] > found[1]["score"]
    assert found[0]["spoof_prior"] == 0.1
    assert found[0]["conditions"]["sample_rate"] == 8000
    assert found[0]["statement"].startswith("000.wav: ")


def test_the_model_is_the_calibrations_unless_named(known, capsys):
    calibration, clips = known
    other = MODEL.replace("detector", "other_detector")
    assert run(["verdict", clips[0], "--calibration", calibration, "--model", other]) == 2
    assert "This calibration belongs to" in capsys.readouterr().err


def test_a_users_error_is_one_line(known, refused, tmp_path):
    calibration, clips = known
    assert "no file 'gone.wav'" in refused("verdict", "gone.wav", "--calibration", calibration)
    assert "There is no calibration" in refused("verdict", clips[0], "--calibration", "gone.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    assert "no calibration of format 1" in refused(
        "verdict", clips[0], "--calibration", str(broken)
    )
    assert "prior" in refused(
        "verdict", clips[0], "--calibration", calibration, "--spoof-prior", "0"
    )
