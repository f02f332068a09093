"""Statistics of how the classes lie along the scores: equal error rate and area under the ROC."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from xaudio.metrics.uncertainty.binning import ClassWeights
from xaudio.metrics.uncertainty.statistic import RankingStatistic


@dataclass(frozen=True)
class EqualErrorRate(RankingStatistic):
    """As `eer`: its threshold is fitted anew in every replicate."""

    def of_weights(self, weights: ClassWeights) -> Float[np.ndarray, " replicates"]:
        """The mean of the two error rates where they differ least."""
        false_rejection, false_acceptance = weights.false_rejection(), weights.false_acceptance()
        chosen = _crossing(false_rejection, false_acceptance)[:, None]
        found = np.take_along_axis(false_rejection, chosen, 1)
        found += np.take_along_axis(false_acceptance, chosen, 1)
        return found[:, 0] / 2.0

    def critical_threshold(self, weights: ClassWeights) -> int:
        """How many distinct scores are rejected where the two error rates differ least."""
        return int(_crossing(weights.false_rejection(), weights.false_acceptance())[0]) + 1


@dataclass(frozen=True)
class RocArea(RankingStatistic):
    """As `roc_auc`: the chance that a bona fide clip scores above a spoof, ties counting half."""

    lower_is_better = False

    def of_weights(self, weights: ClassWeights) -> Float[np.ndarray, " replicates"]:
        """The share of bona fide weight above each spoof, and half of that beside it."""
        below = np.cumsum(weights.spoof, axis=1)
        total = below[:, -1].copy()
        below -= weights.spoof / 2.0
        area = np.einsum("rs,rs->r", weights.bonafide, below)
        return area / (weights.bonafide.sum(axis=1) * total)

    def critical_threshold(self, weights: ClassWeights) -> int:
        """Where the classes meet: that is where they can be out of order."""
        return EqualErrorRate().critical_threshold(weights)


def _crossing(
    false_rejection: Float[np.ndarray, "replicates scores"],
    false_acceptance: Float[np.ndarray, "replicates scores"],
) -> np.ndarray:
    """The first score up to which rejecting makes the rates differ least.

    One rises and the other falls, so it is the last score before they cross or the one after.
    Rejecting nothing is never better: there they differ by 1, as much as they can.
    """
    rows = np.arange(len(false_rejection))
    after = np.count_nonzero(false_rejection < false_acceptance, axis=1)
    before = np.maximum(after - 1, 0)

    def apart(at: np.ndarray) -> np.ndarray:
        return np.abs(false_rejection[rows, at] - false_acceptance[rows, at])

    return np.where(apart(before) <= apart(after), before, after)
