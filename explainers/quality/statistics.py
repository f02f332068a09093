"""Area under the ROC curve by ranks, and means with bootstrap intervals."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from explainers.errors import ExplanationError


@dataclass(frozen=True)
class Estimate:
    """A mean over clips and where it would lie for other clips of the same kind.

    Attributes:
        mean: Over clips.
        low: Lower end of the interval.
        high: Upper end of the interval.
        count: Clips.
    """

    mean: float
    low: float
    high: float
    count: int


def roc_auc(values: Float[np.ndarray, " items"], truth: Bool[np.ndarray, " items"]) -> float:
    """The chance that a true item has a higher value than a false one, ties counting half.

    This is the Mann-Whitney statistic (Hanley and McNeil 1982): 0.5 for chance, 1 for perfect.

    Raises:
        ExplanationError: A value is not finite, or all items are of one kind.

    >>> roc_auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    if values.shape != truth.shape:
        raise ExplanationError(f"{len(values)} values were given for {len(truth)} labels.")
    if not np.isfinite(values).all():
        raise ExplanationError("Values that are NaN or infinite cannot be ranked.")
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        raise ExplanationError(
            f"{positives} true and {negatives} false items were given; a ROC curve needs both."
        )
    rank_sum = middle_ranks(values)[truth].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


def middle_ranks(values: Float[np.ndarray, " items"]) -> Float[np.ndarray, " items"]:
    """Ranks from 1; equal values share the middle of their ranks.

    >>> middle_ranks(np.array([5.0, 2.0, 5.0]))
    array([2.5, 1. , 2.5])
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((2 * last - counts + 1) / 2)[place]


def bootstrap_mean(
    values: Sequence[float] | Float[np.ndarray, " clips"],
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """The mean with its percentile bootstrap interval (Efron 1979).

    Args:
        values: One per clip.
        clusters: Which clips belong together (a speaker's); whole clusters are drawn. None draws
            clips.
        level: Share of means that the interval holds.
        samples: Draws.
        seed: Of the draws.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0 or not np.isfinite(array).all():
        raise ExplanationError("A mean needs at least one value, and all of them finite.")
    if not 0 < level < 1 or samples < 1:
        raise ExplanationError("An interval needs a level between 0 and 1 and one draw or more.")
    sums, counts = _clustered(array, clusters)
    random = np.random.default_rng(seed)
    drawn = random.integers(len(sums), size=(samples, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(array.mean()), float(low), float(high), array.size)


def _clustered(
    values: Float[np.ndarray, " clips"], clusters: Sequence[Hashable] | None
) -> tuple[Float[np.ndarray, " clusters"], Float[np.ndarray, " clusters"]]:
    """Sum and count of the values of every cluster."""
    if clusters is None:
        return values, np.ones_like(values)
    if len(clusters) != len(values):
        raise ExplanationError(f"{len(values)} values were given for {len(clusters)} clusters.")
    order = {name: index for index, name in enumerate(dict.fromkeys(clusters))}
    place = np.array([order[name] for name in clusters])
    return np.bincount(place, values), np.bincount(place).astype(np.float64)
