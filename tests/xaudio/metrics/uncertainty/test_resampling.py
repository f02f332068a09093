import numpy as np
import pytest

from xaudio.errors import MetricError
from xaudio.metrics.uncertainty.resampling import plan_resampling


def clip_weights(is_bonafide, clusters=None, crossed_with=None, samples=50, seed=0):
    plan = plan_resampling(np.asarray(is_bonafide), clusters, crossed_with, samples, seed)
    return np.concatenate(list(plan.weights()))[:, plan.unit]


def test_every_clip_alone_keeps_the_size_of_each_class():
    weights = clip_weights([True] * 7 + [False] * 11)
    assert (weights[:, :7].sum(axis=1) == 7).all()
    assert (weights[:, 7:].sum(axis=1) == 11).all()
    assert len(np.unique(weights, axis=0)) > 40


def test_weights_are_a_fair_draw():
    drawn = clip_weights([True] * 10 + [False], samples=20_000)[:, :10]
    assert drawn.mean() == pytest.approx(1.0)
    # One of ten, drawn ten times: binomial with variance 10 * 0.1 * 0.9.
    assert drawn.var(axis=0) == pytest.approx(0.9, abs=0.05)


def test_clips_of_one_cluster_come_and_go_together_and_none_stands_alone():
    is_bonafide = np.array([True, True, False, True, False, False, True, True, True, True])
    names = ["d", "b", "d", "b", "b", "b", "a", "c", None, None]
    weights = clip_weights(is_bonafide, names)
    for name in "abcd":
        inside = weights[:, [one == name for one in names]]
        assert (inside == inside[:, :1]).all()
    assert (weights[:, 8] != weights[:, 9]).any()
    assert (weights[:, is_bonafide].sum(axis=1) > 0).all()
    assert (weights[:, ~is_bonafide].sum(axis=1) > 0).all()


def test_the_order_of_clips_plays_no_part():
    random = np.random.default_rng(0)
    is_bonafide, names = np.arange(60) < 30, np.arange(60) % 9
    order = random.permutation(60)
    weights = clip_weights(is_bonafide, names)
    assert (clip_weights(is_bonafide[order], names[order]) == weights[:, order]).all()
    text = [f"speaker {name}" for name in names]
    assert (clip_weights(is_bonafide, text) == weights).all()


def test_a_single_cluster_is_drawn_clip_by_clip():
    weights = clip_weights([True] * 6 + [False] * 6, ["same"] * 12)
    assert len(np.unique(weights, axis=0)) > 40
    assert (weights[:, :6].sum(axis=1) == 6).all()


def test_crossed_weights_are_products_and_leave_no_class_empty():
    is_bonafide = np.array([True] * 4 + [False] * 6)
    speakers = ["a", "a", "b", "b", "a", "a", "b", "b", "c", "c"]
    attacks = [None, None, None, None, "x", "y", "x", "y", "x", "y"]
    weights = clip_weights(is_bonafide, speakers, attacks, samples=4000)
    assert (weights > 0).all()
    quotient = weights[:, 4:10:2] / weights[:, 5:10:2]  # x over y, of each speaker
    assert quotient == pytest.approx(np.repeat(quotient[:, :1], 3, axis=1))
    assert weights[:, 4] / weights[:, 6] == pytest.approx(weights[:, 0] / weights[:, 2])
    assert (weights[:, 0] == weights[:, 1]).all()
    # No attack applies to human clips: their two speakers' weights are the factor's own.
    assert weights[:, 0] + weights[:, 2] == pytest.approx(np.full(4000, 2.0))
    assert weights.mean(axis=0) == pytest.approx(np.ones(10), abs=0.1)


def test_in_a_crossed_plan_what_has_no_name_at_all_stands_alone():
    speakers = [None, None, "a", "b"]
    weights = clip_weights([True, True, False, False], speakers, [None, None, "x", None])
    assert (weights[:, 0] != weights[:, 1]).any()
    nowhere = clip_weights([True, True, False, False], speakers, [None] * 4)
    assert (nowhere == clip_weights([True, True, False, False], speakers)).all()


def test_many_clusters_are_drawn_in_groups_within_their_stratum(monkeypatch):
    monkeypatch.setattr("xaudio.metrics.uncertainty.resampling.EXACT_NUMBERS", 100_000)
    monkeypatch.setattr("xaudio.metrics.uncertainty.resampling.MOST_LEVELS", 500)
    is_bonafide = np.arange(3000) < 2900
    plan = plan_resampling(is_bonafide, samples=1000)
    assert plan.units == 600
    assert np.unique(np.bincount(plan.unit)[:500]).tolist() == [5, 6]
    assert set(plan.unit[:2900]).isdisjoint(plan.unit[2900:])
    scores = np.random.default_rng(0).normal(size=3000)
    weights = np.concatenate(list(plan.weights()))[:, plan.unit] * is_bonafide
    means = weights @ scores / weights.sum(axis=1)
    assert means.std() == pytest.approx(scores[:2900].std() / np.sqrt(2900), rel=0.1)
    assert plan.clusters == (2900, 100)


def test_deletions_leave_one_group_of_one_stratum_out_and_keep_its_size():
    is_bonafide = np.arange(260) < 250
    plan = plan_resampling(is_bonafide)
    bonafide, spoof = plan.deletions()
    assert bonafide.weights.shape == (100, 260)
    assert spoof.weights.shape == (10, 260)
    assert (bonafide.clusters, spoof.clusters) == (250, 10)
    assert ((bonafide.weights == 0).sum(axis=0)[:250] == 1).all()
    assert (bonafide.weights[:, 250:] == 1).all()
    assert bonafide.weights[:, :250].sum(axis=1) == pytest.approx(np.full(100, 250.0))
    left = spoof.weights[:, 250:]
    assert ((left == 0).sum(axis=0) == 1).all()
    assert np.unique(left) == pytest.approx([0, 10 / 9])


def test_the_fewest_clusters_of_each_class_are_counted():
    is_bonafide = np.array([True] * 6 + [False] * 6)
    speakers = ["a", "b", "c", "a", "b", "c"] * 2
    attacks = [None] * 6 + ["x", "x", "x", "y", "y", "y"]
    assert plan_resampling(is_bonafide, speakers).clusters == (3, 3)
    assert plan_resampling(is_bonafide, speakers, attacks).clusters == (3, 2)


def test_blocks_do_not_change_what_is_drawn_per_stratum(monkeypatch):
    monkeypatch.setattr("xaudio.metrics.uncertainty.resampling.NUMBERS_AT_ONCE", 50)
    blocks = list(plan_resampling(np.arange(10) < 5, samples=23).weights())
    assert [len(block) for block in blocks] == [5, 5, 5, 5, 3]


def test_bad_settings():
    classes = np.array([True, False])
    with pytest.raises(MetricError, match="at least one replicate"):
        plan_resampling(classes, samples=0)
    with pytest.raises(MetricError, match="scores but 3 clusters"):
        plan_resampling(classes, ["a", "b", "c"])
    with pytest.raises(MetricError, match="all be text or all be whole numbers"):
        plan_resampling(classes, ["a", 1])
