import numpy as np
import pytest

from xaudio.errors import MetricError
from xaudio.metrics.calibration import (
    brier,
    ece_equal_count,
    ece_equal_width,
    reliability_curve,
    sharpness,
    spoof_probability,
)


@pytest.fixture
def said_and_true():
    random = np.random.default_rng(0)
    said = random.beta(0.7, 0.9, 1000)
    return said, random.random(1000) < said**1.5


def test_the_curve_is_scikit_learns(said_and_true):
    from sklearn.calibration import calibration_curve

    shares, means = calibration_curve(said_and_true[1], said_and_true[0], n_bins=10)
    curve = reliability_curve(*said_and_true, np.arange(1, 10) / 10)
    np.testing.assert_allclose(curve.probability, means)
    np.testing.assert_allclose(curve.share, shares)
    assert curve.clips.sum() == 1000
    assert ((curve.low <= curve.share) & (curve.share <= curve.high)).all()
    assert (curve.low < curve.high).all()


def test_a_probability_on_an_edge_belongs_to_the_bin_above():
    assert reliability_curve([0.5, 0.4], [True, False], [0.5]).clips.tolist() == [1, 1]


def test_brier_is_scikit_learns(said_and_true):
    from sklearn.metrics import brier_score_loss

    assert brier(*said_and_true) == pytest.approx(
        brier_score_loss(said_and_true[1], said_and_true[0])
    )


def test_brier_is_reliability_less_resolution_plus_uncertainty():
    """Murphy (1973), exact where the probabilities of a bin are equal."""
    random = np.random.default_rng(2)
    said = random.choice([0.05, 0.3, 0.55, 0.95], 400)
    true = random.random(400) < 0.6 * said + 0.1
    curve = reliability_curve(said, true, [0.1, 0.5, 0.9])
    share = true.mean()
    reliability = np.average((curve.probability - curve.share) ** 2, weights=curve.clips)
    resolution = np.average((curve.share - share) ** 2, weights=curve.clips)
    assert brier(said, true) == pytest.approx(reliability - resolution + share * (1 - share))


def test_calibration_error_by_hand():
    said, true = [0.05, 0.15, 0.15, 0.92], [False, True, False, True]
    # bins 0-0.1, 0.1-0.2, 0.9-1: |0 - 0.05| x 1/4, |1/2 - 0.15| x 2/4, |1 - 0.92| x 1/4
    assert ece_equal_width(said, true) == pytest.approx(0.05 / 4 + 0.35 / 2 + 0.08 / 4)
    # two bins of two clips: |1/2 - 0.1|, |1/2 - 0.535|, but 0.15 is tied and stays together
    assert ece_equal_count(said, true, bins=4) == pytest.approx(0.05 / 4 + 0.35 / 2 + 0.08 / 4)
    assert ece_equal_count([0.1, 0.2, 0.8, 0.9], [0, 1, 1, 1], bins=2) == pytest.approx(
        abs(0.5 - 0.15) / 2 + abs(1 - 0.85) / 2
    )


def test_equal_count_bins_hold_as_many_clips_where_nothing_is_tied():
    said = np.linspace(0.01, 0.99, 100) ** 4
    true = np.arange(100) % 2 == 0
    by_hand = [
        abs(part.mean() - hits.mean())
        for part, hits in zip(np.split(said, 5), np.split(true, 5), strict=True)
    ]
    assert ece_equal_count(said, true, bins=5) == pytest.approx(np.mean(by_hand))


def test_kept_promises_have_little_error_and_broken_ones_much():
    random = np.random.default_rng(3)
    said = random.random(20_000)
    kept = random.random(20_000) < said
    for error in (ece_equal_width, ece_equal_count):
        assert error(said, kept) < 0.015
        assert error(said, ~kept) > 0.4


def test_intervals_of_the_curve_hold_the_truth_as_often_as_they_say():
    random = np.random.default_rng(4)
    inside = []
    for _ in range(400):
        said = np.full(60, 0.2)
        curve = reliability_curve(said, random.random(60) < 0.2, [])
        inside.append(curve.low[0] <= 0.2 <= curve.high[0])
    assert 0.94 <= np.mean(inside) <= 1.0


def test_sharpness_is_the_variance_and_bounded_by_a_quarter():
    assert sharpness([0.3] * 5) == pytest.approx(0.0)
    assert sharpness([0.0, 1.0]) == 0.25
    assert sharpness([0.2, 0.4]) == pytest.approx(0.01)


def test_posteriors_follow_bayes_rule():
    llr, prior = 1.3, 0.2
    odds = prior / (1 - prior) * np.exp(-llr)
    assert spoof_probability(llr, prior) == pytest.approx(odds / (1 + odds))
    assert spoof_probability([-np.inf, np.inf, -800.0], 0.5).tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("said", "true", "part"),
    [([], [], "no probability"), ([1.2], [True], "0 to 1"), ([0.5], [True, False], "outcomes")],
)
def test_refuses_what_is_no_probability(said, true, part):
    with pytest.raises(MetricError, match=part):
        brier(said, true)
    with pytest.raises(MetricError, match="at least one bin"):
        ece_equal_width([0.5], [True], bins=0)
