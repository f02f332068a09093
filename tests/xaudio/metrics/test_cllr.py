import math

import numpy as np
import pytest

from tests.xaudio.metrics import brute_force
from xaudio.errors import MetricError
from xaudio.metrics.cllr import calibration_loss, cllr, min_cllr
from xaudio.metrics.pav import pav_blocks


def gaussian_ratios(distance=2.0, count=100_000):
    """Scores that are true log-likelihood ratios: of two Gaussians of unit variance."""
    random = np.random.default_rng(0)
    bonafide, spoof = random.normal(distance, 1, count), random.normal(0, 1, count)
    return distance * (bonafide - distance / 2), distance * (spoof - distance / 2)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("levels", [2, 6, 10_000])
def test_the_minimum_is_that_of_merging_neighbours_by_hand(seed, levels):
    random = np.random.default_rng(seed)
    bonafide = (random.integers(levels, size=random.integers(1, 40)) + levels // 4).tolist()
    spoof = random.integers(levels, size=random.integers(1, 40)).tolist()
    expected = brute_force.min_cllr(bonafide, spoof)
    assert min_cllr(bonafide, spoof) == pytest.approx(expected, abs=1e-12)


def test_equals_isotonic_regression_of_scikit_learn():
    from sklearn.isotonic import IsotonicRegression

    random = np.random.default_rng(3)
    bonafide, spoof = random.normal(1, 1, 400).round(1), random.normal(0, 1, 300).round(1)
    blocks = pav_blocks(bonafide, spoof)
    share = blocks.bonafide * 400 / (blocks.bonafide * 400 + blocks.spoof * 300)
    scores = np.concatenate((bonafide, spoof))
    theirs = IsotonicRegression().fit(scores, np.arange(700) < 400).predict(scores)
    ours = share[np.searchsorted(blocks.lowest, scores, side="right") - 1]
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_true_ratios_leave_nothing_to_calibrate():
    bonafide, spoof = gaussian_ratios()
    assert 0.0 <= calibration_loss(bonafide, spoof) < 0.002
    assert calibration_loss(bonafide + 2.0, spoof + 2.0) > 0.2
    assert calibration_loss(3.0 * bonafide, 3.0 * spoof) > 0.2


def test_only_order_matters_to_the_minimum():
    bonafide, spoof = gaussian_ratios(count=1000)
    expected = min_cllr(bonafide, spoof)
    assert min_cllr(np.arctan(bonafide), np.arctan(spoof)) == pytest.approx(expected, abs=1e-12)
    assert min_cllr(spoof, bonafide) == 1.0


def test_extremes():
    assert cllr([0.0], [0.0, 0.0]) == 1.0
    assert min_cllr([5.0], [5.0, 5.0]) == pytest.approx(1.0, abs=1e-15)
    assert min_cllr([1.0, 2.0], [-1.0]) == 0.0
    # Sure and wrong: e^1000 is no float, its cost is.
    assert cllr([-1000.0], [1000.0]) == pytest.approx(1000.0 / math.log(2.0))
    assert cllr([1000.0], [-1000.0]) == 0.0


def test_blocks_hold_everything_once():
    random = np.random.default_rng(1)
    blocks = pav_blocks(random.integers(20, size=70) + 3, random.integers(20, size=50))
    assert blocks.bonafide.sum() == pytest.approx(1.0)
    assert blocks.spoof.sum() == pytest.approx(1.0)
    share = blocks.bonafide / (blocks.bonafide + blocks.spoof)
    assert (np.diff(share) > 0).all()
    assert (np.diff(blocks.lowest) > 0).all()


def test_infinite_ratios_are_refused():
    with pytest.raises(MetricError, match="not finite"):
        cllr([math.inf], [0.0])
