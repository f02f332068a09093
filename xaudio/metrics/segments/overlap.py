"""How much of the synthetic time is found: overlap of stretches in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xaudio.metrics.segments.stretches import Stretches, check_same_clips, joined, seconds_inside


@dataclass(frozen=True)
class StretchOverlap:
    """Found and true synthetic time, over all clips.

    Attributes:
        iou: Intersection over union; NaN where there is neither found nor true time.
        precision: Share of the found time that is synthetic; NaN where none is found.
        recall: Share of the synthetic time that is found; NaN where there is none.
        f1: Harmonic mean of the two; NaN as `iou`.
    """

    iou: float
    precision: float
    recall: float
    f1: float


def stretch_overlap(found: Sequence[Stretches], true: Sequence[Stretches]) -> StretchOverlap:
    """Overlap of found with true stretches, in seconds over all clips together.

    Args:
        found: Per clip: stretches (start, end) in seconds that were called synthetic.
        true: Per clip: stretches that are.

    Raises:
        MetricError: Lists of different length, or a stretch that runs backward.

    >>> stretch_overlap([[(0.0, 2.0)]], [[(1.0, 3.0)]])
    StretchOverlap(iou=0.333, precision=0.5, recall=0.5, f1=0.5)
    """
    check_same_clips(found=len(found), true=len(true))
    both = ours = theirs = 0.0
    for one, other in zip(found, true, strict=True):
        here, there = joined(one), joined(other)
        ours += float(np.diff(here).sum())
        theirs += float(np.diff(there).sum())
        both += float(sum(seconds_inside(there, stretch)[0] for stretch in here))
    return StretchOverlap(
        _share(both, ours + theirs - both),
        _share(both, ours),
        _share(both, theirs),
        _share(2.0 * both, ours + theirs),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else float("nan")
