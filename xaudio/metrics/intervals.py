"""Intervals around a value: Student's on the scale that fits, percentile, and BCa.

Which to use was measured (see `docs/metrics.md`, Uncertainty). Few speakers or few errors make the
percentile interval too narrow, at worst absurdly so: with one error expected among 100 clips it
holds the truth 63 times in 100 where 95 are promised. Student's interval on the logit scale keeps
its promise there and is the default everywhere in this project.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log

import numpy as np
from jaxtyping import Float

from xaudio.errors import MetricError

DISTINCT = 1e-12  # of two shares: closer is rounding


@dataclass(frozen=True)
class Interval:
    """A value and the interval around it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """For people, in per cent.

        >>> print(Interval(0.042, 0.031, 0.0561))
        4.2 % [3.1, 5.6]
        """
        return f"{self.value:.1%} [{100 * self.low:.1f}, {100 * self.high:.1f}]".replace("%", " %")


@dataclass(frozen=True)
class ValueRange:
    """Between which ends a statistic lies; it decides the scale of its interval.

    Logit between two ends (error rates), logarithm above one (a cost), none where it is free
    (a mean, a difference).
    """

    low: float = -inf
    high: float = inf

    def stretched(self, value: float) -> tuple[float, float]:
        """`value` on the whole line, and how much faster than the value it changes there."""
        above = value - self.low
        if isfinite(self.low) and isfinite(self.high):
            below = self.high - value
            return log(above / below), (self.high - self.low) / (above * below)
        if isfinite(self.low):
            return log(above), 1.0 / above
        return value, 1.0

    def restored(self, place: float) -> float:
        """The value whose place on the whole line this is."""
        if isfinite(self.low) and isfinite(self.high):
            share = 1.0 / (1.0 + exp(-place)) if place > 0 else exp(place) / (1.0 + exp(place))
            return self.low + (self.high - self.low) * share
        if isfinite(self.low):
            return self.low + exp(min(place, 700.0))  # more overflows
        return place

    def is_at_end(self, value: float) -> bool:
        """Whether there is no room on one side of the value."""
        return bool(value - self.low < DISTINCT or self.high - value < DISTINCT)


@dataclass(frozen=True)
class DifferenceRange(ValueRange):
    """Between which ends a difference lies: its interval is plain, cut off at the ends."""

    def stretched(self, value: float) -> tuple[float, float]:
        """`value` itself."""
        return value, 1.0

    def restored(self, place: float) -> float:
        """The place itself, or the end that it lies beyond."""
        return min(max(place, self.low), self.high)


ANYWHERE = ValueRange()
SHARES = ValueRange(0.0, 1.0)


def range_of_sum(factors: Sequence[float], value_ranges: Sequence[ValueRange]) -> DifferenceRange:
    """Between which ends a weighted sum of values lies.

    >>> range_of_sum([1.0, -1.0], [SHARES, SHARES])
    DifferenceRange(low=-1.0, high=1.0)
    """
    ends = [
        sorted((factor * each.low, factor * each.high))
        for factor, each in zip(factors, value_ranges, strict=True)
        if factor != 0.0
    ]
    low, high = (float(sum(side)) for side in zip(*ends, strict=True))
    return DifferenceRange(low, high)


def student_interval(
    value: float,
    standard_error: float,
    degrees_of_freedom: float,
    value_range: ValueRange = ANYWHERE,
    level: float = 0.95,
) -> Interval:
    """Student's t interval on the scale of the range: logit for shares, logarithm for costs.

    The standard of survey statistics for shares from clusters (Korn and Graubard, Analysis of
    Health Surveys, 1999, section 3.2). It leaves no range and is as asymmetric as it must be.

    Args:
        value: Strictly inside the range.
        standard_error: Of the value, on its own scale.
        degrees_of_freedom: Of the standard error, above 0; infinity is the normal interval.
        value_range: Where such values lie.
        level: Share of such intervals that hold the truth.

    >>> print(student_interval(0.1, 0.02, 19.0, SHARES))
    10.0 % [6.5, 15.1]
    """
    from scipy.special import stdtrit

    _check_level(level)
    place, slope = value_range.stretched(value)
    reach = float(stdtrit(degrees_of_freedom, (1.0 + level) / 2.0)) * standard_error * slope
    return Interval(value, value_range.restored(place - reach), value_range.restored(place + reach))


def unseen_interval(
    value: float,
    replicates: Float[np.ndarray, " replicates"],
    clusters: int,
    value_range: ValueRange = SHARES,
    level: float = 0.95,
) -> Interval:
    """The interval of a value that no redraw moves, such as no error at all.

    No resampling shows what never happened. What never happened in `clusters` independent ones
    happens in less than u = 1 - ((1 - level) / 2)^(1 / clusters) of them (Clopper and Pearson
    1934): 12 % for 30 speakers, however many clips each gave. So many may lie at either end of the
    range, and the value be u of the way there. Where the replicates reach further, they decide.
    """
    ends = percentile_interval(value, replicates, level)
    unseen = 1.0 - ((1.0 - level) / 2.0) ** (1.0 / clusters)
    if not isfinite(value_range.high - value_range.low):
        return ends
    return Interval(
        value,
        min(ends.low, value - unseen * (value - value_range.low)),
        max(ends.high, value + unseen * (value_range.high - value)),
    )


def unseen_p_value(
    value: float, clusters: int, value_range: ValueRange = DifferenceRange(-1.0, 1.0)
) -> float:
    """Two-sided, that a difference is really zero which all clusters show alike.

    The level at which `unseen_interval` reaches zero. Where all differ as much as they can it is
    the sign test: 2 in 2^n; so it is where there is no end to reach for.

    >>> unseen_p_value(1.0, 5)
    0.0625
    """
    far = value_range.low if value > 0.0 else value_range.high
    against = far / (far - value) if isfinite(far) else 0.5
    return min(1.0, 2.0 * against**clusters)


def percentile_interval(
    value: float, replicates: Float[np.ndarray, " replicates"], level: float = 0.95
) -> Interval:
    """The interval that holds the middle `level` of the bootstrap replicates.

    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    _check_level(level)
    low, high = np.quantile(replicates, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(value, float(low), float(high))


def bca_interval(
    value: float,
    replicates: Float[np.ndarray, " replicates"],
    acceleration: float,
    level: float = 0.95,
) -> Interval:
    """The bias-corrected and accelerated interval.

    Efron, Better Bootstrap Confidence Intervals, JASA 82, 1987. The bias is the share of replicates
    below the value, those equal to it counting half.

    Args:
        value: Of the statistic.
        replicates: Its bootstrap replicates.
        acceleration: Skewness of the clusters' influence over six, by the jackknife.
        level: Share of such intervals that hold the truth.
    """
    from scipy.special import ndtr, ndtri

    _check_level(level)
    below = np.mean(replicates < value) / 2.0 + np.mean(replicates <= value) / 2.0
    # All on one side would be an infinite bias: half a replicate more is unknown.
    bias = ndtri(np.clip(below, 0.5 / replicates.size, 1.0 - 0.5 / replicates.size))
    normal = bias + ndtri(np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0]))
    low, high = np.quantile(replicates, ndtr(bias + normal / (1.0 - acceleration * normal)))
    return Interval(value, float(low), float(high))


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise MetricError(
            f"An interval's level lies between 0 and 1, for example 0.95, not {level}."
        )
