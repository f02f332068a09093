"""Means and ratios over clips, with intervals by a bootstrap that draws whole speakers.

Samples are small and speakers few, so an interval is Student's around the value, with the
bootstrap's standard error: percentiles of the replicates would be too narrow.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from xaudio.metrics.intervals import (
    ANYWHERE,
    ValueRange,
    student_interval,
    unseen_interval,
)

SAMPLES = 1000
LEVEL = 0.95

Estimate = tuple[float | None, float | None, float | None]
"""A value and the ends of its 95 % interval; None for what cannot be told."""
NOTHING: Estimate = (None, None, None)


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each clip comes up in each bootstrap replicate.

    Attributes:
        counts: One row per replicate.
        cluster: The number of each clip's speaker.
    """

    counts: Float[np.ndarray, "samples clips"]
    cluster: Int[np.ndarray, " clips"]

    @classmethod
    def of(
        cls, clusters: Sequence[Hashable] | np.ndarray, samples: int = SAMPLES, seed: int = 0
    ) -> "Draws":
        """Clusters are drawn with replacement, all clips of one together.

        A single cluster shows no spread between clusters: then its clips are drawn one by one,
        which understates the uncertainty.
        """
        number_of = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
        place = np.array([number_of[name] for name in clusters], dtype=int)
        if len(number_of) == 1:
            place = np.arange(len(clusters))
        number = int(place.max(initial=-1)) + 1
        drawn = np.random.default_rng(seed).integers(max(number, 1), size=(samples, number))
        flat = drawn + number * np.arange(samples)[:, None]
        counts = np.bincount(flat.ravel(), minlength=samples * number).reshape(samples, number)
        return cls(counts[:, place].astype(np.float64), place)

    def mean(
        self, values: Float[np.ndarray, " clips"], value_range: ValueRange = ANYWHERE
    ) -> Estimate:
        """The mean of all values but NaN.

        Args:
            values: One per clip.
            value_range: Where they can lie; so does the interval.
        """
        there = np.isfinite(values)
        ones = np.ones_like(values)
        return self._estimate([(values, ones, 1.0)], there, value_range)

    def ratio(
        self, values: Float[np.ndarray, " clips"], others: Float[np.ndarray, " clips"]
    ) -> Estimate:
        """Sum of values over sum of others, clips that lack either left out."""
        there = np.isfinite(values) & np.isfinite(others)
        return self._estimate([(values, others, 1.0)], there, ANYWHERE)

    def difference(
        self,
        one: tuple[Float[np.ndarray, " clips"], Float[np.ndarray, " clips"]],
        other: tuple[Float[np.ndarray, " clips"], Float[np.ndarray, " clips"]],
    ) -> Estimate:
        """One ratio of sums less another, drawn on the same clips: paired."""
        there = np.isfinite(np.stack([*one, *other])).all(axis=0)
        return self._estimate([(*one, 1.0), (*other, -1.0)], there, ANYWHERE)

    def _estimate(
        self,
        ratios: Sequence[tuple[np.ndarray, np.ndarray, float]],
        there: np.ndarray,
        value_range: ValueRange,
    ) -> Estimate:
        """The weighted sum of some ratios, on the clips that are there."""
        clusters = len(np.unique(self.cluster[there]))
        if not clusters or any(others[there].sum() == 0 for _, others, _ in ratios):
            return NOTHING

        def of(counts: np.ndarray) -> np.ndarray:
            each = [
                sign * _ratios(counts, values[there], others[there])
                for values, others, sign in ratios
            ]
            return np.sum(each, axis=0)

        value = float(of(np.ones((1, int(there.sum()))))[0])
        if clusters == 1:
            return value, None, None
        drawn = of(self.counts[:, there])
        spread = float(np.std(drawn[np.isfinite(drawn)]))
        if spread <= 1e-12 * max(abs(value), 1e-300) or value_range.is_at_end(value):
            found = unseen_interval(value, drawn[np.isfinite(drawn)], clusters, value_range, LEVEL)
            return value, found.low, found.high
        # The replicates of n clusters vary (n - 1) / n times as much as the value does.
        standard_error = spread * float(np.sqrt(clusters / (clusters - 1)))
        found = student_interval(value, standard_error, clusters - 1.0, value_range, LEVEL)
        return value, found.low, found.high


def _ratios(
    counts: Float[np.ndarray, "samples clips"],
    values: Float[np.ndarray, " clips"],
    others: Float[np.ndarray, " clips"],
) -> Float[np.ndarray, " samples"]:
    """Sum over sum in every replicate; NaN where the lower one is 0."""
    below = counts @ others
    return np.divide(counts @ values, below, where=below != 0, out=np.full(len(counts), np.nan))
