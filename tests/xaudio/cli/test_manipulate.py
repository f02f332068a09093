import json
from pathlib import Path

import pytest
import soundfile

from tests.xaudio.clips import BAD_CLIPS, RATE, hybrid
from xaudio.cli.main import run

DETECTOR = "tests.xaudio.tiny:high_band_detector"


def test_the_bundled_detector_from_clip_to_table_and_files(capsys, place):
    arguments = ["--model", "lcnn", "--method", "lrp", "--what", "noise", "--draws", "9"]
    assert run(["manipulate", "voice.wav", *arguments, "--share", "0.01", "--share", "0.05"]) == 0
    shown = capsys.readouterr().out
    assert "voice.wav: noise, by lrp (magnitude), spoof - bonafide" in shown
    assert "320 of 32000" in shown and "1600 of 32000" in shown
    folder = Path("manipulated/voice-lrp-noise")
    names = {"noise-0.01.wav", "noise-0.05.wav", "manipulation.json"}
    assert {path.name for path in folder.iterdir()} == names
    saved = json.loads((folder / "manipulation.json").read_text())
    for point in saved["points"]:
        row = next(line for line in shown.splitlines() if f" {point['count']} of" in line)
        assert f" {saved['before']:.2f} " in row and f" {point['score']:.2f} " in row
        assert f"{point['p_value']:.3f}" in row
    clean, _ = soundfile.read("voice.wav", dtype="float32")
    changed, rate = soundfile.read(folder / "noise-0.01.wav", dtype="float32")
    assert rate == RATE and (changed != clean).sum() == 320


def test_json_is_one_document_for_all_clips(capsys, place):
    soundfile.write("other.wav", hybrid()[::-1], RATE)
    arguments = ["--model", DETECTOR, "--what", "remove-bands", "--bands", "8", "--share", "0.125"]
    arguments += ["--ranking", "support", "--draws", "5", "--method", "input-x-gradient"]
    arguments += ["--target", "spoof", "--out", "there", "--json"]
    assert run(["manipulate", "voice.wav", "other.wav", *arguments]) == 0
    voice, other = json.loads(capsys.readouterr().out)
    assert (voice["clip"], other["clip"]) == ("voice.wav", "other.wav")
    folder = Path("there/voice-input-x-gradient-remove-bands")
    assert voice["files"]["0.125"] == str(folder / "remove-bands-0.125.wav")
    assert Path(other["files"]["summary"]).is_file()
    assert voice["target"] == "spoof" and voice["ranking"] == "support"
    (point,) = voice["points"]
    assert voice["before"] > 0 > point["score"]
    assert run(["manipulate", "voice.wav", "other.wav", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)[0]["points"] == [point]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--what", "mute"], ["mute", "remove", "scale-bands"]),
        (["--ranking", "size"], ["size", "support"]),
        (["--share", "0"], ["0", "at most 1"]),
        (["--share", "nan"], ["nan", "at most 1"]),
        (["--draws", "0"], ["0 random"]),
        (["--step", "-1"], ["-1", "longer than zero"]),
        (["--what", "keep-bands", "--step", "0.1"], ["leave out the step"]),
        (["--what", "move-bands", "--hertz", "inf"], ["inf", "finite"]),
        (["--what", "remove-bands", "--method", "occlusion"], ["occlusion", "frequency"]),
        (["--method", "occlusion", "--setting", "window"], ["name=value"]),
        (["--target", "dog"], ["dog", "spoof", "bonafide"]),
        (["--method", "saliensy"], ["saliensy", "saliency"]),
    ],
)
def test_a_wrong_word_is_one_line(refused, arguments, named):
    line = refused("manipulate", "voice.wav", "--model", DETECTOR, *arguments)
    assert all(word in line for word in named)


@pytest.mark.parametrize("kind", BAD_CLIPS)
def test_a_bad_clip_is_one_line_and_leaves_nothing(refused, place, kind):
    bad = place / f"{kind}.wav"
    BAD_CLIPS[kind](bad)
    assert bad.name in refused("manipulate", "voice.wav", str(bad), "--model", DETECTOR)


def test_a_file_where_the_folder_should_be_is_one_line(refused, place):
    (place / "taken").write_text("mine")
    arguments = ["--model", DETECTOR, "--method", "input-x-gradient", "--draws", "2"]
    assert "taken" in refused("manipulate", "voice.wav", *arguments, "--out", "taken")
    assert (place / "taken").read_text() == "mine"
