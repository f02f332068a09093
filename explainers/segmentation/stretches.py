"""Stretches of a clip, (start, stop) in samples: runs, what lies between, parts of them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from explainers.removal.parts import Stretch, TimeParts


def runs(mask: Bool[np.ndarray, " time"]) -> list[Stretch]:
    """Where a mask is true, run by run.

    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def gaps(stretches: Sequence[Stretch], length: int) -> list[Stretch]:
    """What of a clip lies outside rising stretches that do not overlap.

    >>> gaps([(2, 4), (4, 5)], 8)
    [(0, 2), (5, 8)]
    """
    starts, stops = [0, *(stop for _, stop in stretches)], [start for start, _ in stretches]
    between = zip(starts, [*stops, length], strict=True)
    return [(start, stop) for start, stop in between if start < stop]


def time_parts(named: Sequence[tuple[str, Stretch]], length: int, sample_rate: int) -> TimeParts:
    """Parts of one stretch each, in the order of time."""
    ordered = sorted(named, key=lambda one: one[1])
    names = tuple(name for name, _ in ordered)
    return TimeParts(names, tuple((stretch,) for _, stretch in ordered), length, sample_rate)


def numbered(kind: str, stretches: Sequence[Stretch]) -> list[tuple[str, Stretch]]:
    """Stretches called by what they are and their number: ``pause 1``, ``pause 2``."""
    return [(f"{kind} {number}", one) for number, one in enumerate(stretches, start=1)]
