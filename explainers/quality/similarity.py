"""How alike two maps of relevance are, row by row along the last axis."""

import numpy as np
from jaxtyping import Float

from explainers.quality.ranking import middle_ranks


def spearman(
    values: Float[np.ndarray, "*rows cells"], others: Float[np.ndarray, "*rows cells"]
) -> Float[np.ndarray, "*rows"]:
    """Spearman's rank correlation, -1 to 1; 0 where a map has one value throughout.

    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]))
    array(1.)
    """
    return pearson(middle_ranks(values), middle_ranks(others))


def pearson(
    values: Float[np.ndarray, "*rows cells"], others: Float[np.ndarray, "*rows cells"]
) -> Float[np.ndarray, "*rows"]:
    """Pearson's correlation, -1 to 1; 0 where a map has one value throughout.

    >>> pearson(np.array([1.0, 2.0, 3.0]), np.array([-1.0, -2.0, -3.0]))
    array(-1.)
    """
    return cosine(_deviations(values), _deviations(others))


def cosine(
    values: Float[np.ndarray, "*rows cells"], others: Float[np.ndarray, "*rows cells"]
) -> Float[np.ndarray, "*rows"]:
    """Cosine of the angle between two maps, -1 to 1; 0 where a map is zero throughout.

    >>> cosine(np.array([1.0, 0.0]), np.array([3.0, 4.0]))
    array(0.6)
    """
    return np.asarray((_directions(values) * _directions(others)).sum(axis=-1).clip(-1, 1))


def _deviations(values: Float[np.ndarray, "*rows cells"]) -> Float[np.ndarray, "*rows cells"]:
    """From the mean; none in a map of one value, whatever the rounding of its mean."""
    even = values.max(axis=-1, keepdims=True) == values.min(axis=-1, keepdims=True)
    values = values.astype(np.float64)
    return np.where(even, 0.0, values - values.mean(axis=-1, keepdims=True))


def _directions(values: Float[np.ndarray, "*rows cells"]) -> Float[np.ndarray, "*rows cells"]:
    """Of length one; relative to the largest first, which faint relevance needs."""
    values = values.astype(np.float64)
    largest = np.abs(values).max(axis=-1, keepdims=True)
    scaled = values / np.where(largest > 0, largest, 1.0)
    length = np.sqrt((scaled**2).sum(axis=-1, keepdims=True))
    return scaled / np.where(length > 0, length, 1.0)
