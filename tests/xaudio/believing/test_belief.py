from dataclasses import replace

import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from tests.xaudio.believing.planted import (
    Dice,
    Loudness,
    explained,
    hidden_clip,
    knows_nothing,
    listener,
    with_relevance,
)
from xaudio.believing import Belief, BeliefSettings, Check, NotChecked, belief
from xaudio.classifiers import load_classifier
from xaudio.errors import ModelError
from xaudio.explaining import explain_clip, load_method

ALL = {"learned", "agreement", "removal", "stability", "accounts"}


def passed(found: Belief) -> set[str]:
    return {check.name for check in found.shown}


def named(found: Belief, name: str) -> Check:
    return next(check for check in found.checks if check.name == name)


@pytest.fixture(scope="module")
def true_map():
    return explained()


@pytest.fixture(scope="module")
def true_belief(true_map):
    return belief(*true_map)


def test_the_map_of_planted_evidence_passes_all_checks(true_belief):
    assert passed(true_belief) == ALL
    assert true_belief.unchecked == ()
    assert true_belief.sentence.startswith("5 of 5 checks hold: it depends on what the model")
    assert "Not shown" not in true_belief.sentence
    assert "may pass all checks and still" in true_belief.sentence


def test_every_check_says_its_value_its_interval_and_what_nothing_would_have(true_belief):
    for check in true_belief.checks:
        assert check.low <= check.value <= check.high
        assert check.sentence.endswith(".") and check.measure
        assert np.isfinite([check.value, check.low, check.high, check.nothing]).all()
    assert named(true_belief, "removal").nothing == 0 < named(true_belief, "removal").low
    assert named(true_belief, "learned").high < 0.6 < named(true_belief, "learned").nothing


def test_a_map_is_compared_with_methods_of_other_families(true_belief):
    sentence = named(true_belief, "agreement").sentence
    assert "'smoothgrad' (" in sentence and "'two-sided-occlusion' (" in sentence
    assert "'lrp'" not in sentence


@pytest.mark.parametrize("seed", [1, 2])
def test_other_clips_pass_as_well(seed):
    assert passed(belief(*explained(seed=seed))) == ALL


@pytest.mark.parametrize(
    ("method", "settings"),
    [("smoothgrad", {}), ("two-sided-occlusion", {"hop": 0.05, "window": 0.1})],
)
def test_other_methods_of_the_same_evidence_are_believed(method, settings):
    found = belief(*explained(method, settings=settings))
    assert {"agreement", "removal"} <= passed(found)
    assert [each.name for each in found.unchecked] == ["accounts"]
    assert "Not checked: whether its accounts balance." in found.sentence


def test_a_map_of_loudness_has_learned_nothing():
    classifier, explainer = listener(), Loudness()
    shown = explain_clip(hidden_clip(), classifier, explainer)
    found = belief(shown, classifier, explainer)
    learned = named(found, "learned")
    assert not learned.passed and learned.value == pytest.approx(1)
    assert "whatever the model learned" in learned.sentence
    assert "Not shown: that it depends on what the model learned" in found.sentence


def test_dice_that_fall_alike_for_the_same_clip_are_not_believed():
    classifier, explainer = listener(), Dice()
    found = belief(explain_clip(hidden_clip(), classifier, explainer), classifier, explainer)
    assert passed(found) <= {"agreement", "removal"}
    assert not passed(found)
    assert named(found, "stability").high < 0.3


def test_a_map_turned_into_its_negative_fails_what_has_a_sign(true_map):
    shown, classifier, explainer = true_map
    wrong = with_relevance(shown, -shown.explanation.relevance)
    found = belief(wrong, classifier, explainer)
    assert named(found, "removal").value < 0
    assert passed(found) == set()


def test_a_map_begun_elsewhere_is_not_believed(true_map):
    shown, classifier, explainer = true_map
    values = np.roll(shown.explanation.relevance, 1300)
    found = belief(with_relevance(shown, values), classifier, explainer)
    assert passed(found) == {"accounts"}  # the sum is the same


def test_accounts_that_lose_a_hundredth_fail(true_map):
    shown, classifier, explainer = true_map
    less = replace(shown.explanation, relevance=0.99 * shown.explanation.relevance)
    found = belief(replace(shown, explanation=less), classifier, explainer)
    lost = 0.01 * abs(shown.explanation.total / shown.explanation.score)
    assert named(found, "accounts").value == pytest.approx(lost, rel=1e-3)
    assert passed(found) == ALL - {"accounts"}
    assert found.sentence.startswith("4 of 5 checks hold")
    assert "Not shown: that its accounts balance." in found.sentence


@pytest.fixture
def remembered(monkeypatch):
    """Maps of the same model and clip are made once: the checks of many maps share them."""
    plain, known = Explainer.explain, {}

    def explain(self, model, waveform, target, progress=None):
        key = (self, target, model.fingerprint, waveform.numpy().tobytes())
        if key not in known:
            known[key] = plain(self, model, waveform, target, progress)
        return known[key]

    monkeypatch.setattr(Explainer, "explain", explain)


@pytest.mark.parametrize("smooth", [0.0, 0.05])
def test_maps_that_know_nothing_hardly_ever_pass(true_map, remembered, smooth):
    """Each check lets pass 2.5 % or less by design; 4 of 12 are beyond chance (p < 0.001)."""
    shown, classifier, explainer = true_map
    counts = dict.fromkeys(ALL, 0)
    for seed in range(12):
        found = belief(knows_nothing(shown, seed, smooth), classifier, explainer)
        assert len(found.shown) < 3
        for name in passed(found):
            counts[name] += 1
    assert max(counts.values()) < 4, counts
    assert counts["learned"] == counts["stability"] == counts["accounts"] == 0


def test_a_model_without_gradients_is_checked_as_far_as_it_goes():
    module = listener()
    classifier = load_classifier(
        lambda waveforms: module(torch_of(waveforms)).detach().numpy(),
        labels=("spoof", "bonafide"),
        sample_rate=4000,
    )
    explainer = load_method("two-sided-occlusion", {"hop": 0.05, "window": 0.1})
    found = belief(explain_clip(hidden_clip(), classifier, explainer), classifier, explainer)
    left = {each.name: each for each in found.unchecked}
    assert set(left) == {"learned", "accounts", "agreement"}
    assert isinstance(left["learned"], NotChecked) and "no weights" in left["learned"].reason
    assert "removal" in passed(found) <= {"removal", "stability"}
    assert "Not checked: whether it depends on what the model learned" in found.sentence


def torch_of(array):
    import torch

    return torch.from_numpy(np.asarray(array, dtype=np.float32))


def test_progress_is_told_from_nothing_to_all(true_map):
    told = []
    belief(*true_map, told.append)
    assert told == sorted(told)
    assert told[0] < 0.2 and told[-1] == pytest.approx(1)
    assert len(told) > 20


def test_progress_can_stop_the_checks(true_map):
    class StoppedError(BaseException):
        pass

    told = []

    def stop(share):
        told.append(share)
        if share > 0.3:
            raise StoppedError

    with pytest.raises(StoppedError):
        belief(*true_map, stop)
    assert told[-1] < 0.6


def test_the_same_question_gets_the_same_answer(true_map, true_belief):
    again = belief(*true_map)
    assert again.checks == true_belief.checks


def test_the_model_is_left_as_it_was(true_map):
    shown, classifier, explainer = true_map
    before = classifier.fingerprint
    belief(shown, classifier, explainer)
    assert classifier.fingerprint == before


def test_a_clip_too_short_for_chance_is_not_checked_against_it():
    classifier, explainer = listener(), load_method("lrp", {})
    shown = explain_clip(hidden_clip().cut(0.3, 0.8), classifier, explainer)
    found = belief(shown, classifier, explainer)
    assert {each.name for each in found.unchecked} == {"agreement", "removal"}
    assert all("too short" in each.reason for each in found.unchecked)


def test_the_voice_has_no_map():
    classifier, explainer = listener(), load_method("voice", {"properties": "loudness"})
    shown = explain_clip(hidden_clip(), classifier, explainer)
    with pytest.raises(ExplanationError, match="no map to check"):
        belief(shown, classifier, explainer)


def test_settings_that_cannot_tell_are_refused():
    with pytest.raises(ModelError, match="at least"):
        BeliefSettings(removals=5)
