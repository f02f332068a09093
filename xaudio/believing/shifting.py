"""Chance for a map over time: the same map, begun elsewhere.

A map turned in time (what leaves at the end comes in at the beginning) keeps its values, its
smoothness and the size of its peaks; only where they lie is lost. Smooth maps agree by chance more
often than rough ones, which chance by shuffling would not know.
"""

import numpy as np
from jaxtyping import Float, Int


def turned(values: Float[np.ndarray, " cells"], cells: int) -> Float[np.ndarray, " cells"]:
    """The values begun elsewhere.

    >>> turned(np.array([1.0, 2.0, 3.0]), 1)
    array([3., 1., 2.])
    """
    return np.roll(values, cells)


def turns(cells: int, least: int, count: int, random: np.random.Generator) -> Int[np.ndarray, "n"]:
    """Different turns of a map of so many cells, none by fewer than `least` either way, drawn.

    All of them where there are no more than `count`.

    >>> turns(6, 2, 9, np.random.default_rng(0)).tolist()
    [2, 3, 4]
    """
    possible = np.arange(least, cells - least + 1)
    if len(possible) <= count:
        return possible
    return np.sort(random.choice(possible, count, replace=False))


def summed(values: Float[np.ndarray, " cells"], size: int) -> Float[np.ndarray, " groups"]:
    """Sums of so many neighbouring cells each, the last of fewer where they do not fit."""
    return np.add.reduceat(values, np.arange(0, len(values), size))
