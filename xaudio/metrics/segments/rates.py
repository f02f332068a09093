"""Equal error rates inside clips: counted in segments of a fixed length, or in seconds.

Scores are higher for bona fide, one per frame of `step` seconds from the clip's start on.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.det import first_of_ties
from xaudio.metrics.eer import eer
from xaudio.metrics.scores import score_array
from xaudio.metrics.segments.stretches import (
    SAME_INSTANT,
    Stretches,
    check_same_clips,
    joined,
    seconds_inside,
)
from xaudio.metrics.uncertainty.binning import ClassWeights
from xaudio.metrics.uncertainty.ranking import EqualErrorRate
from xaudio.metrics.uncertainty.statistic import check_both_classes


class LabelledSegments(NamedTuple):
    """All segments of all clips, as `bootstrap` takes them.

    Attributes:
        scores: Per segment.
        is_bonafide: Per segment.
        clip: Per segment: the number of its clip, for the names of clusters.
    """

    scores: Float[np.ndarray, " segments"]
    is_bonafide: Bool[np.ndarray, " segments"]
    clip: Int[np.ndarray, " segments"]


def segment_eer(
    scores: Sequence[ArrayLike],
    stretches: Sequence[Stretches],
    step: float,
    resolution: float | None = None,
    seconds: Sequence[float] | None = None,
) -> float:
    """Equal error rate over segments of a fixed length, each counting one.

    As PartialSpoof has it (Zhang et al., IEEE/ACM TASLP 31, 2023), at 0.01 to 0.64 s. It depends
    on the resolution; `range_eer` does not.

    Args:
        scores: Per clip: one score per frame.
        stretches: Per clip: its synthetic stretches (start, end) in seconds; none if bona fide.
        step: Length of a frame in seconds.
        resolution: Length of a segment in seconds, a multiple of the step; None for one frame.
        seconds: Lengths of the clips; None where the frames cover them exactly.

    Raises:
        MetricError: As `labelled_segments`, or all segments are of one class.

    >>> segment_eer([[3.0, -1.0, 2.0, 1.0]], [[(0.5, 1.0)]], step=0.5)
    0.0
    """
    found = labelled_segments(scores, stretches, step, resolution, seconds)
    check_both_classes(found.is_bonafide, "The segment EER")
    return eer(found.scores[found.is_bonafide], found.scores[~found.is_bonafide])


def range_eer(
    scores: Sequence[ArrayLike],
    stretches: Sequence[Stretches],
    step: float,
    seconds: Sequence[float] | None = None,
) -> float:
    """Equal error rate over seconds: shares of bona fide and of synthetic time decided wrongly.

    Zhang et al., Range-based Equal Error Rate for Spoof Localization, Interspeech 2023. A frame
    that is half synthetic counts its one half on either side, so no resolution enters.

    Args:
        scores: As for `segment_eer`.
        stretches: As for `segment_eer`.
        step: As for `segment_eer`.
        seconds: As for `segment_eer`; the last frame reaches to the clip's end.

    Raises:
        MetricError: As `labelled_segments`, or all the time is of one class.

    >>> range_eer([[3.0, -1.0, 2.0, 1.0]], [[(0.5, 0.75)]], step=0.5)
    0.0714
    """
    frames = _frames(scores, stretches, step, seconds)
    values = np.concatenate([one.scores for one in frames])
    synthetic = np.concatenate([one.synthetic for one in frames])
    human = np.concatenate([one.seconds for one in frames]) - synthetic
    if not (human > SAME_INSTANT).any() or not (synthetic > SAME_INSTANT).any():
        raise MetricError(
            f"The range EER compares bona fide time with synthetic time; given {human.sum():.3f} s "
            f"and {synthetic.sum():.3f} s."
        )
    order = np.argsort(values, kind="stable")
    first = first_of_ties(values[order])
    weights = ClassWeights(
        np.add.reduceat(human[order], first)[None], np.add.reduceat(synthetic[order], first)[None]
    )
    return float(EqualErrorRate().of_weights(weights)[0])


def labelled_segments(
    scores: Sequence[ArrayLike],
    stretches: Sequence[Stretches],
    step: float,
    resolution: float | None = None,
    seconds: Sequence[float] | None = None,
) -> LabelledSegments:
    """Segments of all clips with their classes.

    A segment with any synthetic part is spoof, as in PartialSpoof. Its score is the lowest of its
    frames', which is ours: the most suspicious frame decides, as it does for the class.

    Args:
        scores: As for `segment_eer`.
        stretches: As for `segment_eer`.
        step: As for `segment_eer`.
        resolution: As for `segment_eer`.
        seconds: As for `segment_eer`.

    Raises:
        MetricError: Lists of different length, scores that are not finite, a stretch that runs
            backward, a resolution that is no multiple of the step.
    """
    frames = _frames(scores, stretches, step, seconds)
    width = 1 if resolution is None else round(resolution / step)
    if width < 1 or (resolution is not None and abs(width * step - resolution) > SAME_INSTANT):
        raise MetricError(
            f"A segment is a whole number of frames; {resolution} s are none of {step} s each."
        )
    lowest, synthetic = [], []
    for one in frames:
        begins = np.arange(0, len(one.scores), width)
        lowest.append(np.minimum.reduceat(one.scores, begins))
        synthetic.append(np.add.reduceat(one.synthetic, begins))
    return LabelledSegments(
        np.concatenate(lowest),
        np.concatenate(synthetic) <= SAME_INSTANT,
        np.repeat(np.arange(len(frames)), [len(one) for one in lowest]),
    )


class _Frames(NamedTuple):
    """One clip's frames: their scores, lengths and synthetic parts in seconds."""

    scores: np.ndarray
    seconds: np.ndarray
    synthetic: np.ndarray


def _frames(
    scores: Sequence[ArrayLike],
    stretches: Sequence[Stretches],
    step: float,
    seconds: Sequence[float] | None,
) -> list[_Frames]:
    if not step > 0.0:
        raise MetricError(f"A frame's length is above 0 s, not {step} s.")
    given = {"scores": len(scores), "stretches": len(stretches)}
    if seconds is not None:
        given["seconds"] = len(seconds)
    check_same_clips(**given)
    found = []
    for number, (values, synthetic) in enumerate(zip(scores, stretches, strict=True)):
        array = score_array(values, "frame")
        edges = np.arange(len(array) + 1) * step
        if seconds is not None:
            edges = _cut(edges, float(seconds[number]))
        inside = seconds_inside(joined(synthetic), edges)
        found.append(_Frames(array[: len(inside)], np.diff(edges), inside))
    return found


def _cut(edges: np.ndarray, end: float) -> np.ndarray:
    """Frames that begin after the clip's end are left out; the last one reaches to it."""
    if not end > 0.0:
        raise MetricError(f"A clip's length is above 0 s, not {end} s.")
    starts = edges[:-1]
    return np.append(starts[starts < end - SAME_INSTANT], end)
