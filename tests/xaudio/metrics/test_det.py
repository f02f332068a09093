from statistics import NormalDist

import numpy as np
import pytest

from tests.xaudio.metrics import brute_force
from xaudio.metrics.det import DetCurve, det_curve, every_threshold, probit, share_accepted, thinned


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("levels", [1, 4, 10_000])
def test_every_point_is_what_counting_gives(seed, levels):
    random = np.random.default_rng(seed)
    bonafide = random.integers(levels, size=random.integers(1, 25)).astype(float)
    spoof = random.integers(levels, size=random.integers(1, 25)).astype(float)
    curve = det_curve(bonafide, spoof)
    assert curve.thresholds.tolist() == brute_force.thresholds(bonafide, spoof)
    counted = np.array(brute_force.curve(bonafide, spoof), dtype=float)
    assert curve.false_rejection.tolist() == counted[:, 0].tolist()
    assert curve.false_acceptance.tolist() == counted[:, 1].tolist()


def test_a_threshold_of_a_point_decides_as_the_point_says():
    random = np.random.default_rng(0)
    bonafide, spoof = random.integers(9, size=40), random.integers(9, size=30)
    curve = det_curve(bonafide, spoof)
    for point in range(len(curve)):
        threshold = curve.threshold(point)
        assert np.mean(bonafide < threshold) == curve.false_rejection[point]
        assert np.mean(spoof >= threshold) == curve.false_acceptance[point]
    assert curve.threshold(1) == 0.5
    assert curve.threshold(len(curve) - 1) == np.inf


def test_between_neighbouring_floats_the_threshold_is_the_upper_one():
    above = float(np.nextafter(1.0, 2.0))
    assert det_curve([above], [1.0]).threshold(1) == above


def test_signed_zeros_tie_and_single_precision_is_taken():
    curve = det_curve(np.array([0.0, -0.0], dtype=np.float32), [0.0])
    assert curve.thresholds.tolist() == [0.0, np.inf]


def test_three_classes_share_their_thresholds():
    one, two, three = np.array([1.0, 2.0]), np.array([2.0]), np.array([0.5, 3.0])
    thresholds = every_threshold(one, two, three)
    assert thresholds.tolist() == [0.5, 1.0, 2.0, 3.0, np.inf]
    assert share_accepted(three, thresholds).tolist() == [1.0, 0.5, 0.5, 0.5, 0.0]


def test_gaussians_are_a_straight_line_on_probit_axes():
    gaussian = np.array([NormalDist().inv_cdf(q) for q in (np.arange(5000) + 0.5) / 5000])
    curve = det_curve(gaussian + 2.0, gaussian)
    inside = (curve.false_rejection > 0.001) & (curve.false_acceptance > 0.001)
    inside &= (curve.false_rejection < 0.999) & (curve.false_acceptance < 0.999)
    total = probit(curve.false_rejection[inside]) + probit(curve.false_acceptance[inside])
    assert total == pytest.approx(-2.0, abs=0.1)


def test_a_thinned_curve_keeps_its_ends_and_its_shape():
    random = np.random.default_rng(1)
    curve = det_curve(random.normal(2, 1, 20_000), random.normal(0, 1, 30_000))
    few = thinned(curve, points=300)
    assert len(few) <= 300
    for rates in ("false_rejection", "false_acceptance"):
        whole, kept = getattr(curve, rates), getattr(few, rates)
        assert (kept[0], kept[-1]) == (whole[0], whole[-1])
    drawn = np.interp(curve.thresholds[:-1], few.thresholds[:-1], few.false_rejection[:-1])
    inside = (curve.false_rejection[:-1] > 0.001) & (curve.false_rejection[:-1] < 0.999)
    apart = probit(drawn[inside]) - probit(curve.false_rejection[:-1][inside])
    assert np.abs(apart).max() < 0.05
    assert thinned(few, points=300) is few


def test_a_curve_of_a_perfect_detector_can_be_thinned():
    curve = det_curve(np.arange(100.0) + 100, np.arange(100.0))
    few = thinned(curve, points=20)
    assert isinstance(few, DetCurve)
    assert few.false_acceptance[-1] == 0.0
    assert few.false_rejection[-1] == 1.0
