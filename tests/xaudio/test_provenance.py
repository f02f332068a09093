import json
import shlex
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import pytest

from xaudio.provenance import ModelSpec, Provenance, command_line, plain, python_lines, versions

RECORD = Provenance(
    clip="voice.wav",
    clip_sha256="ab" * 32,
    decode_chain=("WAV", "mixed"),
    model=ModelSpec("model.onnx", "w.pth", ("a b", "c"), 8000),
    weights_sha256="cd" * 32,
    device="cuda",
    threshold=0.5,
    method="occlusion",
    settings={"window": 0.2, "path": PurePosixPath("x")},
    target="a b - c",
    seed=3,
    seconds=1.5,
    versions={"torch": "2"},
)


def test_the_record_is_json():
    stored = json.loads(json.dumps(RECORD.as_dict(), allow_nan=False))
    assert stored["model"]["labels"] == ["a b", "c"]
    assert stored["settings"] == {"window": 0.2, "path": "x"}
    assert stored["decode_chain"] == ["WAV", "mixed"]


def test_versions_name_what_numbers_depend_on():
    import torch

    assert versions()["torch"] == torch.__version__


def test_the_command_line_means_what_was_done():
    name = "it's $HOME; rm.wav"
    words = shlex.split(command_line(RECORD, name, {"fill": "zeros"}))
    assert words[:3] == ["xaudio", "explain", name]
    options = list(zip(words[3::2], words[4::2], strict=True))
    assert options == [
        ("--model", "model.onnx"),
        ("--weights", "w.pth"),
        ("--label", "a b"),
        ("--label", "c"),
        ("--sample-rate", "8000"),
        ("--method", "occlusion"),
        ("--target", "a b - c"),
        ("--device", "cuda"),
        ("--threshold", "0.5"),
        ("--setting", "fill=zeros"),
        ("--out", "explained"),
    ]


def test_the_python_means_what_was_done(monkeypatch):
    import xaudio

    called = {}

    class Explained:
        def save(self, folder):
            called["folder"] = folder

    def explain(*given, **named):
        called.update(given=given, named=named)
        return Explained()

    monkeypatch.setattr(xaudio, "explain", explain, raising=False)
    name = 'a "quoted" \\ name\n.wav'
    exec(python_lines(RECORD, name, {"fill": "zeros"}), {})
    assert called["given"] == (name, "model.onnx", "occlusion", "a b - c")
    assert called["named"] == {
        "weights": "w.pth",
        "labels": ("a b", "c"),
        "sample_rate": 8000,
        "device": "cuda",
        "threshold": 0.5,
        "settings": {"fill": "zeros"},
    }
    assert called["folder"] == "explained"


def test_what_is_as_usual_is_left_out():
    usual = replace(RECORD, model=ModelSpec("lcnn"), device="cpu", threshold=0.0)
    assert command_line(usual, "a.wav", {}) == (
        "xaudio explain a.wav --model lcnn --method occlusion --target 'a b - c' --out explained"
    )


@pytest.mark.parametrize(
    "value, expected",
    [(np.float32(0.5), 0.5), (np.int64(3), 3), ({1: (2,)}, {"1": [2]}), (None, None), (True, True)],
)
def test_plain_values(value, expected):
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_an_object_has_no_command_and_is_named_in_the_python(monkeypatch):
    import xaudio

    given = replace(RECORD, model=ModelSpec("Mine\nrm", labels=("a", "b"), is_object=True))
    assert shlex.split(command_line(given, "a.wav", {}), comments=True) == []
    assert "\n" not in command_line(given, "a.wav", {})
    called = []
    monkeypatch.setattr(
        xaudio, "explain", lambda *words, **more: called.append(words) or Saved(), raising=False
    )
    model = object()
    exec(python_lines(given, "a.wav", {}), {"model": model})
    assert called == [("a.wav", model, "occlusion", "a b - c")]


class Saved:
    def save(self, folder):
        pass
