"""The area under the ROC curve."""

import numpy as np
from numpy.typing import ArrayLike

from explainers.quality.statistics import roc_auc as area_by_ranks
from xaudio.errors import MetricError
from xaudio.metrics.scores import score_array


def roc_auc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Chance that a random positive scores above a random negative, ties counting half.

    The Mann-Whitney form of the area (Hanley and McNeil, Radiology 143, 1982), in [0, 1].

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
    return area_by_ranks(values, positive)
