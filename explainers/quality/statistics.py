"""Means over clips and paired differences, with bootstrap intervals."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from explainers.errors import ExplanationError
from explainers.quality.ranking import roc_auc

__all__ = ["Estimate", "bootstrap_difference", "bootstrap_mean", "roc_auc"]


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


def bootstrap_difference(
    values: Sequence[float] | Float[np.ndarray, " clips"],
    others: Sequence[float] | Float[np.ndarray, " other_clips"],
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """By how much `values` exceed `others` on the same clips, with the interval of the mean.

    Paired: what makes a clip easy or hard for both cancels, so the interval is as narrow as the
    two agree. An interval without zero tells them apart.

    Args:
        values: One per clip.
        others: For the same clips in the same order.
        clusters: As for `bootstrap_mean`.
        level: As for `bootstrap_mean`.
        samples: As for `bootstrap_mean`.
        seed: As for `bootstrap_mean`.

    >>> bootstrap_difference([0.5, 0.75, 1.0], [0.25, 0.5, 0.75])
    Estimate(mean=0.25, low=0.25, high=0.25, count=3)
    """
    if len(values) != len(others):
        raise ExplanationError(
            f"{len(values)} values were given beside {len(others)}; a paired difference needs "
            "both for every clip."
        )
    differences = np.asarray(values, dtype=np.float64) - np.asarray(others, dtype=np.float64)
    return bootstrap_mean(differences, clusters, level, samples, seed)


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
