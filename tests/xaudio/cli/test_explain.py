import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from explainers.explanation import load_explanation
from tests.xaudio.clips import BAD_CLIPS, HIGH_FROM, HIGH_TO, RATE, hybrid
from xaudio.cli.main import run

DETECTOR = "tests.xaudio.tiny:high_band_detector"
FILES = {"explanation.npz", "picture.png", "relevant.wav", "report.html", "explanation.json"}


def test_decision_comes_first_and_all_files_follow(capsys, place):
    assert run(["explain", "voice.wav", "--model", DETECTOR]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("voice.wav: spoof, score -")
    written = {Path(line.strip()).name for line in lines[1:]}
    assert written == FILES == {path.name for path in Path("explained/voice-lrp").iterdir()}


def test_json_is_one_document_that_says_all(capsys, place):
    arguments = ["voice.wav", "--model", DETECTOR, "--method", "input-x-gradient", "--json"]
    assert run(["explain", *arguments]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["decision"]["label"] == "spoof"
    assert found["target"] == "spoof - bonafide"
    assert set(found["files"]) == {"explanation", "picture", "relevant", "report", "summary"}
    assert all(Path(path).stat().st_size > 0 for path in found["files"].values())
    strongest = found["strongest"][0]
    assert HIGH_FROM <= strongest["start"] < strongest["end"] <= HIGH_TO
    assert load_explanation(found["files"]["explanation"]).score == found["target_value"]


def test_method_target_setting_threshold_and_folder_are_obeyed(capsys, place):
    arguments = ["voice.wav", "--model", DETECTOR, "--method", "occlusion", "--target", "spoof"]
    arguments += ["--setting", "window=0.2", "--setting", "fill=zeros", "--threshold", "-100"]
    assert run(["explain", *arguments, "--out", "there", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["decision"]["label"] == "bonafide"
    assert found["provenance"]["settings"]["window"] == 0.2
    assert found["provenance"]["settings"]["fill"] == "zeros"
    assert found["target"] == "spoof"
    assert found["files"]["report"] == str(Path("there/voice-occlusion/report.html"))


def test_clips_of_one_name_do_not_overwrite_each_other(capsys, place):
    (place / "other").mkdir()
    soundfile.write(place / "other" / "voice.wav", hybrid()[::-1], RATE)
    assert run(["explain", "voice.wav", "other/voice.wav", "--model", DETECTOR, "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["files"]["report"] != second["files"]["report"]


def test_explaining_again_replaces_the_files(capsys, place):
    for target in ("spoof", "bonafide"):
        assert run(["explain", "voice.wav", "--model", DETECTOR, "--target", target]) == 0
    saved = json.loads(Path("explained/voice-lrp/explanation.json").read_text())
    assert saved["target"] == "bonafide"
    assert {path.name for path in Path("explained").iterdir()} == {"voice-lrp"}


@pytest.mark.parametrize("rate, channels", [(192000, 1), (48000, 8), (8000, 2)])
def test_any_rate_and_any_number_of_channels(capsys, place, rate, channels):
    times = np.arange(rate) / rate
    wave = 0.3 * np.sin(2 * np.pi * 440 * times)
    soundfile.write("many.wav", np.repeat(wave[:, None], channels, axis=1), rate)
    assert run(["explain", "many.wav", "--model", DETECTOR, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    chain = " ".join(found["provenance"]["decode_chain"])
    assert f"{rate} -> 16000" in chain
    assert channels == 1 or str(channels) in chain


@pytest.mark.parametrize("kind", BAD_CLIPS)
def test_a_bad_clip_is_one_line(refused, place, kind):
    bad = place / f"{kind}.wav"
    BAD_CLIPS[kind](bad)
    line = refused("explain", "voice.wav", str(bad), "--model", DETECTOR)
    assert bad.name in line


@pytest.mark.parametrize("kind", ["missing", "nan"])
def test_a_bad_clip_in_json_is_one_document(capsys, place, kind):
    bad = place / f"{kind}.wav"
    BAD_CLIPS[kind](bad)
    assert run(["explain", str(bad), "--model", DETECTOR, "--json"]) == 2
    written = capsys.readouterr()
    assert bad.name in json.loads(written.out)["error"]


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["--target", "dog"], ["dog", "spoof", "bonafide"]),
        (["--target", "dog - spoof"], ["dog", "bonafide"]),
        (["--method", "saliensy"], ["saliensy", "saliency", "occlusion"]),
        (["--method", "occlusion", "--setting", "windows=1"], ["windows", "window"]),
        (["--method", "occlusion", "--setting", "window=long"], ["window", "number", "long"]),
        (["--method", "occlusion", "--setting", "window"], ["name=value", "window"]),
        (["--method", "occlusion", "--setting", "window=-1"], ["window"]),
        (["--method", "occlusion", "--setting", "window=NaN"], ["window"]),
        (["--device", "abacus"], ["abacus"]),
        (["--weights", "nowhere.pth"], ["nowhere.pth"]),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(refused, arguments, named):
    line = refused("explain", "voice.wav", "--model", DETECTOR, *arguments)
    assert all(word in line for word in named)


def test_what_only_the_method_can_refuse_leaves_the_decision_standing(capsys, place):
    arguments = ["--model", DETECTOR, "--method", "grad-cam", "--setting", "layer=nowhere"]
    assert run(["explain", "voice.wav", *arguments]) == 2
    written = capsys.readouterr()
    assert written.out.count("\n") == 1
    assert "spoof" in written.out
    assert "'nowhere'" in written.err
    assert "difference" in written.err
    assert [path.name for path in place.iterdir()] == ["voice.wav"]


@pytest.mark.parametrize(
    "model, named",
    [
        ("lcnnn", "lcnn"),
        ("nowhere.module:factory", "nowhere"),
        ("tests.xaudio.tiny:nothing", "nothing"),
        ("nowhere.onnx", "nowhere.onnx"),
        ("nowhere.pt2", "nowhere.pt2"),
    ],
)
def test_an_unknown_model_is_one_line(refused, model, named):
    labels = ["--label", "spoof", "--label", "bonafide", "--sample-rate", "16000"]
    assert named in refused("explain", "voice.wav", "--model", model, *labels)


def test_weights_of_another_architecture_name_the_first_mismatch(refused, place):
    torch.save({"difference.weight": torch.zeros(1, 1, 3)}, place / "other.pth")
    line = refused("explain", "voice.wav", "--model", DETECTOR, "--weights", "other.pth")
    assert "difference.weight" in line
    assert "(1, 1, 3)" in line


class Bomb:
    """What an attacker would put into a weights file."""

    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


def test_a_pickle_that_would_run_code_is_refused(refused, place):
    (place / "bomb.pth").write_bytes(pickle.dumps({"difference.weight": Bomb()}))
    assert "bomb.pth" in refused(
        "explain", "voice.wav", "--model", DETECTOR, "--weights", "bomb.pth"
    )
    assert not (place / "exploded").exists()


def test_a_file_where_the_folder_should_be_is_one_line(capsys, place):
    (place / "taken").write_text("mine")
    assert run(["explain", "voice.wav", "--model", DETECTOR, "--out", "taken"]) == 2
    assert "taken" in capsys.readouterr().err
    assert (place / "taken").read_text() == "mine"


def test_the_decision_waits_for_no_drawing_and_no_signal_library(place):
    """What is imported by the time the first line is printed decides how soon it comes."""
    watch = (
        "import sys, typer\n"
        "say = typer.echo\n"
        "def first_line(*words, **more):\n"
        "    say(sorted({'matplotlib', 'captum', 'scipy', 'librosa', 'sklearn', 'transformers'}\n"
        "               & set(sys.modules)))\n"
        "    raise SystemExit\n"
        "typer.echo = first_line\n"
        "from xaudio.cli.main import run\n"
        f"run(['explain', 'voice.wav', '--model', '{DETECTOR}'])\n"
    )
    root = str(Path(__file__).parents[3])
    shown = subprocess.run(
        [sys.executable, "-c", watch],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": root, "OMP_NUM_THREADS": "1"},
        cwd=place,
    )
    assert shown.stdout.strip() == "[]", shown.stderr


SEQUENCE = """
from torch import nn

def build():
    pool, flat = nn.AdaptiveAvgPool1d(1), nn.Flatten()
    unsqueezed = nn.Unflatten(1, (1, -1))
    return nn.Sequential(unsqueezed, nn.Conv1d(1, 2, 9), nn.ReLU(), nn.Conv1d(2, 2, 9), pool, flat)
"""


def test_a_layer_may_be_a_number_and_a_model_lie_in_the_current_folder(capsys, place):
    (place / "sequence_of_my_own.py").write_text(SEQUENCE)
    arguments = ["--model", "sequence_of_my_own:build", "--sample-rate", "16000"]
    arguments += ["--label", "spoof", "--label", "bonafide", "--method", "grad-cam"]
    assert run(["explain", "voice.wav", *arguments, "--setting", "layer=3", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["provenance"]["settings"]["layer"] == "3"
    assert sys.modules.pop("sequence_of_my_own")


@pytest.mark.parametrize("device", ["meta", "cuda:99"])
def test_a_device_that_cannot_compute_is_one_line(refused, device):
    assert device in refused("explain", "voice.wav", "--model", DETECTOR, "--device", device)
