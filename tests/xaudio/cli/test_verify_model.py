import json
import re

import pytest

from explainers.lrp.composites import composites
from explainers.lrp.verification import Row, verify
from explainers.lrp.verification.clips import speech_like
from tests.shared_data import shared_data
from tests.xaudio.clips import write_good
from xaudio.classifiers import load_classifier
from xaudio.cli.main import run
from xaudio.cli.verification_tables import _tree

DETECTOR = "tests.xaudio.tiny:high_band_detector"


def verified(capsys, *arguments):
    code = run(["verify-model", *arguments])
    written = capsys.readouterr()
    assert written.err == ""
    return code, written.out


def test_the_bundled_detector_passes_and_every_table_is_there(capsys):
    code, shown = verified(capsys, "lcnn")
    assert code == 0
    assert shown.startswith("lcnn: spoof, bonafide at 16000 Hz, fit any:1\n")
    assert "relevance of 'spoof - bonafide' by the rules 'epsilon'" in shown
    for title in ("Relevance through the layers", "Operations met", "Where the score went"):
        assert title in shown
    assert re.search(r"relevance conserved, float64 +✓ passed", shown)
    assert re.search(r"\n +normalise +batch_norm +[+-]\d", shown)
    assert re.search(r"\n batch_norm +7 +7 +a scale per channel", shown)
    assert re.search(r"\n = score +[+-]", shown)
    assert "Nothing failed" in shown.splitlines()[-1]
    assert "✗" not in shown


def test_json_is_one_document_that_says_all(capsys, tmp_path):
    clip = write_good(tmp_path / "voice.wav")
    code, shown = verified(capsys, DETECTOR, "--audio", str(clip), "--composite", "cp", "--json")
    found = json.loads(shown)
    assert code == 0
    assert found["passed"] is True
    assert (found["clip"], found["composite"]) == (str(clip), "cp")
    assert {one["status"] for one in found["findings"]} <= {"passed", "warning", "not checked"}
    account = found["account"]
    absorbed = sum(sink["amount"] for sink in found["sinks"])
    assert account["received"] + absorbed == pytest.approx(account["score"])
    assert {"place", "operation", "arrives", "handed_on", "absorbed", "error"} == set(
        found["rows"][0]
    )


def test_the_clip_counts(capsys, tmp_path):
    clip = write_good(tmp_path / "voice.wav")
    _, with_clip = verified(capsys, DETECTOR, "--audio", str(clip), "--json")
    _, without = verified(capsys, DETECTOR, "--json")
    scores = [json.loads(one)["account"]["score"] for one in (with_clip, without)]
    assert scores[0] != pytest.approx(scores[1])


def test_a_fault_ends_with_code_1_and_its_name(capsys):
    code, shown = verified(capsys, "tests.xaudio.cli.test_verify_model:foreign")
    assert code == 1
    assert re.search(r"every operation has a rule +✗ failed +1 ", shown)
    assert "'TwiceBackward' which feeds 'mean' in the model itself" in shown
    assert shown.splitlines()[-1].startswith("Failed: every operation has a rule (")
    code, shown = verified(capsys, "tests.xaudio.cli.test_verify_model:foreign", "--json")
    assert code == 1
    assert json.loads(shown)["unknown"][0]["operation"] == "TwiceBackward"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        ([DETECTOR, "--composite", "nonsense"], "epsilon_plus"),
        ([DETECTOR, "--target", "nonsense"], "names no label"),
        ([DETECTOR, "--audio", "nowhere.wav"], "nowhere.wav"),
        (["tests.xaudio.cli.test_verify_model:without_gradients"], "no gradients"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(capsys, arguments, said):
    assert run(["verify-model", *arguments]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.count("\n") == 1
    assert said in written.err


def test_all_shows_every_call_and_depth_says_how_deep(capsys):
    def rows(*arguments):
        shown = verified(capsys, "lcnn", *arguments)[1]
        return shown.split("Relevance through")[1].split("Operations met")[0].splitlines()

    folded, deep, every = rows("--depth", "1"), rows("--depth", "2"), rows("--all")
    assert len(folded) < len(deep) < len(every)
    assert not any(row.strip().startswith("12 ") for row in folded)


def test_help_names_every_composite(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    run(["verify-model", "--help"])
    shown = capsys.readouterr().out
    assert [name for name in composites.names() if name not in shown] == []


def test_paths_are_told_once():
    def row(place):
        return Row(place, "add", 1.0, 1.0, {}, 0.0)

    rows = [row(place) for place in ("", "a.b.c", "a.b.d", "a.b", "a.b", "a.e.f", "g.h")]
    assert [label for label, _ in _tree(rows)] == [
        "(the model itself)",
        "a",
        "  b",
        "    c",
        "    d",
        "    (itself)",
        "    (itself)",
        "  e.f",
        "g.h",
    ]
    assert [one.place for _, one in _tree(rows) if one] == [one.place for one in rows]


@pytest.mark.slow
def test_aasist_as_published():
    weights = shared_data("aasist/AASIST-L.pth")
    # A shorter input than the published one, for speed.
    classifier = load_classifier("aasist-l", weights, fit="tile:16000")
    found = verify(classifier, speech_like(16000, seconds=1.0))
    assert found.passed, found.failed
    assert len(found.rows) > 100
    assert "GAT_layer_T.bn" in {row.place for row in found.rows}


def foreign():
    import torch

    from tests.xaudio.tiny import HighBandDetector

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad

    class Foreign(HighBandDetector):
        def frames(self, waveform):
            return Twice.apply(super().frames(waveform))

    return Foreign()


def without_gradients():
    import numpy as np

    def judge(waveform):
        level = np.abs(waveform).mean(1)
        return np.stack([level, -level], axis=1)

    judge.labels, judge.sample_rate = ("spoof", "bonafide"), 16000
    return judge
