import numpy as np
import pytest
from scipy.stats import norm

from xaudio.errors import MetricError
from xaudio.metrics.thresholds import (
    clips_for_guarantee,
    decision_flips,
    false_acceptance_threshold,
    false_rejection_threshold,
    guaranteed_false_acceptance_threshold,
    guaranteed_false_rejection_threshold,
    threshold_drift,
)


def brute_force(bonafide, spoof, wanted):
    """Of all places between two scores the lowest that accepts few enough spoofs."""
    scores = np.unique(np.concatenate((bonafide, spoof)))
    places = [scores[0], *((scores[1:] + scores[:-1]) / 2), np.nextafter(scores[-1], np.inf)]
    return next(place for place in places if np.mean(spoof >= place) <= wanted + 1e-12)


@pytest.mark.parametrize("wanted", [0.0, 0.01, 0.1, 0.29, 0.5])
@pytest.mark.parametrize("decimals", [1, 6])
def test_equals_brute_force(wanted, decimals):
    random = np.random.default_rng(0)
    bonafide = random.normal(1, 1, 60).round(decimals)
    spoof = random.normal(0, 1, 100).round(decimals)
    found = false_acceptance_threshold(bonafide, spoof, wanted)
    assert found.threshold == pytest.approx(brute_force(bonafide, spoof, wanted), abs=1e-9)
    assert found.share == np.mean(spoof >= found.threshold) <= wanted
    mirrored = false_rejection_threshold(-spoof, -bonafide, wanted)
    assert mirrored.share == np.mean(-spoof < mirrored.threshold) <= wanted
    higher = np.concatenate((-spoof, -bonafide))
    higher = higher[higher > mirrored.threshold + 1e-12]
    if len(higher):
        above = np.nextafter(higher.min(), np.inf)
        assert np.mean(-spoof < above) > wanted or above > (-spoof).max()


def test_a_spoof_above_all_leaves_a_finite_threshold_above_it():
    found = false_acceptance_threshold([0.0], [5.0, 1.0], 0.0)
    assert found.threshold > 5.0
    assert np.isfinite(found.threshold)


@pytest.mark.parametrize(("clips", "wanted"), [(299, 0.01), (150, 0.05)])
def test_the_guarantee_holds_as_often_as_it_says(clips, wanted):
    """Whatever the distribution: here one class decides, so the rate at the threshold is known."""
    random = np.random.default_rng(1)
    kept, promised = [], []
    for _ in range(1500):
        spoof = random.normal(0, 1, clips)
        found = guaranteed_false_acceptance_threshold([9.0], spoof, wanted)
        # Just above the highest spoof that is rejected: the bound is exact there, not careful.
        rejected = spoof[spoof < found.threshold].max()
        kept.append(norm.sf(rejected) <= wanted)
        promised.append(norm.sf(rejected) <= found.upper_bound)
    assert 0.935 <= np.mean(promised) <= 0.97
    assert np.mean(kept) >= np.mean(promised)


def test_without_the_guarantee_the_bound_is_still_one():
    random = np.random.default_rng(2)
    found = [false_rejection_threshold(random.normal(0, 1, 200), [-9.0], 0.02) for _ in range(1000)]
    assert np.mean([norm.cdf(one.threshold) <= one.upper_bound for one in found]) >= 0.94
    assert np.mean([norm.cdf(one.threshold) <= 0.02 for one in found]) < 0.75


def test_the_guaranteed_threshold_is_the_stricter_one():
    random = np.random.default_rng(3)
    bonafide, spoof = random.normal(2, 1, 500), random.normal(0, 1, 500)
    for plain, sure in (
        (false_acceptance_threshold, guaranteed_false_acceptance_threshold),
        (false_rejection_threshold, guaranteed_false_rejection_threshold),
    ):
        some, certain = (which(bonafide, spoof, 0.05) for which in (plain, sure))
        assert certain.share < some.share <= 0.05
        assert certain.upper_bound <= 0.05 < some.upper_bound


@pytest.mark.parametrize("wanted", [0.001, 0.01, 0.1, 0.5])
def test_the_fewest_clips_for_a_promise(wanted):
    clips = clips_for_guarantee(wanted)
    assert (1 - wanted) ** clips <= 0.05 + 1e-12
    assert (1 - wanted) ** (clips - 1) > 0.05
    spoof = np.arange(float(clips))
    assert guaranteed_false_acceptance_threshold([0.0], spoof, wanted).share == 0.0
    with pytest.raises(MetricError, match=f"takes {clips}"):
        guaranteed_false_acceptance_threshold([0.0], spoof[1:], wanted)


def test_flips_are_counted_clip_by_clip():
    clean, now = [2.0, 3.0, -1.0, -2.0, -3.0], [2.0, -3.0, 1.0, -2.0, 3.0]
    assert decision_flips(clean, now, 0.0) == pytest.approx(3 / 5)
    assert decision_flips([0.0], [-1.0], 0.0) == 1.0  # at the threshold is accepted
    with pytest.raises(MetricError, match="2 clean scores but 1"):
        decision_flips([1.0, 2.0], [1.0], 0.0)


def test_drift_is_the_shift_that_was_made():
    random = np.random.default_rng(4)
    bonafide, spoof = random.normal(3, 1, 2000), random.normal(0, 1, 2000)
    drift = threshold_drift(bonafide, spoof, bonafide - 2, spoof - 2)
    assert drift.drift == pytest.approx(-2)
    assert drift.relative_drift == pytest.approx(-2, rel=0.05)
    assert drift.eer_refitted == pytest.approx(norm.cdf(-1.5), abs=0.01)
    # At the old threshold human speech is rejected with its mean at 1 and the threshold at 1.5.
    assert drift.error_kept == pytest.approx((norm.cdf(0.5) + norm.cdf(-3.5)) / 2, abs=0.02)
    twice = threshold_drift(2 * bonafide, 2 * spoof, 2 * bonafide - 4, 2 * spoof - 4)
    assert twice.drift == pytest.approx(-4)
    assert twice.relative_drift == pytest.approx(drift.relative_drift)
    assert threshold_drift([1.0], [0.0], [1.0], [0.0]).relative_drift is None


@pytest.mark.parametrize("wanted", [-0.1, 1.0, 2.0])
def test_refuses_what_is_no_rate(wanted):
    for which in (false_acceptance_threshold, guaranteed_false_rejection_threshold):
        with pytest.raises(MetricError, match="wanted error rate"):
            which([1.0], [0.0], wanted)
    with pytest.raises(MetricError, match="error rate of 0"):
        clips_for_guarantee(0.0)
