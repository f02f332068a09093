import json
from pathlib import Path

import pytest
import soundfile

from tests.xaudio.clips import RATE, hybrid
from xaudio.cli.main import run

DETECTOR = "tests.xaudio.tiny:high_band_detector"
FEW = ["--attack-setting", "queries=5"]


def test_from_clip_to_table_and_files(capsys, place):
    arguments = ["--model", "lcnn", "--method", "lrp", "--snr", "35", "--out", "there", *FEW]
    assert run(["attack-explanation", "voice.wav", *arguments]) == 0
    shown = capsys.readouterr().out
    folder = Path("there/voice-lrp-square")
    assert {path.name for path in folder.iterdir()} == {
        "attacked.wav",
        "relevance.png",
        "attack.json",
    }
    saved = json.loads((folder / "attack.json").read_text())
    row = next(line for line in shown.splitlines() if saved["label"] in line)
    assert f"{saved['cosine']:.2f}" in row and f"{saved['snr_db']:.1f} dB" in row
    assert saved["decision_kept"] and saved["snr_db"] > 34.9
    assert "AASR" in shown and "n = 1" in shown and "n = 3" in shown
    assert str(folder / "relevance.png") in shown


def test_json_is_one_document_for_all_clips(capsys, place):
    soundfile.write("other.wav", hybrid()[::-1], RATE)
    arguments = ["--model", DETECTOR, "--method", "saliency", "--attack", "shift", "--json"]
    arguments += ["--attack-setting", "count=2", "--cell", "0.05", "--aim", "strongest"]
    assert run(["attack-explanation", "voice.wav", "other.wav", *arguments]) == 0
    voice, other = json.loads(capsys.readouterr().out)
    assert (voice["clip"], other["clip"]) == ("voice.wav", "other.wav")
    assert voice["evaluations"] == 8 and voice["aim"] == "strongest"
    assert voice["provenance"]["cell_seconds"] == 0.05 and voice["provenance"]["budget"] is None
    assert voice["provenance"]["attack_settings"]["count"] == 2
    assert Path(other["files"]["summary"]) == Path("attacked/other-saliency-shift/attack.json")


def test_settings_of_the_method_and_of_the_attack_are_two(capsys, place):
    arguments = ["--model", DETECTOR, "--method", "smoothgrad", "--setting", "samples=2"]
    arguments += ["--masked", "0", "--tolerance", "0.5", "--json", *FEW]
    assert run(["attack-explanation", "voice.wav", *arguments]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["provenance"]["method_settings"]["samples"] == 2
    assert found["provenance"]["attack_settings"]["queries"] == 5
    assert found["provenance"]["tolerance"] == 0.5
    assert abs(found["score_after"] - found["score_before"]) <= 0.5


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--attack", "sqare"], ["sqare", "square"]),
        (["--method", "lpr"], ["lpr", "lrp"]),
        (["--method", "smoothgrad", "--attack", "pgd"], ["smoothgrad", "saliency", "square"]),
        (["--aim", "sideways"], ["sideways", "strongest"]),
        (["--snr", "30", "--masked", "0"], ["--snr", "--masked", "one"]),
        (["--attack", "shift", "--snr", "30"], ["shift", "longest_seconds"]),
        (["--attack", "shift", "--attack-setting", "steps=3"], ["steps", "count"]),
        (["--tolerance", "0"], ["0.0", "above 0"]),
        (["--cell", "0"], ["0.0", "above zero"]),
        (["--target", "dog"], ["dog", "spoof"]),
        (["--attack-setting", "queries"], ["name=value"]),
    ],
)
def test_a_wrong_word_is_one_line(capsys, place, arguments, named):
    assert run(["attack-explanation", "voice.wav", "--model", DETECTOR, *arguments]) == 2
    written = capsys.readouterr()
    assert written.out == "" and written.err.count("\n") == 1
    assert all(word in written.err for word in named)
    assert [path.name for path in place.iterdir()] == ["voice.wav"]
