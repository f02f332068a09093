import numpy as np
import pytest
import torch

from explainers.contract import ModuleModel, SmallDetector
from explainers.errors import ExplanationError
from explainers.explainer import Scoring, load_explainer
from explainers.explanation import Explanation
from explainers.quality.faithfulness import (
    RemovalCurves,
    RemovalSettings,
    faithfulness,
    random_curves,
    segment_relevance,
)
from explainers.quality.statistics import bootstrap_mean
from explainers.targets import parse_target
from perturbations.masking import time_segments
from tests.explainers.small_models import RATE, Linear, model_of, noise

PARTS = 20
SETTINGS = RemovalSettings(segment=0.1, shares=tuple(np.arange(21) / 20), joint=0.0, orders=8)


@pytest.fixture(scope="module")
def adding():
    """A model that adds what parts bring, 40 clips, what each part brings there, and chance."""
    random = np.random.default_rng(0)
    weights = torch.from_numpy(random.normal(size=PARTS)).repeat_interleave(100).float() / 100
    scoring = Scoring(model_of(Linear(weights, 0.5)), parse_target("spoof", ("bonafide", "spoof")))
    clips = torch.from_numpy(random.normal(size=(40, PARTS))).repeat_interleave(100, dim=1).float()
    worth = (clips * weights).reshape(40, PARTS, 100).sum(dim=2).double().numpy()
    return scoring, clips, worth, random_curves(scoring, clips, SETTINGS)


def test_a_perfect_map_gets_the_best_there_is(adding):
    scoring, clips, worth, chance = adding
    found = faithfulness(scoring, clips, worth, chance, SETTINGS)
    falling = -np.sort(-worth, axis=1)
    zero = np.zeros((40, 1))
    brought = 0.5 + np.concatenate([zero, falling.cumsum(axis=1)], axis=1)
    np.testing.assert_allclose(found.insertion, brought, atol=1e-4)
    np.testing.assert_allclose(found.inserted, np.arange(21) / 20)
    np.testing.assert_allclose(found.insertion_area, np.trapezoid(brought, dx=0.05), atol=1e-4)
    total = 0.5 + worth.sum(axis=1, keepdims=True)
    left = total - np.concatenate([zero, falling.cumsum(axis=1)], axis=1)
    np.testing.assert_allclose(found.deletion, left, atol=1e-4)
    np.testing.assert_allclose(found.deletion_area, np.trapezoid(left, dx=0.05), atol=1e-4)
    assert (found.separation > 0).all()
    assert bootstrap_mean(found.deletion_gain).low > 0
    assert bootstrap_mean(found.insertion_gain).low > 0


def test_random_orders_of_a_sum_fall_in_a_straight_line(adding):
    scoring, clips, worth, chance = adding
    found = faithfulness(scoring, clips, worth, chance, SETTINGS)
    straight = 0.5 + worth.sum(axis=1)[:, None] * (1 - np.arange(21) / 20)
    off = (found.random_curve - straight)[:, 1:-1] / found.random_curve_error[:, 1:-1]
    # t with 7 degrees of freedom, correlated along the curve
    assert abs(off.mean()) < 0.5 and np.sqrt((off**2).mean()) == pytest.approx(1.2, abs=0.3)
    middle = 0.5 + worth.sum(axis=1) / 2
    share = np.abs(found.random_area - middle) < 2.36 * found.random_error
    assert share.mean() >= 0.85
    np.testing.assert_allclose(
        found.random_error, chance.areas.std(axis=1, ddof=1) / np.sqrt(8), rtol=1e-12
    )


@pytest.mark.parametrize("kind", ["random", "even"])
def test_a_map_that_knows_nothing_is_at_chance(adding, kind):
    scoring, clips, worth, chance = adding
    maps = np.random.default_rng(1).normal(size=worth.shape)
    found = faithfulness(
        scoring, clips, maps if kind == "random" else np.ones_like(maps), chance, SETTINGS
    )
    for gain in (found.deletion_gain, found.insertion_gain, found.separation):
        estimate = bootstrap_mean(gain, level=0.99)
        assert estimate.low < 0 < estimate.high


def test_a_map_upside_down_is_as_bad_as_it_was_good(adding):
    scoring, clips, worth, chance = adding
    found = faithfulness(scoring, clips, worth, chance, SETTINGS)
    turned = faithfulness(scoring, clips, -worth, chance, SETTINGS)
    np.testing.assert_allclose(turned.separation, -found.separation, atol=1e-5)
    np.testing.assert_allclose(
        found.separation, found.deletion_gain + found.insertion_gain, atol=1e-9
    )
    scaled = faithfulness(scoring, clips, 1e6 * worth, chance, SETTINGS)
    np.testing.assert_allclose(scaled.ranked.scores, found.ranked.scores)


def test_methods_that_know_the_model_beat_chance_on_a_network():
    model = ModuleModel(SmallDetector())
    target = parse_target("spoof - bonafide", model.labels)
    scoring, clips = Scoring(model, target), noise(12, 4000)
    settings = RemovalSettings()
    chance = random_curves(scoring, clips, settings)
    maps = load_explainer("occlusion", window=0.05, fill="zeros").explain(model, clips, target)
    found = faithfulness(scoring, clips, segment_relevance(maps, settings), chance, settings)
    assert bootstrap_mean(found.separation).low > 0
    assert bootstrap_mean(found.deletion_gain).low > 0
    assert found.deletion.shape == (12, len(found.ranked.shares))


def test_chance_of_other_clips_or_settings_is_refused(adding):
    scoring, clips, worth, chance = adding
    for other in (
        random_curves(scoring, clips.flip(0), SETTINGS),
        random_curves(scoring, clips[:5], SETTINGS),
        random_curves(scoring, clips, RemovalSettings(segment=0.1, joint=0.0)),
        RemovalCurves(chance.shares, chance.scores + 1.0, 1),
        RemovalCurves(chance.shares**2, chance.scores, 1),
    ):
        with pytest.raises(ExplanationError, match="random_curves"):
            faithfulness(scoring, clips, worth, other, SETTINGS)


@pytest.mark.parametrize(("rate", "length"), [(1000, 730), (16000, 16001), (22050, 22050)])
def test_relevance_is_that_of_the_parts(rate, length):
    relevance = np.random.default_rng(0).normal(size=(2, length))
    explained = [
        Explanation(
            relevance=row,
            domain="waveform",
            sample_rate=rate,
            seconds=length / rate,
            target="spoof",
            score=0.0,
            method="by-hand",
            signed=True,
        )
        for row in relevance
    ]
    settings = RemovalSettings(segment=0.03)
    parts = time_segments(length, rate, 0.03)
    expected = [[row[start:stop].sum() for start, stop in parts] for row in relevance]
    np.testing.assert_allclose(segment_relevance(explained, settings), expected, atol=1e-9)


def test_relevance_of_clips_of_several_lengths_is_refused():
    model = model_of(Linear(torch.ones(RATE)))
    target = parse_target("spoof", model.labels)
    method = load_explainer("input-x-gradient")
    one = method.explain(model, noise(1, RATE), target)
    shorter = method.explain(model_of(Linear(torch.ones(500))), noise(1, 500), target)
    with pytest.raises(ExplanationError, match="clips of one length"):
        segment_relevance(one + shorter, SETTINGS)
    with pytest.raises(ExplanationError, match="one or more"):
        segment_relevance([], SETTINGS)
