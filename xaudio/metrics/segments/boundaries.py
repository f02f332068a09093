"""Where synthetic stretches begin and end: boundaries found, missed, and how far off."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from xaudio.errors import MetricError
from xaudio.metrics.segments.stretches import SAME_INSTANT, Stretches, check_same_clips, joined


@dataclass(frozen=True)
class BoundaryErrors:
    """Boundaries found and true, over all clips.

    Attributes:
        mean_seconds: Mean distance of matched boundaries in seconds; NaN where none is matched.
        precision: Share of found boundaries that are matched; NaN where none is found.
        recall: Share of true boundaries that are matched; NaN where there are none.
        f1: Harmonic mean of the two; NaN where there is no boundary of either kind.
        matched: Number of pairs.
    """

    mean_seconds: float
    precision: float
    recall: float
    f1: float
    matched: int


def boundary_error(
    found: Sequence[Stretches],
    true: Sequence[Stretches],
    tolerance: float,
    seconds: Sequence[float] | None = None,
) -> BoundaryErrors:
    """Match found boundaries to true ones no further than the tolerance away.

    Beginnings are matched to beginnings and ends to ends, each at most once, so that as many as
    can be are matched and, among those ways, the distances are least. A stretch that begins or ends
    with the clip has no boundary there. Over all clips together.

    Args:
        found: Per clip: stretches (start, end) in seconds that were called synthetic.
        true: Per clip: stretches that are.
        tolerance: Largest distance of a match, in seconds.
        seconds: Lengths of the clips; None where no stretch reaches to a clip's end, or where that
            should count as a boundary.

    Raises:
        MetricError: Lists of different length, a stretch that runs backward, a tolerance that is
            negative.

    >>> boundary_error([[(1.0, 2.1)]], [[(1.0, 2.0)]], tolerance=0.2)
    BoundaryErrors(mean_seconds=0.05, precision=1.0, recall=1.0, f1=1.0, matched=2)
    """
    given = {"found": len(found), "true": len(true)}
    if seconds is not None:
        given["seconds"] = len(seconds)
    check_same_clips(**given)
    if not tolerance >= 0.0:
        raise MetricError(f"A tolerance is 0 s or more, not {tolerance} s.")
    ends = [np.inf] * len(found) if seconds is None else seconds
    distances: list[np.ndarray] = []
    ours_in_all = theirs_in_all = 0
    for one, other, end in zip(found, true, ends, strict=True):
        for ours, theirs in zip(_boundaries(one, end), _boundaries(other, end), strict=True):
            ours_in_all += len(ours)
            theirs_in_all += len(theirs)
            distances.append(matched_distances(ours, theirs, tolerance))
    matched = np.concatenate(distances)
    return BoundaryErrors(
        float(matched.mean()) if matched.size else np.nan,
        _share(matched.size, ours_in_all),
        _share(matched.size, theirs_in_all),
        _share(2 * matched.size, ours_in_all + theirs_in_all),
        matched.size,
    )


def matched_distances(
    found: Float[np.ndarray, " found"], true: Float[np.ndarray, " true"], tolerance: float
) -> Float[np.ndarray, " matched"]:
    """Distances of the best one-to-one match: most pairs first, least distance next."""
    from scipy.optimize import linear_sum_assignment

    apart = np.abs(found[:, None] - true)
    near = apart <= tolerance + SAME_INSTANT
    # One pair more outweighs whatever the other distances add up to.
    far = (min(apart.shape) + 1) * (tolerance + 1.0)
    rows, columns = linear_sum_assignment(np.where(near, apart, far))
    return apart[rows, columns][near[rows, columns]]


def _boundaries(stretches: Stretches, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Beginnings after the clip's and ends before the clip's."""
    starts, ends = joined(stretches).T
    return starts[starts > SAME_INSTANT], ends[ends < end - SAME_INSTANT]


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else float("nan")
