import numpy as np
import pytest
import torch

from explainers.contract import ModuleModel, SmallDetector, check_explainer
from explainers.errors import ExplanationError
from explainers.explanation import load_explanation
from explainers.targets import parse_target
from explainers.voice.explainer import Voice, curves_of
from perturbations.voice.properties import voice_properties
from tests.explainers.small_models import Function, noise

CLIPS = noise(2, 2_000)


def explain(model, clips=CLIPS, **settings):
    target = parse_target("spoof - bonafide", model.labels)
    return Voice(**settings).explain(model, clips, target)


def test_it_keeps_what_every_method_promises():
    check_explainer(Voice(repeats=2, batch_size=7))


def test_one_segment_per_property_over_the_whole_clip(tmp_path):
    one = explain(ModuleModel(SmallDetector()), properties="speed, noise", repeats=2)[1]
    assert one.domain == "segments"
    assert one.segment_names == ("speed", "noise")
    np.testing.assert_array_equal(one.segments, [[0, 0.5, 0, 2000]] * 2)
    speed, hiss = curves_of(one)
    assert one.relevance.tolist() == [speed.attribution, hiss.attribution]
    assert one.standard_error.tolist() == [0.0, hiss.standard_error]
    assert hiss.standard_error > 0
    assert speed.clip_score == pytest.approx(one.score, abs=1e-5)
    assert one.provenance["evaluations"] == 1 + 1 + (1 + 10) + (1 + 2 * 11)
    one.save(tmp_path / "voice.npz")
    loaded = load_explanation(tmp_path / "voice.npz")
    assert [curve.to_plain() for curve in curves_of(loaded)] == one.provenance["curves"]


def test_a_detector_of_loudness_is_flipped_by_loudness_at_the_threshold():
    def loud(clips):
        level = 20 * clips.square().mean(dim=1).sqrt().log10()
        return torch.stack([torch.zeros(len(clips)), level], dim=1)

    model = Function(loud)
    model.sample_rate = 4_000
    level = loud(CLIPS[:1])[0, 1].item()
    one = explain(model, CLIPS[:1], properties="loudness,reverberation", threshold=level - 6)[0]
    assert one.provenance["flips"]["loudness"] == pytest.approx([-6.0], abs=1e-3)
    assert one.provenance["flips"]["reverberation"] == []
    assert np.abs(one.relevance).max() < 1e-3


def test_the_seed_decides_the_draws_and_the_batch_size_nothing():
    model = ModuleModel(SmallDetector())
    one, same, other = (
        explain(model, properties="noise,loudness", seed=seed, batch_size=size)[0].relevance
        for seed, size in ((1, 16), (1, 5), (2, 16))
    )
    np.testing.assert_allclose(one, same, atol=1e-6)
    assert one[0] != pytest.approx(other[0], rel=1e-4)
    assert one[1] == pytest.approx(other[1], abs=1e-6)


def test_all_properties_are_meant_by_all():
    names = tuple(each.name for each in Voice().chosen())
    assert names == voice_properties.names()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"properties": "accent"}, "intonation, loudness, noise"),
        ({"properties": ""}, "intonation, loudness, noise"),
        ({"properties": "noise,noise"}, "each once"),
        ({"threshold": float("nan")}, "threshold"),
        ({"repeats": 1}, "repeats"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(ExplanationError, match=words):
        Voice(**settings)


def test_an_explanation_without_curves_says_so():
    one = explain(ModuleModel(SmallDetector()), properties="loudness")[0]
    with pytest.raises(ExplanationError, match="no response curves"):
        curves_of(one.with_provenance(curves=None))
