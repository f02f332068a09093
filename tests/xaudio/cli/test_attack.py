import json
from pathlib import Path

import pytest
import soundfile

from tests.xaudio.clips import BAD_CLIPS, RATE, hybrid
from tests.xaudio.tiny import HighBandDetector
from xaudio.classifiers import Classifier
from xaudio.cli.main import run

DETECTOR = "tests.xaudio.tiny:high_band_detector"
NO_GRADIENTS = "tests.xaudio.cli.test_attack:scores_only"


def scores_only():
    module = HighBandDetector()
    return Classifier(lambda waveform: module(waveform).detach(), "s", RATE, module.labels)


def test_the_bundled_detector_from_clip_to_table_and_files(capsys, place):
    arguments = ["--model", "lcnn", "--attack", "pgd", "--snr", "40", "--steps", "20"]
    assert run(["attack", "voice.wav", *arguments, "--threshold", "6"]) == 0
    shown = capsys.readouterr().out
    folder = Path("attacked/voice-pgd")
    names = {"attacked.wav", "perturbation.wav", "attack.json"}
    assert {path.name for path in folder.iterdir()} == names
    saved = json.loads((folder / "attack.json").read_text())
    row = next(line for line in shown.splitlines() if "towards bonafide" in line)
    assert f"{saved['score_before']:.2f}" in row and f"{saved['score_after']:.2f}" in row
    assert f"{saved['snr_db']:.1f} dB" in row and " yes " in row
    assert saved["label_before"] == "spoof" and saved["label_after"] == "bonafide"
    assert saved["snr_db"] > 39.9 and saved["score_after"] >= 6
    assert str(folder / "attacked.wav") in shown and "16-bit files" in shown
    assert run(["explain", str(folder / "attacked.wav"), "--method", "saliency", "--json"]) == 0
    heard = json.loads(capsys.readouterr().out)[0]
    assert heard["decision"]["score"] == pytest.approx(saved["score_after"], abs=1e-4)


def test_json_is_one_document_for_all_clips(capsys, place):
    soundfile.write("other.wav", hybrid()[::-1], RATE)
    arguments = ["--model", DETECTOR, "--amplitude", "0.3", "--setting", "restarts=1"]
    arguments += ["--out", "there", "--json", "--attack", "apgd"]
    assert run(["attack", "voice.wav", "other.wav", *arguments]) == 0
    voice, other = json.loads(capsys.readouterr().out)
    assert (voice["clip"], other["clip"]) == ("voice.wav", "other.wav")
    assert Path(other["files"]["attacked"]) == Path("there/other-apgd/attacked.wav")
    assert voice["provenance"]["settings"]["restarts"] == 1
    assert voice["provenance"]["budget"] == {"kind": "PeakBudget", "amplitude": 0.3}
    assert voice["succeeded"] and voice["linf"] <= 0.3 + 1 / 32768


def test_a_model_without_gradients_needs_square(capsys, refused):
    line = refused("attack", "voice.wav", "--model", NO_GRADIENTS)
    assert "'pgd'" in line and "'square'" in line
    arguments = ["--attack", "square", "--setting", "queries=20", "--masked", "-3"]
    assert run(["attack", "voice.wav", "--model", NO_GRADIENTS, *arguments, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["provenance"]["budget"]["above_db"] == -3 and found["evaluations"] == 21


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--attack", "pdg"], ["pdg", "pgd"]),
        (["--snr", "300"], ["300", "200"]),
        (["--amplitude", "0"], ["0", "at most 2"]),
        (["--snr", "30", "--masked", "0"], ["--snr", "--masked", "one"]),
        (["--steps", "0"], ["0 steps"]),
        (["--attack", "square", "--steps", "5"], ["steps", "queries"]),
        (["--setting", "loss"], ["name=value"]),
        (["--setting", "loss=hinge"], ["hinge", "margin"]),
        (["--setting", "loss=dlr"], ["dlr", "margin"]),
        (["--towards", "dog"], ["dog", "spoof", "bonafide"]),
        (["--threshold", "nan"], ["nan", "finite"]),
    ],
)
def test_a_wrong_word_is_one_line(refused, arguments, named):
    line = refused("attack", "voice.wav", "--model", DETECTOR, *arguments)
    assert all(word in line for word in named)


@pytest.mark.parametrize("kind", BAD_CLIPS)
def test_a_bad_clip_is_one_line_and_leaves_nothing(refused, place, kind):
    bad = place / f"{kind}.wav"
    BAD_CLIPS[kind](bad)
    assert bad.name in refused("attack", "voice.wav", str(bad), "--model", DETECTOR)


def test_a_file_where_the_folder_should_be_is_one_line(refused, place):
    (place / "taken").write_text("mine")
    arguments = ["--model", DETECTOR, "--attack", "fgsm"]
    assert "taken" in refused("attack", "voice.wav", *arguments, "--out", "taken")
    assert (place / "taken").read_text() == "mine"
