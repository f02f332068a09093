import numpy as np
import pytest

from xaudio.errors import MetricError
from xaudio.metrics.eer import weighted_eer
from xaudio.metrics.intervals import Interval, percentile_interval, resampling_weights


def all_weights(is_bonafide, clusters, samples=50, seed=0):
    return np.concatenate(list(resampling_weights(is_bonafide, clusters, samples, seed)))


def test_every_clip_alone_keeps_the_size_of_each_class():
    is_bonafide = np.array([True] * 7 + [False] * 11)
    weights = all_weights(is_bonafide, np.arange(18))
    assert (weights[:, :7].sum(axis=1) == 7).all()
    assert (weights[:, 7:].sum(axis=1) == 11).all()
    assert len(np.unique(weights, axis=0)) > 40


def test_weights_are_a_fair_draw():
    weights = all_weights(np.array([True] * 10 + [False]), np.arange(11), samples=20_000)
    drawn = weights[:, :10]
    assert drawn.mean() == pytest.approx(1.0)
    # One of ten, drawn ten times: binomial with variance 10 * 0.1 * 0.9.
    assert drawn.var(axis=0) == pytest.approx(0.9, abs=0.05)


def test_clips_of_one_cluster_come_and_go_together():
    is_bonafide = np.array([True, True, False, True, False, False, True, True])
    clusters = np.array([3, 1, 3, 1, 1, 1, 0, 2])
    weights = all_weights(is_bonafide, clusters)
    for cluster in range(4):
        inside = weights[:, clusters == cluster]
        assert (inside == inside[:, :1]).all()
    assert (weights[:, is_bonafide].sum(axis=1) > 0).all()
    assert (weights[:, ~is_bonafide].sum(axis=1) > 0).all()


def test_a_single_cluster_is_drawn_clip_by_clip():
    is_bonafide = np.array([True] * 6 + [False] * 6)
    weights = all_weights(is_bonafide, np.zeros(12, dtype=int))
    assert len(np.unique(weights, axis=0)) > 40
    assert (weights[:, :6].sum(axis=1) == 6).all()


def test_weights_equal_repeated_scores():
    random = np.random.default_rng(0)
    scores = random.normal(size=40)
    is_bonafide = np.arange(40) < 15
    weights = all_weights(is_bonafide, np.arange(40), samples=20)
    values = weighted_eer(scores, is_bonafide, weights)
    for row, value in zip(weights.astype(int), values, strict=True):
        repeated, classes = np.repeat(scores, row), np.repeat(is_bonafide, row)
        one = np.ones((1, len(repeated)))
        assert weighted_eer(repeated, classes, one)[0] == pytest.approx(value, abs=1e-12)


def test_blocks_do_not_change_the_sizes(monkeypatch):
    monkeypatch.setattr("xaudio.metrics.intervals.NUMBERS_AT_ONCE", 50)
    blocks = list(resampling_weights(np.arange(10) < 5, np.arange(10), 23, 0))
    assert [len(block) for block in blocks] == [5, 5, 5, 5, 3]


def test_percentiles():
    interval = percentile_interval(0.5, np.linspace(0, 1, 1001), 0.9)
    assert (interval.low, interval.high) == (pytest.approx(0.05), pytest.approx(0.95))
    assert str(Interval(0.1, 0.05, 0.155)) == "10.0 % [5.0, 15.5]"


def test_bad_settings():
    with pytest.raises(MetricError, match="between 0 and 1"):
        percentile_interval(0.5, np.zeros(3), 95.0)
    with pytest.raises(MetricError, match="at least one replicate"):
        all_weights(np.array([True, False]), np.arange(2), samples=0)
