import os
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from xaudio.metrics import MetricError, eer, eer_interval, eer_threshold, error_rates

OFFICIAL_SCORES = (
    Path(os.environ.get("XAUDIO_DATA", Path(__file__).parents[4] / "shared" / "data"))
    / "asvspoof5-scores"
    / "dev_scores_label.csv"
)


def eer_by_brute_force(bonafide, spoof):
    """Every distinct threshold tried, one at a time."""
    points = [(1.0, 0.5)]
    for threshold in sorted({*bonafide, *spoof}):
        rejected = sum(score <= threshold for score in bonafide) / len(bonafide)
        accepted = sum(score > threshold for score in spoof) / len(spoof)
        points.append((abs(rejected - accepted), (rejected + accepted) / 2))
    return min(points, key=lambda point: point[0])[1]


@pytest.mark.skipif(not OFFICIAL_SCORES.exists(), reason="asvspoof5-scores is not here")
def test_meets_the_official_asvspoof5_value():
    table = np.genfromtxt(OFFICIAL_SCORES, delimiter=",", names=True)
    is_spoof = table["sasv_label"] == 0
    bonafide, spoof = table["cm_score"][~is_spoof], table["cm_score"][is_spoof]
    assert eer(bonafide, spoof) == pytest.approx(0.006197317900, abs=1e-9)
    # Theirs is the highest rejected score, ours lies between it and the next: the same clips.
    scores, threshold = np.concatenate((bonafide, spoof)), eer_threshold(bonafide, spoof)
    assert scores[scores < threshold].max() == pytest.approx(-0.609382867813, abs=1e-9)


@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0, 3.0])
def test_two_gaussians_meet_at_phi_of_minus_half_their_distance(distance):
    quantiles = (np.arange(20_000) + 0.5) / 20_000
    gaussian = np.array([NormalDist().inv_cdf(q) for q in quantiles])
    expected = NormalDist().cdf(-distance / 2)
    assert eer(gaussian + distance, gaussian) == pytest.approx(expected, abs=1e-4)
    assert eer_threshold(gaussian + distance, gaussian) == pytest.approx(distance / 2, abs=1e-3)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("levels", [3, 10, 10_000])
def test_equals_brute_force_with_and_without_ties(seed, levels):
    random = np.random.default_rng(seed)
    bonafide = random.integers(levels, size=random.integers(1, 30)) + levels // 4
    spoof = random.integers(levels, size=random.integers(1, 30))
    assert eer(bonafide, spoof) == pytest.approx(eer_by_brute_force(bonafide, spoof), abs=1e-12)


def test_order_does_not_matter_and_a_constant_detector_knows_nothing():
    bonafide, spoof = [1.0, 1.0, 2.0], [0.0, 1.0, 1.0]
    assert eer(bonafide, spoof) == eer(bonafide[::-1], spoof[::-1])
    assert eer([3.0] * 7, [3.0] * 5) == 0.5


def test_extremes():
    assert eer([1.0, 2.0], [-1.0, 0.0]) == 0.0
    assert eer([-1.0, 0.0], [1.0, 2.0]) == 1.0


def test_error_rates_at_the_threshold_of_the_eer_give_the_eer():
    random = np.random.default_rng(1)
    bonafide, spoof = random.normal(1, 1, 501), random.normal(-1, 1, 333)
    rates = error_rates(bonafide, spoof, eer_threshold(bonafide, spoof))
    assert np.mean(rates) == pytest.approx(eer(bonafide, spoof), abs=1e-12)


def test_threshold_below_all_scores_accepts_everything():
    # One bona fide clip below all spoofs: rejecting nothing (FRR 0, FAR 1) is as good as any.
    threshold = eer_threshold([-1.0], [0.0])
    assert threshold < -1.0 or error_rates([-1.0], [0.0], threshold) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("bonafide", "spoof", "part"),
    [
        ([], [1.0], "no bona fide scores"),
        ([1.0], [], "no spoof scores"),
        ([1.0, np.nan], [0.0], "1 of 2 bona fide scores"),
        ([1.0], [np.inf], "not finite"),
    ],
)
def test_unusable_scores_are_refused_in_a_sentence(bonafide, spoof, part):
    with pytest.raises(MetricError, match=part):
        eer(bonafide, spoof)


def test_interval_holds_the_value_and_depends_on_the_seed_alone():
    random = np.random.default_rng(2)
    bonafide, spoof = random.normal(1, 1, 300), random.normal(-1, 1, 300)
    interval = eer_interval(bonafide, spoof, samples=300)
    assert interval.value == eer(bonafide, spoof)
    assert interval.low < interval.value < interval.high
    assert interval == eer_interval(bonafide, spoof, samples=300)
    assert interval != eer_interval(bonafide, spoof, samples=300, seed=1)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(3)
    truth = NormalDist().cdf(-1.0)
    covered = [
        interval.low <= truth <= interval.high
        for interval in (
            eer_interval(random.normal(2, 1, 200), random.normal(0, 1, 200), samples=200)
            for _ in range(200)
        )
    ]
    assert 0.90 <= np.mean(covered) <= 0.99


def test_clusters_widen_the_interval_when_speakers_differ():
    random = np.random.default_rng(4)
    speakers = np.repeat(np.arange(30), 20)
    habits = np.repeat(random.normal(0, 1, 30), 20)
    bonafide = 1.5 + habits + random.normal(0, 0.3, 600)
    spoof = -1.5 + random.normal(0, 1, 600)
    alone = eer_interval(bonafide, spoof, samples=300)
    clustered = eer_interval(bonafide, spoof, bonafide_clusters=speakers, samples=300)
    assert clustered.high - clustered.low > 1.5 * (alone.high - alone.low)


def test_as_many_clusters_as_scores_are_needed():
    with pytest.raises(MetricError, match="3 spoof scores but 2 clusters"):
        eer_interval([1.0], [0.0, 0.1, 0.2], spoof_clusters=["a", "b"])


@pytest.mark.parametrize(
    ("bonafide", "spoof", "threshold"),
    [
        ([2.0, 3.0], [0.0, 1.0], 1.5),
        ([1.0, 2.0, 2.0], [0.0, 1.0, 1.0], 1.5),
        ([-1.0], [0.0], -0.5),
        ([3.0], [3.0], 3.0),
        ([1.0, np.nextafter(1.0, 2.0)], [0.0, 1.0], 0.5),
        ([np.nextafter(1.0, 2.0)], [1.0], np.nextafter(1.0, 2.0)),
    ],
)
def test_the_threshold_lies_between_what_is_rejected_and_what_is_accepted(
    bonafide, spoof, threshold
):
    assert eer_threshold(bonafide, spoof) == threshold
    assert np.mean(error_rates(bonafide, spoof, threshold)) == pytest.approx(eer(bonafide, spoof))


@pytest.mark.parametrize("seed", range(20))
def test_with_ties_too_the_threshold_gives_the_eer(seed):
    random = np.random.default_rng(seed)
    bonafide, spoof = random.integers(6, size=20) + 1, random.integers(6, size=15)
    rates = error_rates(bonafide, spoof, eer_threshold(bonafide, spoof))
    assert np.mean(rates) == pytest.approx(eer(bonafide, spoof), abs=1e-12)


def test_a_score_at_the_threshold_is_accepted():
    assert error_rates([1.0], [1.0], 1.0) == (0.0, 1.0)
