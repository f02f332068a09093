"""Does relevance fall where the truth is? Frame ROC-AUC against annotated stretches of time."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from explainers.axes import regular_edges
from explainers.errors import ExplanationError
from explainers.explainer import FrameEvidence
from explainers.explanation import Explanation
from explainers.projection import Stretch, overlap_shares, regrid
from explainers.quality.statistics import Estimate, bootstrap_mean, roc_auc
from explainers.targets import Target

STEP = 0.02
AVERAGE = 0.5


@dataclass(frozen=True)
class Localisation:
    """How well values over time find the annotated stretches, over a set of clips.

    Attributes:
        raw: Frame ROC-AUC of the values as they are.
        averaged: The same after averaging the values over `average` seconds.
        step: Length of a frame in seconds.
        average: Length of the moving average in seconds.
        clips: Both AUCs of every clip, ``[clips, 2]``.
    """

    raw: Estimate
    averaged: Estimate
    step: float
    average: float
    clips: Float[np.ndarray, "clips 2"]


def localise(
    values: Sequence[Float[np.ndarray, " frames"]],
    segments: Sequence[Sequence[Stretch]],
    step: float = STEP,
    average: float = AVERAGE,
    clusters: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> Localisation:
    """Frame ROC-AUC per clip, raw and averaged, and its mean over clips with a 95 % interval.

    Args:
        values: Per clip: one value per frame, high where the synthetic stretch should be; from
            `frame_values` or `evidence_values`.
        segments: Per clip: the true stretches (start, end) in seconds.
        step: Length of a frame in seconds.
        average: Length of the moving average in seconds.
        clusters: Which clips belong together, for the interval; None where each stands alone.
        seed: Of the bootstrap.

    Raises:
        ExplanationError: A clip whose frames are all true or all false, which has no ROC curve.
    """
    if len(values) != len(segments) or not values:
        raise ExplanationError(f"{len(values)} clips and {len(segments)} annotations were given.")
    width = max(round(average / step), 1)
    clips = np.empty((len(values), 2))
    for row, one, stretches in zip(clips, values, segments, strict=True):
        truth = frame_truth(stretches, step, len(one))
        row[:] = frame_auc(one, truth), frame_auc(moving_average(one, width), truth)
    return Localisation(
        raw=bootstrap_mean(clips[:, 0], clusters, seed=seed),
        averaged=bootstrap_mean(clips[:, 1], clusters, seed=seed),
        step=step,
        average=average,
        clips=clips,
    )


def frame_auc(values: Float[np.ndarray, " frames"], truth: Bool[np.ndarray, " frames"]) -> float:
    """ROC-AUC of one clip's frames: the chance that a true frame outranks a false one."""
    return roc_auc(values, truth)


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
    values: Float[np.ndarray, " frames"], width: int
) -> Float[np.ndarray, " frames"]:
    """Centred mean over `width` frames, made odd by one more; over fewer at the ends.

    >>> moving_average(np.array([0.0, 3.0, 0.0, 3.0]), 3)
    array([1.5, 1. , 2. , 1.5])
    """
    half = width // 2
    cumulative = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    first = np.maximum(np.arange(len(values)) - half, 0)
    last = np.minimum(np.arange(len(values)) + half + 1, len(values))
    return (cumulative[last] - cumulative[first]) / (last - first)


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
