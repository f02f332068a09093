from statistics import NormalDist

import numpy as np
import pytest

from tests.xaudio.metrics import brute_force
from xaudio.metrics.convex_hull import det_hull, eer_convex_hull
from xaudio.metrics.det import det_curve


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("levels", [1, 3, 10_000])
def test_is_the_worst_case_over_priors(seed, levels):
    random = np.random.default_rng(seed)
    bonafide = (random.integers(levels, size=random.integers(1, 15)) + levels // 3).tolist()
    spoof = random.integers(levels, size=random.integers(1, 15)).tolist()
    expected = brute_force.eer_convex_hull(bonafide, spoof)
    assert eer_convex_hull(bonafide, spoof) == pytest.approx(expected, abs=1e-12)


def test_the_hull_lies_below_the_curve_and_touches_it_at_its_corners():
    random = np.random.default_rng(0)
    bonafide, spoof = random.normal(1, 1, 200), random.normal(0, 1, 300)
    hull, curve = det_hull(bonafide, spoof), det_curve(bonafide, spoof)
    between = np.interp(curve.false_rejection, hull.false_rejection, hull.false_acceptance)
    # Where the hull goes straight down it has several values: none of them is above the curve.
    assert (between[1:] <= curve.false_acceptance[1:] + 1e-12).all()
    slopes = np.diff(hull.false_acceptance[1:-1]) / np.diff(hull.false_rejection[1:-1])
    assert (np.diff(slopes) > 0).all()
    for threshold, rejected in zip(hull.thresholds, hull.false_rejection, strict=True):
        assert np.mean(bonafide < threshold) == pytest.approx(rejected, abs=1e-12)


def test_extremes():
    assert eer_convex_hull([1.0, 2.0], [-1.0, 0.0]) == 0.0
    # Of a detector that is always wrong, the hull only knows that it is of no use.
    assert eer_convex_hull([-1.0, 0.0], [1.0, 2.0]) == 0.5
    assert eer_convex_hull([3.0] * 7, [3.0] * 5) == 0.5


def test_two_gaussians():
    quantiles = (np.arange(20_000) + 0.5) / 20_000
    gaussian = np.array([NormalDist().inv_cdf(q) for q in quantiles])
    expected = NormalDist().cdf(-1.0)
    assert eer_convex_hull(gaussian + 2.0, gaussian) == pytest.approx(expected, abs=1e-4)
