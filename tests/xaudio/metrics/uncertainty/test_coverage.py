"""Do intervals hold the truth as often as they say? Measured on scores whose truth is known."""

import numpy as np
import pytest
from scipy.stats import norm

from xaudio.metrics import (
    BalancedAccuracy,
    EqualErrorRate,
    FalseRejection,
    LikelihoodRatioCost,
    MeanScore,
    RocArea,
    bootstrap_each,
    paired_difference,
)

pytestmark = pytest.mark.slow

SETS = 600
SAMPLES = 200
STATISTICS = {
    "EER": EqualErrorRate(),
    "area": RocArea(),
    "rejected": FalseRejection(-0.5),
    "balanced": BalancedAccuracy(0.2),
    "Cllr": LikelihoodRatioCost(),
    "mean": MeanScore(),
}


def truths(distance, spread):
    """Of two Gaussians `distance` apart with this standard deviation, without sampling."""
    quantiles = norm.ppf((np.arange(20_000) + 0.5) / 20_000) * spread
    cost = np.logaddexp(0, -(quantiles + distance / 2)).mean() / np.log(2)
    rejected = norm.cdf((-0.5 - distance / 2) / spread)
    right = norm.cdf((distance / 2 - 0.2) / spread) + norm.cdf((0.2 + distance / 2) / spread)
    return {
        "EER": norm.cdf(-distance / 2 / spread),
        "area": norm.cdf(distance / np.sqrt(2) / spread),
        "rejected": rejected,
        "balanced": right / 2,
        "Cllr": cost,
        "mean": 0.0,
    }


def draw(random, speakers, clips, distance, habit):
    """Scores of speakers who each give human clips and are imitated, with habits in both."""
    habits = habit * random.normal(size=(speakers, 2, 1))
    scores = habits + random.normal(size=(speakers, 2, clips))
    scores += np.array([distance / 2, -distance / 2])[:, None]
    is_bonafide = np.broadcast_to(np.array([True, False])[:, None], scores.shape)
    names = np.broadcast_to(np.arange(speakers)[:, None, None], scores.shape)
    return scores.ravel(), is_bonafide.ravel(), names.ravel()


def coverage(speakers, clips, distance, habit, clustered, intervals, sets=SETS):
    """Per kind of interval and statistic: how often it held the truth."""
    random = np.random.default_rng(0)
    truth = truths(distance, np.hypot(1, habit))
    held = {(kind, name): 0 for kind in intervals for name in STATISTICS}
    for seed in range(sets):
        scores, is_bonafide, names = draw(random, speakers, clips, distance, habit)
        found = bootstrap_each(
            scores,
            is_bonafide,
            STATISTICS,
            names if clustered else None,
            samples=SAMPLES,
            seed=seed,
        )
        for kind, name in held:
            interval = getattr(found[name], kind)()
            held[kind, name] += interval.low <= truth[name] <= interval.high
    return {key: count / sets for key, count in held.items()}


def test_lone_clips():
    found = coverage(150, 1, 2.0, 0.0, False, ["interval"])
    assert all(0.93 <= share <= 0.97 for share in found.values()), found


def test_twenty_speakers_and_what_percentiles_promise_there():
    found = coverage(20, 15, 2.5, 0.7, True, ["interval", "percentile_interval"])
    ours = [share for (kind, _), share in found.items() if kind == "interval"]
    assert all(0.93 <= share <= 0.97 for share in ours), found
    assert found["percentile_interval", "rejected"] < 0.92, found


def test_speakers_taken_for_lone_clips_are_not_covered():
    found = coverage(20, 15, 2.5, 0.7, False, ["interval"], sets=150)
    assert found["interval", "EER"] < 0.8
    assert found["interval", "mean"] < 0.7


def test_differences_of_equal_models_are_rarely_found():
    # Two models of the same quality, alike in the speakers they find hard.
    random = np.random.default_rng(1)
    false_findings = 0
    for seed in range(SETS):
        scores, is_bonafide, names = draw(random, 20, 10, 2.5, 0.7)
        one, other = scores + random.normal(0, 0.7, (2, scores.size))
        found = paired_difference(
            one, other, is_bonafide, EqualErrorRate(), clusters=names, samples=SAMPLES, seed=seed
        )
        false_findings += found.p_value < 0.05
        interval = found.interval()
        assert (found.p_value < 0.05) == (not interval.low <= 0 <= interval.high)
    assert 0.025 <= false_findings / SETS <= 0.075
