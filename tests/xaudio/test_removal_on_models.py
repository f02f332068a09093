"""Every method that removes or changes, on every kind of model, from Python and as a command."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

import xaudio
from explainers.explainer import methods_without_gradients
from explainers.explanation import load_explanation
from tests.xaudio.every_model import (
    ENDS,
    MODELS,
    ONE_DETECTOR,
    TOLD,
    saved_onnx,
    saved_program,
    saved_wav2vec2,
    saved_weights,
)
from xaudio.audio import Clip, clip_from_samples
from xaudio.classifiers import Classifier
from xaudio.cli.main import run

RATE, SECONDS = 16000, 0.9
BURSTS = [(0.05, 0.35, 440.0), (0.5, 0.85, 3000.0)]
"""Start, end and pitch of the two things there are to hear."""
FEW = {"segments": "windows:0.15"}
METHODS = {
    "leave-one-out": FEW,
    "occlusion": {"window": 0.3, "hop": 0.15},
    "occlusion-time-frequency": {"window": 0.45, "bands": 3},
    "two-sided-occlusion": {"window": 0.3, "hop": 0.15},
    "lime": {**FEW, "evaluations": 20},
    "regression": {**FEW, "evaluations": 20},
    "kernelshap": {"segments": "windows:0.3", "evaluations": 20},
    "shapley": {"segments": "windows:0.3"},
    "forest": {**FEW, "evaluations": 20},
    "forest-impurity": {**FEW, "evaluations": 20},
    "forest-permutation": {**FEW, "evaluations": 20},
    "rise": {"segments": "windows:0.1", "evaluations": 20},
    "sobol": {**FEW, "evaluations": 16},
    "replay": {"window": 0.4, "shortest": 0.2},
    "words": {},
    "voice": {"properties": "speed,noise", "repeats": 2},
}
COMMANDS = ["lime", "kernelshap", "shapley", "forest", "rise", "sobol"]
COMMANDS += ["occlusion", "replay", "words", "voice"]
FILES = {"explanation.npz", "picture.png", "relevant.wav", "report.html", "explanation.json"}


def sound() -> np.ndarray:
    """A low burst and a high one over a little noise."""
    times = np.arange(round(SECONDS * RATE)) / RATE
    wave = 0.005 * np.random.default_rng(0).normal(size=len(times))
    for start, end, pitch in BURSTS:
        inside = (times >= start) & (times < end)
        wave[inside] += 0.3 * np.sin(2 * np.pi * pitch * times[inside])
    return wave


class Counted(Classifier):
    """A classifier that notes how many clips it is asked about."""

    def __init__(self, classifier: Classifier, asked: list[int]):
        vars(self).update(vars(classifier))
        self.asked = asked

    def __call__(self, waveform: Tensor) -> Tensor:
        self.asked.append(len(waveform))
        return super().__call__(waveform)


@pytest.fixture(scope="module")
def clip() -> Clip:
    return clip_from_samples(sound(), RATE, "two bursts")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The model of that name, made once."""
    folder = tmp_path_factory.mktemp("models")
    return cache(lambda name: MODELS[name](folder))


@pytest.fixture(scope="module")
def explained(models, clip):
    """What that method finds for that model, and how many clips it was asked about; made once."""

    def ask(model: str, method: str):
        asked: list[int] = []
        found = xaudio.explain(
            clip, Counted(models(model), asked), method, settings=METHODS[method]
        )
        return found.explanation, sum(asked[1:])  # the decision asks first

    return cache(ask)


def score_of(classifier: Classifier, waveform: Tensor) -> float:
    with torch.no_grad():
        return -float(classifier.score(waveform))


def test_all_methods_that_need_no_gradients_are_here():
    assert set(METHODS) == set(methods_without_gradients())


@pytest.mark.filterwarnings("ignore:At least one mel filter")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", MODELS)
def test_every_method_runs_on_every_model(models, clip, explained, tmp_path, model, method):
    explanation, asked = explained(model, method)
    assert (explanation.method, explanation.target) == (method, "spoof - bonafide")
    assert np.isfinite(explanation.relevance).all() and explanation.relevance.any()
    assert explanation.provenance["evaluations"] == asked
    heard = clip.resampled(models(model).sample_rate)
    expected = score_of(models(model), heard.waveform)
    assert explanation.score == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert bool(explanation.ledger) == (explanation.signed and method != "voice")
    if explanation.ledger:
        amounts = [explanation.total, *explanation.ledger.values()]
        assert abs(sum(amounts) - explanation.score) <= 1e-5 * max(map(abs, amounts))
    if not explanation.signed:
        assert (explanation.relevance >= 0).all()
    explanation.save(tmp_path / "explanation.npz")
    assert load_explanation(tmp_path / "explanation.npz").equals(explanation)


@pytest.mark.parametrize("model", MODELS)
def test_a_part_is_worth_what_the_model_loses_without_it(models, clip, model):
    heard = clip.resampled(models(model).sample_rate)
    plain = {**FEW, "fill": "zeros", "joint": 0.0}
    found = xaudio.explain(clip, models(model), "leave-one-out", settings=plain).explanation
    whole = score_of(models(model), heard.waveform)
    for (start, end, *_), relevance in zip(found.segments, found.relevance, strict=True):
        without = heard.waveform.clone()
        without[:, round(start * heard.sample_rate) : round(end * heard.sample_rate)] = 0
        fall = whole - score_of(models(model), without)
        assert relevance == pytest.approx(fall, abs=1e-5 * max(1, abs(whole)))
    silence = score_of(models(model), torch.zeros_like(heard.waveform))
    assert found.ledger["everything replaced"] == pytest.approx(silence, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", ONE_DETECTOR)
def test_one_detector_in_any_form_is_explained_alike(explained, form, method):
    expected, found = explained("module", method)[0], explained(form, method)[0]
    scale = np.abs(expected.relevance).max()
    np.testing.assert_allclose(found.relevance, expected.relevance, atol=1e-3 * scale, rtol=0)
    assert found.provenance["evaluations"] == expected.provenance["evaluations"]


QUARTERS = {"segments": "windows:0.25"}


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("leave-one-out", QUARTERS),
        ("shapley", QUARTERS),
        ("two-sided-occlusion", {"window": 0.25, "hop": 0.25}),
    ],
)
@pytest.mark.parametrize("model", ENDS)
def test_what_a_model_does_not_hear_is_worth_nothing(models, clip, model, method, settings):
    plain = {**settings, "joint": 0.0, "fill": "zeros"}
    found = xaudio.explain(clip, models(model), method, settings=plain).explanation
    worth = abs(found.over_time(0.25).relevance)
    heard = round(ENDS[model] / 0.25)
    rounding = 2e-6 * max(1, abs(found.score))
    assert (worth[:heard] > 5 * rounding).all() and (worth[heard:] <= rounding).all()


@pytest.mark.parametrize("model", ["lcnn", "aasist", "onnx, two clips at a time"])
def test_shapley_values_leave_nothing_over(explained, model):
    exact, fitted = (explained(model, one)[0] for one in ("shapley", "kernelshap"))
    rounding = 2e-6 * max(1, abs(exact.score))
    for explanation in (exact, fitted):
        assert abs(explanation.ledger["interaction"]) <= 1e-9 * max(1, abs(exact.score))
    # Both asked about all coalitions.
    np.testing.assert_allclose(fitted.relevance, exact.relevance, atol=rounding, rtol=0)


ONNX = ["--model", "detector.onnx", "--sample-rate", str(TOLD["sample_rate"])]
ONNX += [word for label in TOLD["labels"] for word in ("--label", label)]
COMMAND_LINES = {
    "hugging face": lambda folder: ["--model", saved_wav2vec2(folder)],
    "pipeline": lambda _: ["--model", "tests.xaudio.every_model:pipeline"],
    "program": lambda folder: [
        *("--model", str(saved_program(folder / "detector.pt2", None))),
        *ONNX[2:],
    ],
    "weights": lambda folder: ["--model", "aasist-l", "--weights", str(saved_weights(folder))],
}
TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

0
0.9
<exists>
1
"IntervalTier"
"words"
0
0.9
2
0.05
0.35
"low"
0.5
0.85
"high"
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to work in, with a clip, a model and an alignment."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("bursts.wav", sound(), RATE)
    saved_onnx(Path("detector.onnx"), ["batch", "time"])
    Path("words.TextGrid").write_text(TEXTGRID)
    return tmp_path


def given(settings: dict[str, object]) -> list[str]:
    return [word for name, value in settings.items() for word in ("--setting", f"{name}={value}")]


def explain(capsys, *arguments: str) -> dict:
    assert run(["explain", "bursts.wav", *arguments, "--json"]) == 0
    written = capsys.readouterr()
    assert written.err == ""
    return json.loads(written.out)[0]


@pytest.mark.parametrize(
    ("model", "method"),
    [("onnx", method) for method in COMMANDS] + [("lcnn", method) for method in COMMANDS[-3:]],
)
def test_every_method_is_a_command(capsys, place, model, method):
    named = {"onnx": ONNX, "lcnn": ["--model", "lcnn"]}[model]
    found = explain(capsys, *named, "--method", method, *given(METHODS[method]))
    files = {what: Path(file) for what, file in found["files"].items()}
    assert {file.name for file in files.values()} == FILES
    explanation = load_explanation(files["explanation"])
    assert (explanation.method, explanation.score) == (method, found["target_value"])
    page = files["report"].read_text()
    assert "bursts.wav" in page and f"--method {method}" in page
    settings = found["provenance"]["settings"]
    assert {name: settings[name] for name in METHODS[method]} == METHODS[method]
    assert {part["name"] for part in found["parts"]} == set(explanation.segment_names)


@pytest.mark.parametrize("kind", ["hugging face", "pipeline", "program", "weights"])
def test_every_kind_of_model_is_named_at_the_command_line(capsys, place, kind):
    model = COMMAND_LINES[kind](place)
    capsys.readouterr()
    settings = {"segments": "windows:0.6"}
    found = explain(capsys, *model, "--method", "leave-one-out", *given(settings))
    assert len(found["parts"]) == 2
    assert found["provenance"]["model"]["name"] == model[1]


def test_words_of_an_alignment(capsys, place):
    settings = {"alignment": "words.TextGrid", "before": 0.02, "after": 0.02}
    found = explain(capsys, *ONNX, "--method", "words", *given(settings))
    parts = {part["name"]: (part["start"], part["end"]) for part in found["parts"]}
    assert parts == {name: burst[:2] for name, burst in zip(("low", "high"), BURSTS, strict=True)}
    page = Path(found["files"]["report"]).read_text()
    assert "low" in page and "Part by part" in page


def test_every_fill_and_how_far_it_matters(capsys, place):
    found = explain(capsys, *ONNX, "--method", "leave-one-out", *given({**FEW, "fill": "all"}))
    explanation = load_explanation(found["files"]["explanation"])
    fills = {child.provenance["fill"]: child.relevance for child in explanation.children}
    assert {"zeros", "matched-noise", "linear-prediction"} <= set(fills)
    np.testing.assert_allclose(explanation.relevance, np.mean([*fills.values()], axis=0))
    assert "How far it depends on the fill" in Path(found["files"]["report"]).read_text()


def test_bands_of_frequency(capsys, place):
    settings = {"segments": "bands:mel:8", "evaluations": 60}
    found = explain(capsys, *ONNX, "--method", "kernelshap", *given(settings))
    boxes = load_explanation(found["files"]["explanation"]).segments
    assert len(boxes) == 8
    assert boxes[0, 2] == 0 and boxes[-1, 3] == 4000 and (boxes[1:, 2] == boxes[:-1, 3]).all()


def test_significance_against_scrambled_clips(capsys, place):
    settings = {**FEW, "null": "scrambled", "null_draws": 9}
    found = explain(capsys, *ONNX, "--method", "leave-one-out", *given(settings))
    chances = [part["chance"] for part in found["parts"]]
    assert all(0.1 <= chance <= 1 for chance in chances)  # 1 of 10 at the least
    assert "p in scrambled clips" in Path(found["files"]["report"]).read_text()


@pytest.mark.parametrize(
    ("method", "settings", "named"),
    [
        ("lime", {"segments": "window:0.1"}, ["windows", "patches"]),
        ("lime", {"segments": "windows:long"}, ["windows:SECONDS[:HOP]"]),
        ("lime", {"segments": "bands:bark:8"}, ["bark", "mel", "erb"]),
        ("lime", {"segments": "bands:mel:900"}, ["8000 Hz", "or fewer"]),
        ("lime", {"segments": "words:nowhere.csv"}, ["nowhere.csv", "No such file"]),
        ("lime", {"segments": "windows:0.0000001"}, ["7200 parts", "longer"]),
        ("occlusion-time-frequency", {"bands": 300}, ["300 mel bands", "or fewer"]),
        ("occlusion-time-frequency", {"window": 0.00001}, ["0.008 s", "or more"]),
        ("words", {"alignment": "nowhere.TextGrid"}, ["nowhere.TextGrid", "No such file"]),
        ("words", {"alignment": "bursts.wav"}, ["wav", "textgrid"]),
        ("words", {"estimator_name": "rise"}, ["rise", "leave-one-out", "shapley"]),
        ("lime", {"evaluations": 1}, ["evaluations", "2"]),
        ("kernelshap", {"evaluations": 5}, ["too few", "at least"]),
        ("shapley", {"evaluations": 5}, ["too few", "at least"]),
        ("sobol", {"evaluations": 5}, ["too few", "at least"]),
        ("forest", {"evaluations": 5}, ["too few", "at least"]),
        ("occlusion", {"evaluations": 5}, ["evaluations"]),
        ("rise", {"fill": "silence"}, ["silence", "zeros", "all"]),
        ("replay", {"fill": "all"}, ["one fill"]),
        ("lime", {"null": "shuffled"}, ["scrambled", "randomised"]),
        ("lime", {"null": "randomised"}, ["no parameters", "scrambled"]),
        ("lime", {"behind": "front"}, ["front", "none"]),
        ("lime", {"design": "all"}, ["independent", "paired"]),
        ("estimate", {}, ["kernelshap", "lime"]),
        ("voice", {"properties": "age"}, ["age", "pitch", "speed"]),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(capsys, place, method, settings, named):
    before = sorted(place.rglob("*"))
    assert run(["explain", "bursts.wav", *ONNX, "--method", method, *given(settings)]) == 2
    written = capsys.readouterr()
    assert written.err.count("\n") == 1 and written.err.startswith("Error: ")
    assert "Traceback" not in written.err
    assert all(word in written.err for word in named)
    assert sorted(place.rglob("*")) == before
