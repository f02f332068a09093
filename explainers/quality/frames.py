"""Relevance, a model's own evidence and the annotated truth, on the same short frames of time."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import convolve1d

from explainers.axes import regular_edges
from explainers.errors import ExplanationError
from explainers.explainer import FrameEvidence
from explainers.explanation import Explanation
from explainers.projection import Stretch, overlap_shares, regrid
from explainers.targets import Target

STEP = 0.02


def frame_truth(
    segments: Sequence[Stretch], step: float, frames: int
) -> Bool[np.ndarray, " frames"]:
    """Which frames of `step` seconds lie in the segments by more than half of their length.

    >>> frame_truth([(0.25, 0.65)], 0.2, 5)
    array([False,  True,  True, False, False])
    """
    edges = step * np.arange(frames + 1)
    covered = np.zeros(frames)
    for start, end in _merged(segments):
        inside = overlap_shares(np.array([start]), np.array([end]), edges)[0]
        covered += inside * (end - start)
    return covered > step * (0.5 + 1e-9)


def frame_values(explanation: Explanation, step: float = STEP) -> Float[np.ndarray, " frames"]:
    """Relevance of every whole frame of `step` seconds from the clip's start."""
    frames = int(explanation.seconds / step + 1e-6)
    if frames < 1:
        raise ExplanationError(
            f"A clip of {explanation.seconds:g} s has no whole frame of {step:g} s."
        )
    return explanation.over_time(step).relevance[:frames]


def evidence_values(
    evidence: FrameEvidence, target: Target, seconds: float, step: float = STEP
) -> list[Float[np.ndarray, " frames"]]:
    """The target of the model's own frames, averaged over frames of `step` seconds, per clip.

    Frames of ours that lie before or beyond the model's take the nearest value.
    """
    batch, frames, _ = evidence.logits.shape
    scores = target(evidence.logits.detach().flatten(0, 1).float()).reshape(batch, frames)
    edges = evidence.start + evidence.step * np.arange(frames + 1)
    inside = regular_edges(seconds, step)[: int(seconds / step + 1e-6) + 1]
    reach = np.concatenate([[min(edges[0], 0) - step], edges, [max(edges[-1], seconds) + step]])
    found = []
    for row in scores.double().cpu().numpy():
        density = np.concatenate([row[:1], row, row[-1:]])
        found.append(regrid(density * np.diff(reach), reach, inside) / np.diff(inside))
    return found


def moving_average(
    values: Float[np.ndarray, "*rows frames"], width: int
) -> Float[np.ndarray, "*rows frames"]:
    """Centred mean over `width` frames, made odd by one more; over fewer at the ends.

    Equal means stay equal: each is summed afresh and rounded to 40 bits, for what a running sum or
    another number of frames would leave in the last bits parts them, and ties would be ranked.

    >>> moving_average(np.array([0.0, 3.0, 0.0, 3.0]), 3)
    array([1.5, 1. , 2. , 1.5])
    """
    frames = values.shape[-1]
    half = min(width // 2, frames)
    if half == 0:
        return values.astype(np.float64)
    sums = convolve1d(values.astype(np.float64), np.ones(2 * half + 1), mode="constant")
    places = np.arange(frames)
    counts = np.minimum(places + half + 1, frames) - np.maximum(places - half, 0)
    mantissa, exponent = np.frexp(sums / counts)
    return np.ldexp(np.rint(mantissa * 2.0**40) / 2.0**40, exponent)


def _merged(segments: Sequence[Stretch]) -> list[Stretch]:
    """The same stretches without overlap, in order."""
    merged: list[Stretch] = []
    for start, end in sorted(segments):
        if not (np.isfinite(start) and np.isfinite(end) and start < end):
            raise ExplanationError(
                f"A segment from {start} to {end} s was given; start must be before end."
            )
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
