import itertools

import numpy as np
import pytest
import torch

from explainers.contract import ModuleModel, SmallDetector
from explainers.errors import ExplanationError
from explainers.explainer import Scoring
from explainers.quality.removal_curves import (
    RemovalSettings,
    random_curves,
    ranked_curves,
    relevance_orders,
    removal_curves,
)
from explainers.targets import parse_target
from tests.explainers.small_models import RATE, Function, Linear, model_of, noise

EVERY = RemovalSettings(segment=0.1, shares=tuple(np.arange(7) / 6), joint=0.0)
"""Parts of 100 samples, replaced one by one, of clips of 600."""


def adding(parts=6, bias=0.5, seed=0):
    """A model that adds up what each part of 100 samples of ones brings, and these amounts."""
    worth = np.random.default_rng(seed).normal(size=parts)
    weights = torch.from_numpy(worth).repeat_interleave(100) / 100
    model = model_of(Linear(weights.float(), bias))
    return Scoring(model, parse_target("spoof", model.labels)), worth


def test_scores_are_the_sum_of_what_is_left():
    scoring, worth = adding()
    orders = np.array([list(itertools.permutations(range(6)))[::37]])
    found = removal_curves(scoring, torch.ones(1, 600), orders, EVERY)
    np.testing.assert_allclose(found.shares, np.arange(7) / 6)
    for order, curve in zip(orders[0], found.scores[0], strict=True):
        left = [0.5 + worth[order[gone:]].sum() for gone in range(7)]
        np.testing.assert_allclose(curve, left, atol=1e-5)
    np.testing.assert_allclose(found.areas, np.trapezoid(found.scores, dx=1 / 6))


def test_no_order_is_better_than_that_of_the_true_amounts():
    scoring, worth = adding()
    every = np.array([list(itertools.permutations(range(6)))])
    areas = removal_curves(scoring, torch.ones(1, 600), every, EVERY).areas[0]
    ranked = ranked_curves(scoring, torch.ones(1, 600), worth[None], EVERY).areas[0]
    assert ranked[0] == pytest.approx(areas.min(), abs=1e-5)
    assert ranked[1] == pytest.approx(areas.max(), abs=1e-5)


def test_waveforms_are_what_they_should_be():
    seen = []

    def remember(waveform):
        seen.append(waveform.clone())
        return torch.zeros(len(waveform), 2)

    scoring = Scoring(Function(remember), parse_target("spoof", Function.labels))
    clips = noise(2, 250)  # two parts of 100 samples and one of 50
    orders = np.array([[[2, 0, 1]], [[1, 2, 0]]])
    settings = RemovalSettings(segment=0.1, shares=(0.0, 0.33, 0.67, 1.0), joint=0.0, batch_size=3)
    removal_curves(scoring, clips, orders, settings)
    rows = {row.numpy().tobytes() for row in torch.cat(seen)}
    for clip, order in zip(clips, orders[:, 0], strict=True):
        left = clip.clone()
        assert left.numpy().tobytes() in rows
        for part in order:
            left[100 * part : 100 * (part + 1)] = 0
            assert left.numpy().tobytes() in rows
    assert len(rows) == 7  # two clips, two steps each, and silence, which they share


def test_joints_lie_outside_what_is_replaced():
    seen = []

    def remember(waveform):
        seen.append(waveform.clone())
        return torch.zeros(len(waveform), 2)

    scoring = Scoring(Function(remember), parse_target("spoof", Function.labels))
    settings = RemovalSettings(segment=0.1, shares=(0.0, 0.5, 1.0), joint=0.02)
    removal_curves(scoring, torch.ones(1, 400), np.array([[[1, 2, 0, 3]]]), settings)
    half = torch.cat(seen)[2]
    assert (half[100:300] == 0).all() and (half[:75] == 1).all() and (half[325:] == 1).all()
    assert 0 < half[95] < 1 and half.diff().abs().max() < 0.2


def test_matched_noise_is_each_clips_own():
    model = ModuleModel(SmallDetector())
    scoring = Scoring(model, parse_target("spoof - bonafide", model.labels))
    clips, settings = noise(3, 2000), RemovalSettings(segment=0.1, fill="matched-noise")
    together = random_curves(scoring, clips, settings)
    for row, clip in zip(together.scores, clips, strict=True):
        alone = random_curves(scoring, clip[None], settings)
        np.testing.assert_allclose(row, alone.scores[0], atol=1e-5)
    ends = together.scores[:, 0, -1]
    assert len(np.unique(ends.round(6))) == 3
    turned = random_curves(scoring, -clips, settings)  # of the same level and spectrum
    assert not np.isclose(turned.scores[:, 0, -1], ends, atol=1e-5).any()
    other = random_curves(scoring, clips, RemovalSettings(0.1, fill="matched-noise", seed=1))
    assert not np.allclose(other.scores[:, 0, -1], ends, atol=1e-4)


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_the_batch_size_changes_nothing(batch_size):
    model = ModuleModel(SmallDetector())
    clips, relevance = noise(3, 2000), np.random.default_rng(0).normal(size=(3, 10))

    def curves(size):
        scoring = Scoring(model, parse_target("spoof - bonafide", model.labels))
        settings = RemovalSettings(batch_size=size)
        found = ranked_curves(scoring, clips, relevance, settings)
        return found, random_curves(scoring, clips, settings), scoring.evaluations

    for one, other in zip(curves(16)[:2], curves(batch_size)[:2], strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    ranked, chance, scored = curves(batch_size)
    assert scored == 3 * (ranked.evaluations + chance.evaluations)
    assert ranked.evaluations == 2 + 2 * (len(ranked.shares) - 2)
    assert chance.evaluations == 2 + 5 * (len(ranked.shares) - 2)


def test_shares_are_those_of_whole_parts():
    scoring, _ = adding()
    found = random_curves(scoring, torch.ones(1, 600), RemovalSettings(segment=0.1))
    np.testing.assert_allclose(found.shares * 6, [0, 1, 2, 3, 4, 5, 6])
    np.testing.assert_allclose(found.shares, 1 - found.shares[::-1])


def test_random_orders_differ_by_clip_and_seed_and_not_by_batch():
    scoring, _ = adding()
    clips = torch.stack([torch.ones(600), torch.full((600,), 0.5)])
    both = random_curves(scoring, clips, EVERY)
    np.testing.assert_allclose(
        random_curves(scoring, clips[1:], EVERY).scores[0], both.scores[1], atol=1e-6
    )
    again = random_curves(scoring, clips, RemovalSettings(0.1, EVERY.shares, joint=0.0, seed=1))
    spread = both.scores[:, :, 1:-1].std(axis=1)
    assert (spread > 0).all()
    assert not np.allclose(both.scores[0] - 0.5, 2 * (both.scores[1] - 0.5))
    assert not np.allclose(both.scores, again.scores)


def test_equal_relevance_comes_in_any_order():
    relevance = np.array([0.0, 0.0, 5.0, 0.0, -1.0])
    seen = set()
    for seed in range(60):
        most, least = relevance_orders(relevance, np.random.default_rng(seed))
        assert most[0] == 2 and most[-1] == 4
        np.testing.assert_array_equal(most, least[::-1])
        seen.add(tuple(most[1:4]))
    assert len(seen) == 6


def test_progress_rises_to_one_and_may_stop_the_work():
    scoring, _ = adding()
    told = []
    settings = RemovalSettings(segment=0.1, batch_size=4)
    random_curves(scoring, torch.ones(2, 600), settings, told.append)
    assert told == sorted(told) and told[-1] == 1 and len(told) > 5

    def stop(share):
        raise KeyboardInterrupt

    before = scoring.evaluations
    with pytest.raises(KeyboardInterrupt):
        random_curves(scoring, torch.ones(2, 600), settings, stop)
    assert scoring.evaluations == before + 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"shares": (0.0, 0.5)},
        {"shares": (0.1, 1.0)},
        {"shares": (0.0, 0.5, 0.5, 1.0)},
        {"shares": ()},
        {"segment": 0.0},
        {"joint": -0.1},
        {"fill": "mud"},
        {"orders": 1},
        {"batch_size": 0},
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ExplanationError):
        RemovalSettings(**wrong)


def test_maps_and_orders_that_do_not_fit_are_refused():
    scoring, worth = adding()
    clip = torch.ones(1, 600)
    with pytest.raises(ExplanationError, match=r"1 clips of 6 parts of 0.1 s"):
        ranked_curves(scoring, clip, worth[None, :5], EVERY)
    with pytest.raises(ExplanationError, match="finite"):
        ranked_curves(scoring, clip, np.full((1, 6), np.nan), EVERY)
    with pytest.raises(ExplanationError, match="one part"):
        random_curves(scoring, torch.ones(1, 100), EVERY)
    for orders in ([[[0, 1, 2, 3, 4, 4]]], [[[0, 1, 2]]], [[[0, 1, 2, 3, 4, 5]]] * 2):
        with pytest.raises(ExplanationError, match="every part's number once"):
            removal_curves(scoring, clip, np.array(orders), EVERY)


def test_at_the_models_rate():
    assert RATE == 1000  # the parts above are counted in samples at this rate
