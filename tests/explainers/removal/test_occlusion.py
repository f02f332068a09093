import tempfile

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation

from explainers.arrays import clip_digest
from explainers.contract import ModuleModel, SmallDetector
from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.targets import parse_target
from perturbations.corruption import Key
from perturbations.fills import fills
from tests.explainers.small_models import RATE, Function, Linear, Quadratic, model_of, noise

CLIPS = noise(2, 470)
WEIGHTS = noise(470, seed=1)


def explain(model, clips=CLIPS, name="occlusion", progress=None, **settings):
    target = parse_target("spoof - bonafide", model.labels)
    method = load_explainer(name, **{"joint": 0.0, **settings})
    return method.explain(model, clips, target, progress)


def books_balance(one):
    return one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-4)


def test_windows_side_by_side_give_an_additive_score_its_terms():
    model = model_of(Linear(WEIGHTS, bias=1.0))
    for one, clip in zip(explain(model, window=0.1, hop=0.1, fill="zeros"), CLIPS, strict=True):
        terms = (clip * WEIGHTS).double()
        expected = [float(part.sum()) for part in terms.split(100)]
        np.testing.assert_allclose(one.over_time(0.1).relevance, expected, atol=1e-4)
        assert one.total == pytest.approx(float(terms.sum()), abs=1e-4)
        assert one.ledger["everything replaced"] == pytest.approx(1.0)
        assert one.ledger["interaction"] == pytest.approx(0.0, abs=1e-4)


def test_a_sample_under_several_windows_takes_their_mean():
    model, clip = model_of(Quadratic()), CLIPS[:1, :400]
    one = explain(model, clip, window=0.1, hop=0.05, fill="zeros")[0]
    energy = clip[0].double().square()
    falls = [float(energy[start : start + 100].sum()) / 100 for start in range(0, 301, 50)]
    assert one.relevance[20] == pytest.approx(falls[0], rel=1e-4)
    assert one.relevance[120] == pytest.approx((falls[1] + falls[2]) / 2, rel=1e-4)
    assert one.relevance[390] == pytest.approx(falls[6], rel=1e-4)
    assert books_balance(one)


def test_it_is_captums_feature_ablation_on_the_same_windows():
    module = SmallDetector()
    target = parse_target("spoof - bonafide", ("bonafide", "spoof"))
    masks = (torch.arange(470) // 100)[None]
    expected = FeatureAblation(lambda waveform: target(module(waveform))).attribute(
        CLIPS, feature_mask=masks
    )
    found = explain(model_of(module), window=0.1, hop=0.1, fill="zeros")
    for one, ablated in zip(found, expected, strict=True):
        np.testing.assert_allclose(
            one.over_time(0.1).relevance, ablated[::100].detach(), rtol=1e-4, atol=1e-5
        )


def test_noise_takes_the_place_of_what_is_removed():
    model = ModuleModel(Linear(WEIGHTS), 4000)
    one = explain(model, CLIPS[:1], window=0.025, hop=0.025, fill="matched-noise", seed=5)[0]
    key = Key(clip_digest(CLIPS[0]), 5)
    fill = fills.get("matched-noise")(CLIPS[:1], 4000, [key], [])
    falls = ((CLIPS[0] - fill[0]) * WEIGHTS).double().split(100)
    expected = [float(part.sum()) for part in falls]
    np.testing.assert_allclose(one.over_time(0.025).relevance, expected, atol=1e-4)
    assert one.ledger["everything replaced"] == pytest.approx(float(fill[0] @ WEIGHTS), abs=1e-5)
    assert books_balance(one)


def test_the_seed_decides_the_noise_and_the_batch_size_nothing():
    model = ModuleModel(SmallDetector(), 4000)
    one, same, other = (
        explain(model, window=0.03, hop=0.02, seed=seed, batch_size=size)[1].relevance
        for seed, size in ((1, 16), (1, 1), (2, 16))
    )
    np.testing.assert_allclose(one, same, atol=1e-8)
    assert not np.allclose(one, other, rtol=1e-3)


def test_a_model_without_a_module_is_explained():
    def loudness(waveform):
        energy = waveform[:, 200:300].square().sum(dim=1)
        return torch.stack([-energy, energy], dim=1)

    one = explain(Function(loudness), window=0.05, hop=0.05, fill="zeros")[0]
    sums = one.over_segments({"loud": [(0.2, 0.3)]})
    assert sums["loud"] == pytest.approx(one.total)
    assert abs(sums["rest"]) < 1e-6
    assert one.strongest(2, 0.05)[0][0] in (pytest.approx(0.2), pytest.approx(0.25))


@pytest.mark.parametrize("samples", [1, 30, 100])
def test_clips_shorter_than_a_window_are_one_window(samples):
    model = model_of(Quadratic())
    one = explain(model, CLIPS[:1, :samples], window=0.1, hop=0.05, fill="zeros")[0]
    assert one.total == pytest.approx(one.score, rel=1e-5)


def tone(hertz, samples=1000, rate=RATE):
    return torch.sin(2 * torch.pi * hertz * torch.arange(samples) / rate)


def test_a_patch_of_time_and_frequency_is_found():
    burst = tone(300) * ((torch.arange(1000) >= 400) & (torch.arange(1000) < 600))
    clip = (0.3 * tone(40) + 0.3 * burst)[None]
    template = burst

    def matched(waveform):
        return torch.stack([torch.zeros(len(waveform)), waveform @ template], dim=1)

    one = explain(
        Function(matched), clip, "occlusion-time-frequency", window=0.2, bands=4, fill="zeros"
    )[0]
    assert one.relevance.shape == (4, 5)
    row, column = np.unravel_index(one.relevance.argmax(), one.relevance.shape)
    assert one.frequency_edges[row] <= 300 <= one.frequency_edges[row + 1]
    assert one.time_edges[column] == pytest.approx(0.4)
    assert one.relevance[row, column] > 0.85 * one.score
    assert abs(one.ledger["interaction"]) < 0.01 * one.score
    assert books_balance(one)


def test_patches_of_a_linear_score_sum_to_it():
    found = explain(
        model_of(Linear(WEIGHTS, 1.0)), name="occlusion-time-frequency", window=0.13, fill="zeros"
    )
    for one in found:
        assert one.total == pytest.approx(one.score - 1.0, abs=1e-4)
        assert one.time_edges[-1] == pytest.approx(0.47)
        assert one.frequency_edges[-1] == RATE / 2


@pytest.mark.parametrize("name", ["occlusion", "occlusion-time-frequency"])
def test_progress_rises_to_one(name):
    told = []
    explain(ModuleModel(SmallDetector(), 4000), name=name, progress=told.append, batch_size=1)
    assert told == sorted(told) and told[-1] == 1 and len(told) >= 4


def test_a_model_that_fails_on_what_is_left_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where it is kept

    def fragile(waveform):
        silent = (waveform[:, :100] == 0).all(dim=1)
        logits = waveform[:, :2].clone()
        logits[silent] = float("nan")
        return logits

    with pytest.raises(ExplanationError, match="not finite"):
        explain(Function(fragile), fill="zeros")


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("occlusion", {"hop": 0.2}, "hop"),
        ("occlusion", {"hop": 0.0}, "hop"),
        ("occlusion", {"window": float("nan")}, "hop"),
        ("occlusion", {"fill": "rain"}, "matched-noise, mean"),
        ("occlusion", {"batch_size": -1}, "batch_size"),
        ("occlusion-time-frequency", {"bands": 0}, "band"),
        ("occlusion-time-frequency", {"window": -1.0}, "seconds above zero"),
        ("occlusion-time-frequency", {"fill": "rain"}, "matched-noise, mean"),
    ],
)
def test_settings_that_make_no_sense_are_refused(name, settings, words):
    with pytest.raises(ExplanationError, match=words):
        load_explainer(name, **settings)
