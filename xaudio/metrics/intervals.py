"""Bootstrap intervals, clustered and kept within classes, over all replicates at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from xaudio.errors import MetricError

NUMBERS_AT_ONCE = 4_000_000


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


def percentile_interval(value: float, replicates: np.ndarray, level: float = 0.95) -> Interval:
    """The interval that holds the middle `level` of the bootstrap replicates.

    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    if not 0.0 < level < 1.0:
        raise MetricError(
            f"An interval's level lies between 0 and 1, for example 0.95, not {level}."
        )
    low, high = np.quantile(replicates, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(value, float(low), float(high))


def resampling_weights(
    is_bonafide: np.ndarray, clusters: np.ndarray, samples: int, seed: int
) -> Iterator[np.ndarray]:
    """How often each clip is drawn in each bootstrap replicate: blocks of [replicate, clip].

    Whole clusters are drawn with replacement, so clips of one speaker come and go together.
    Clusters with only bona fide clips, only spoofed ones, or both are three strata, each drawn
    from itself: no replicate lacks a class. A stratum that is one single cluster shows no
    spread between clusters and is drawn clip by clip, which understates the uncertainty.

    Args:
        is_bonafide: [clip] bool.
        clusters: [clip] cluster numbers, 0 and up.
        samples: Replicates in all.
        seed: Of the random numbers.
    """
    if samples < 1:
        raise MetricError(f"A bootstrap needs at least one replicate, not {samples}.")
    clusters, strata = _strata(is_bonafide, clusters)
    random = np.random.default_rng(seed)
    block = max(1, NUMBERS_AT_ONCE // len(clusters))
    for start in range(0, samples, block):
        counts = _drawn(strata, min(block, samples - start), random)
        yield counts[:, clusters]


def _strata(is_bonafide: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cluster number per clip, stratum number per cluster."""
    stratum_of_clip = _classes_held(is_bonafide, clusters)[clusters]
    clusters = clusters.copy()
    for stratum in np.unique(stratum_of_clip):
        inside = stratum_of_clip == stratum
        if len(np.unique(clusters[inside])) == 1:
            clusters[inside] = clusters.max() + 1 + np.arange(inside.sum())
    clusters = np.unique(clusters, return_inverse=True)[1]
    return clusters, _classes_held(is_bonafide, clusters)


def _classes_held(is_bonafide: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Per cluster: 1 for bona fide alone, 2 for spoof alone, 3 for both, 0 for no clip."""
    bonafide = np.bincount(clusters, weights=is_bonafide) > 0
    spoof = np.bincount(clusters, weights=~is_bonafide) > 0
    return bonafide + 2 * spoof


def _drawn(strata: np.ndarray, replicates: int, random: np.random.Generator) -> np.ndarray:
    """How often each cluster is drawn, [replicate, cluster]; each stratum keeps its size."""
    counts = np.zeros((replicates, len(strata)))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        draws = random.integers(len(members), size=(replicates, len(members)))
        rows = np.arange(replicates)[:, None] * len(members)
        drawn = np.bincount((draws + rows).ravel(), minlength=replicates * len(members))
        counts[:, members] = drawn.reshape(replicates, len(members))
    return counts
