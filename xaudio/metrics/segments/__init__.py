"""How well synthetic stretches inside clips are found: per segment, per second, at boundaries."""

from xaudio.metrics.segments.boundaries import BoundaryErrors, boundary_error
from xaudio.metrics.segments.overlap import StretchOverlap, stretch_overlap
from xaudio.metrics.segments.rates import (
    LabelledSegments,
    labelled_segments,
    range_eer,
    segment_eer,
)

__all__ = [
    "BoundaryErrors",
    "LabelledSegments",
    "StretchOverlap",
    "boundary_error",
    "labelled_segments",
    "range_eer",
    "segment_eer",
    "stretch_overlap",
]
