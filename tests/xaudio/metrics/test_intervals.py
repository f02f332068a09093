from math import inf

import numpy as np
import pytest
from scipy import stats

from xaudio.errors import MetricError
from xaudio.metrics.intervals import (
    ANYWHERE,
    SHARES,
    DifferenceRange,
    Interval,
    ValueRange,
    bca_interval,
    percentile_interval,
    range_of_sum,
    student_interval,
    unseen_interval,
)


def coverage_of_counts(share, clips, interval_of):
    """How often intervals of a share from independent clips hold it: every count, weighed."""
    counts = np.arange(clips + 1)
    held = []
    for count in counts:
        interval = interval_of(count / clips, clips)
        held.append(interval.low <= share <= interval.high)
    return float(stats.binom.pmf(counts, clips, share) @ np.array(held))


def logit_interval(value, clips):
    if SHARES.is_at_end(value):
        return unseen_interval(value, np.full(10, value), clips)
    spread = float(np.sqrt(value * (1 - value) / (clips - 1)))
    return student_interval(value, spread, clips - 1.0, SHARES)


def percentiles_of_shares(value, clips):
    low, high = stats.binom.ppf([0.025, 0.975], clips, value) / clips
    return Interval(value, low, high)


@pytest.mark.parametrize("clips", [50, 100, 200, 500])
@pytest.mark.parametrize("errors", [2.0, 5.0, 10.0])
def test_few_errors_are_covered_where_percentiles_fail(clips, errors):
    # Computed from the binomial distribution, without any sampling.
    assert 0.93 <= coverage_of_counts(errors / clips, clips, logit_interval) <= 0.99
    if errors == 2.0:
        assert coverage_of_counts(errors / clips, clips, percentiles_of_shares) < 0.92


def test_students_interval_of_a_free_value_is_the_textbook_one():
    values = np.array([4.0, 5.0, 7.0, 8.5, 9.0])
    low, high = stats.t.interval(0.9, 4, values.mean(), stats.sem(values))
    found = student_interval(float(values.mean()), float(stats.sem(values)), 4.0, level=0.9)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_students_interval_is_symmetric_on_its_scale():
    share = student_interval(0.1, 0.03, 10.0, SHARES)
    logits = np.log([share.low / (1 - share.low), 0.1 / 0.9, share.high / (1 - share.high)])
    assert np.diff(logits)[0] == pytest.approx(np.diff(logits)[1])
    # The delta rule: a small standard error means the same on every scale.
    near = student_interval(0.1, 1e-6, inf, SHARES)
    assert near.high - near.low == pytest.approx(2 * 1.959964e-6, rel=1e-4)
    cost = student_interval(0.5, 0.1, 10.0, ValueRange(low=0.0))
    assert cost.low * cost.high == pytest.approx(0.25)
    twice = student_interval(0.2, 0.06, 10.0, ValueRange(0.0, 2.0))
    assert (twice.low, twice.high) == (pytest.approx(2 * share.low), pytest.approx(2 * share.high))


def test_no_interval_leaves_its_range():
    wide = student_interval(0.4, 5.0, 1.0, SHARES)
    assert 0.0 <= wide.low < wide.high <= 1.0
    assert student_interval(1e-9, 5.0, 1.0, ValueRange(low=0.0)).low >= 0.0


def test_what_never_happened_in_thirty_is_still_allowed_to():
    none = unseen_interval(0.0, np.zeros(100), 30)
    assert (none.low, none.high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 30)))
    everything = unseen_interval(1.0, np.ones(100), 30)
    assert (everything.low, everything.high) == (pytest.approx(0.025 ** (1 / 30)), 1.0)
    # Replicates that reach further decide.
    assert unseen_interval(1.0, np.linspace(0.2, 1.0, 101), 30).low == pytest.approx(0.22)
    assert unseen_interval(0.0, np.zeros(9), 30, ValueRange(0.0, 4.0)).high == 4 * none.high


def test_what_no_redraw_moves_may_still_lie_elsewhere_in_some_clusters():
    unseen = 1 - 0.025 ** (1 / 4)
    found = unseen_interval(0.2, np.full(9, 0.2), 4)
    assert found.low == pytest.approx(0.2 - 0.2 * unseen)
    assert found.high == pytest.approx(0.2 + 0.8 * unseen)
    change = unseen_interval(0.0, np.zeros(9), 4, DifferenceRange(-1.0, 1.0))
    assert (change.low, change.high) == (pytest.approx(-unseen), pytest.approx(unseen))
    free = unseen_interval(0.3, np.full(9, 0.3), 4, ANYWHERE)  # no end to reach for
    assert (free.low, free.high) == (0.3, 0.3)


def test_a_difference_has_a_plain_interval_within_its_ends():
    shares = range_of_sum([1.0, -1.0, 0.0], [SHARES, SHARES, ANYWHERE])
    assert shares == DifferenceRange(-1.0, 1.0)
    assert range_of_sum([-2.0, 1.0], [SHARES, ValueRange(low=0.0)]) == DifferenceRange(-2.0, inf)
    found = student_interval(0.3, 0.1, 10.0, shares)
    assert found.high - 0.3 == pytest.approx(0.1 * stats.t.ppf(0.975, 10)) == 0.3 - found.low
    assert student_interval(0.3, 0.5, 1.0, shares).high == 1.0


def test_bca_equals_scipys():
    values = np.random.default_rng(0).exponential(size=30)
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="BCa", rng=np.random.default_rng(1)
    )
    centred = values - values.mean()
    acceleration = (centred**3).sum() / (6 * (centred**2).sum() ** 1.5)
    ours = bca_interval(float(values.mean()), found.bootstrap_distribution, float(acceleration))
    assert ours.low == pytest.approx(found.confidence_interval.low, abs=1e-3)
    assert ours.high == pytest.approx(found.confidence_interval.high, abs=1e-3)


def test_bca_without_bias_and_skewness_is_the_percentile_interval():
    replicates = np.linspace(-1, 1, 1001)
    plain, corrected = percentile_interval(0.0, replicates), bca_interval(0.0, replicates, 0.0)
    assert (corrected.low, corrected.high) == (pytest.approx(plain.low), pytest.approx(plain.high))
    assert bca_interval(5.0, replicates, 0.0).low <= 1.0  # all on one side: no infinity


def test_percentiles():
    interval = percentile_interval(0.5, np.linspace(0, 1, 1001), 0.9)
    assert (interval.low, interval.high) == (pytest.approx(0.05), pytest.approx(0.95))
    assert str(Interval(0.1, 0.05, 0.155)) == "10.0 % [5.0, 15.5]"


def test_a_level_is_a_share():
    for interval in (
        lambda: percentile_interval(0.5, np.zeros(3), 95.0),
        lambda: bca_interval(0.5, np.zeros(3), 0.0, 95.0),
        lambda: student_interval(0.5, 0.1, 3.0, SHARES, 95.0),
    ):
        with pytest.raises(MetricError, match="between 0 and 1"):
            interval()
