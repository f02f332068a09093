from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.explainer import (
    Attribution,
    Explainer,
    Scoring,
    default_settings,
    device_of,
    explainers,
    load_explainer,
    methods_without_gradients,
    register_explainer,
)
from explainers.targets import parse_target
from tests.explainers.small_models import Frames, Function, Quadratic, model_of, noise

CLIPS = noise(2, 300)
NAMES = (
    "grad-cam",
    "input-x-gradient",
    "integrated-gradients",
    "occlusion",
    "occlusion-time-frequency",
    "saliency",
    "smoothgrad",
)


def test_the_methods_are_there_and_say_what_they_do():
    assert set(NAMES) <= set(explainers.names())
    for name in NAMES:
        method = explainers.get(name)
        assert method.name == name and method.summary.endswith(".")


REMOVALS = (
    "forest",
    "forest-impurity",
    "forest-permutation",
    "kernelshap",
    "leave-one-out",
    "lime",
    "occlusion",
    "occlusion-time-frequency",
    "regression",
    "replay",
    "rise",
    "shapley",
    "sobol",
    "two-sided-occlusion",
    "voice",
    "words",
)


def test_methods_without_gradients_are_the_removals():
    assert set(methods_without_gradients()) == set(REMOVALS)
    for name in REMOVALS:
        method = explainers.get(name)
        assert method.name == name and method.summary.endswith(".")
        assert "fill" in default_settings(name) or name == "voice"


def test_settings_are_known_by_name():
    assert default_settings("saliency") == {}
    assert default_settings("grad-cam") == {"layer": ""}
    assert default_settings("integrated-gradients")["steps"] == 32
    assert load_explainer("integrated-gradients", steps=7).steps == 7


def test_an_unknown_method_or_setting_names_those_there_are():
    with pytest.raises(ExplanationError, match="Did you mean 'saliency'"):
        load_explainer("salience")
    with pytest.raises(ExplanationError, match="steps, baseline, seed, batch_size"):
        load_explainer("integrated-gradients", step=3)
    with pytest.raises(ExplanationError, match="none"):
        load_explainer("saliency", steps=3)


def test_an_explanation_says_how_it_was_made():
    model = model_of(Quadratic())
    target = parse_target("spoof-bonafide", model.labels)
    found = load_explainer("integrated-gradients", steps=5).explain(model, CLIPS, target)
    assert len(found) == 2
    for one, clip in zip(found, CLIPS, strict=True):
        assert one.target == "spoof - bonafide"
        assert one.score == pytest.approx(float(clip.square().sum()), rel=1e-5)
        assert one.seconds == pytest.approx(0.3)
        assert one.provenance["settings"]["steps"] == 5
        assert one.provenance["seconds"] > 0
        assert one.provenance["versions"]["torch"] == torch.__version__
        assert one.provenance["evaluations"] == 7


@pytest.mark.parametrize(
    "waveform",
    [
        torch.full((1, 10), torch.nan),
        torch.full((1, 10), torch.inf),
        torch.ones(1, 0),
        torch.ones(0, 5),
    ],
)
def test_a_waveform_that_is_none_is_refused(waveform):
    model = model_of(Quadratic())
    with pytest.raises(ExplanationError):
        load_explainer("saliency").explain(model, waveform, parse_target("spoof", model.labels))


def test_a_model_in_training_is_refused():
    model = model_of(Quadratic())
    model.module.train()
    with pytest.raises(ExplanationError, match="training mode"):
        load_explainer("saliency").explain(model, CLIPS, parse_target("spoof", model.labels))


def test_logits_that_do_not_fit_are_refused():
    target = parse_target("spoof", ("bonafide", "spoof"))
    with pytest.raises(ExplanationError, match="2 labels"):
        Scoring(Function(lambda waveform: waveform[:, :3]), target)(CLIPS)
    with pytest.raises(ExplanationError, match="not finite"):
        Scoring(Function(lambda waveform: waveform[:, :2] / 0), target)(CLIPS)


def test_scoring_counts_what_it_is_asked():
    scoring = Scoring(model_of(Quadratic()), parse_target("spoof", ("bonafide", "spoof")))
    scoring(CLIPS)
    scoring(CLIPS[:1])
    assert scoring.evaluations == 3


def test_a_method_of_ones_own_joins_by_one_decorator(monkeypatch):
    explainers.names()
    # What joins here leaves with the test, or others in this process would find it.
    monkeypatch.setattr(explainers, "_entries", dict(explainers._entries))

    @register_explainer
    @dataclass(frozen=True)
    class Loudness(Explainer):
        power: float = 2.0

        name: ClassVar[str] = "test-loudness"
        signed: ClassVar[bool] = False
        needs_gradients: ClassVar[bool] = False
        summary: ClassVar[str] = "How loud each sample is."

        def attribute(self, task):
            return [Attribution(np.abs(clip.numpy()) ** self.power) for clip in task.waveform]

    model = Function(lambda waveform: waveform[:, :2])
    one = load_explainer("test-loudness", power=1.0).explain(
        model, CLIPS, parse_target("spoof", model.labels)
    )[0]
    np.testing.assert_allclose(one.relevance, CLIPS[0].abs())
    assert one.provenance["settings"] == {"power": 1.0}


def test_the_device_is_that_of_the_parameters():
    assert device_of(Function(lambda waveform: waveform), CLIPS.to("meta")).type == "meta"
    assert device_of(model_of(Quadratic()), CLIPS.to("meta")).type == "meta"  # it has none
    assert device_of(model_of(Frames()), CLIPS.to("meta")).type == "cpu"


def test_what_was_found_becomes_an_explanation_with_all_that_is_known():
    model = model_of(Quadratic())
    method = load_explainer("occlusion")
    scoring = Scoring(model, parse_target("spoof", model.labels))
    found = Attribution(
        np.array([1.0, 2.0]),
        "segments",
        {"segments": np.array([[0, 0.1, 0, 500], [0.1, 0.3, 0, 500]]), "segment_names": ("a", "b")},
        {"fit": 0.5},
    )
    one = method.explanation(found, scoring, 300, 4.0, {"seed": 7})
    assert one.method == "occlusion" and one.signed and one.target == "spoof"
    assert (one.score, one.seconds, one.sample_rate) == (4.0, 0.3, 1000)
    assert one.segment_names == ("a", "b") and one.domain == "segments"
    assert one.provenance == {"seed": 7, "fit": 0.5}
