"""Exact intervals and bounds of a share, from counts."""

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError


def clopper_pearson(
    hits: int | ArrayLike, trials: int | ArrayLike, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the exact two-sided interval of a share (Clopper and Pearson 1934), each in [0, 1].

    Args:
        hits: How often it came true; any shape.
        trials: Of how many independent ones, at least one each; the same shape.
        level: At least this share of such intervals holds the truth.

    >>> [float(end) for end in clopper_pearson(0, 10)]
    [0.0, 0.308]
    """
    if not 0.0 < level < 1.0:
        raise MetricError(
            f"An interval's level lies between 0 and 1, for example 0.95, not {level}."
        )
    one_sided = (1 + level) / 2
    misses = np.asarray(trials) - np.asarray(hits)
    low = 1 - _upper(misses, trials, one_sided)
    return np.asarray(low), _upper(hits, trials, one_sided)


def upper_bound(hits: int, trials: int, confidence: float = 0.95) -> float:
    """What a share lies below with this confidence: the one-sided exact bound.

    >>> upper_bound(0, 299)
    0.00997
    """
    if not 0.0 < confidence < 1.0:
        raise MetricError(f"A confidence lies between 0 and 1, for example 0.95, not {confidence}.")
    return float(_upper(hits, trials, confidence))


def _upper(hits: int | ArrayLike, trials: int | ArrayLike, confidence: float) -> np.ndarray:
    from scipy.special import betaincinv

    count, total = np.asarray(hits), np.asarray(trials)
    if (count < 0).any() or (count > total).any() or (total < 1).any():
        raise MetricError("A share needs at least one trial, and hits from none to all of them.")
    below = np.minimum(count, total - 1)  # all hits: the bound is one, set below
    bound = betaincinv(below + 1.0, np.maximum(total - below, 1), confidence)
    return np.where(count == total, 1.0, bound)
