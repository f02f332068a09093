"""The area under the ROC curve."""

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.scores import score_array


def auc(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> float:
    """Chance that a random bona fide clip scores above a random spoofed one, ties counting half.

    The Mann-Whitney form of the area (Hanley and McNeil, Radiology 143, 1982), in [0, 1]. It is
    the mean over all thresholds, most of which nobody would use.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> auc([0.35, 0.8], [0.1, 0.4])
    0.75
    """
    bonafide = np.sort(score_array(bonafide_scores, "bona fide"))
    spoof = np.sort(score_array(spoof_scores, "spoof"))
    below = np.searchsorted(spoof, bonafide, side="left").sum()
    not_above = np.searchsorted(spoof, bonafide, side="right").sum()
    return float((below + not_above) / 2.0 / bonafide.size / spoof.size)


def roc_auc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Chance that a random positive scores above a random negative, ties counting half.

    `auc` for scores beside their labels.

    Args:
        scores: One per item.
        labels: One per item: true for positives, false for negatives.

    Raises:
        MetricError: A class is empty, a score is not finite, or the lengths differ.

    >>> roc_auc([0.1, 0.4, 0.35, 0.8], [False, False, True, True])
    0.75
    """
    values = score_array(scores, "given")
    positive = np.asarray(labels).reshape(-1).astype(bool)
    if positive.size != values.size:
        raise MetricError(f"There are {values.size} scores but {positive.size} labels.")
    positives = int(positive.sum())
    negatives = positive.size - positives
    if positives == 0 or negatives == 0:
        raise MetricError(
            f"The ROC needs positives and negatives; given {positives} and {negatives}."
        )
    return auc(values[positive], values[~positive])
