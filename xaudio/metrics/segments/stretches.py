"""Synthetic stretches of a clip as intervals in time, joined where they meet."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from xaudio.errors import MetricError

Stretch = tuple[float, float]
Stretches = Sequence[Stretch]

SAME_INSTANT = 1e-6  # seconds: far below a sample


def joined(stretches: Stretches) -> Float[np.ndarray, "stretches 2"]:
    """Starts and ends in seconds, ascending; what touches or overlaps is one stretch.

    Raises:
        MetricError: A stretch that does not run forward from zero or later.

    >>> joined([(2.0, 3.0), (0.5, 1.0), (1.0, 1.5)])
    array([[0.5, 1.5], [2. , 3. ]])
    """
    given = np.asarray(stretches, dtype=np.float64).reshape(-1, 2)
    wrong = ~((given[:, 0] >= 0.0) & (given[:, 1] > given[:, 0]) & np.isfinite(given[:, 1]))
    if wrong.any():
        start, end = given[wrong][0]
        raise MetricError(
            f"A stretch runs forward, from 0 s or later; given one from {start} s to {end} s."
        )
    given = given[np.argsort(given[:, 0], kind="stable")]
    reached = np.maximum.accumulate(given[:, 1])
    begins = np.append(True, given[1:, 0] > reached[:-1] + SAME_INSTANT)[: len(given)]
    ends = np.append(begins[1:], True)[: len(given)]
    return np.stack((given[begins, 0], reached[ends]), axis=1)


def seconds_inside(
    stretches: Float[np.ndarray, "stretches 2"], edges: Float[np.ndarray, " edges"]
) -> Float[np.ndarray, " gaps"]:
    """How many seconds between each edge and the next lie inside the joined stretches.

    >>> seconds_inside(joined([(0.5, 1.5)]), np.array([0.0, 1.0, 2.0, 3.0]))
    array([0.5, 0.5, 0. ])
    """
    if not len(stretches):
        return np.zeros(len(edges) - 1)
    passed = np.cumsum(stretches[:, 1] - stretches[:, 0])
    before = np.stack((np.append(0.0, passed[:-1]), passed), axis=1)
    return np.diff(np.interp(edges, stretches.ravel(), before.ravel()))


def check_same_clips(**given: int) -> None:
    """Raises a MetricError where lists of one item per clip differ in length or are empty."""
    if len(set(given.values())) != 1 or 0 in given.values():
        counts = ", ".join(f"{name} of {count}" for name, count in given.items())
        raise MetricError(f"One of each is needed per clip, of one clip or more; given {counts}.")
