"""Isotonic calibration: the best rising step function, by pooling adjacent violators (PAV)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.typing import ArrayLike

from xaudio.metrics.pav import pav_blocks


@dataclass(frozen=True, eq=False)
class IsotonicMap:
    """LLRs that rise in steps with the score.

    Attributes:
        starts: The lowest score of each step but the first, ascending.
        steps: The LLR of each step. The first is minus infinity where only spoofed clips score so
            low, the last infinity where only bona fide ones score so high.
    """

    starts: Float[ndarray, " start"]
    steps: Float[ndarray, " step"]

    def llrs(self, scores: float | ArrayLike) -> np.ndarray:
        """Natural log-likelihood ratios, positive for bona fide; any shape."""
        place = np.searchsorted(self.starts, np.asarray(scores, dtype=np.float64), side="right")
        return np.asarray(self.steps[place])


def fit_isotonic(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> IsotonicMap:
    """The rising step function with the least cross entropy, at every prior at once.

    Pooling adjacent violators (Ayer et al. 1955; as calibration Zadrozny and Elkan 2002; that it is
    best at every prior: Brümmer and du Preez, "The PAV algorithm optimizes binary proper scoring
    rules", 2013). It follows chance in small sets: for verdicts use `fit_logistic`; what a better
    map could still gain is Cllr beyond min Cllr.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> fit_isotonic([1.0, 2.0, 3.0], [0.0, 1.5]).steps.round(3)
    array([  -inf, -0.405,    inf])
    """
    blocks = pav_blocks(bonafide_scores, spoof_scores)
    with np.errstate(divide="ignore"):
        steps = np.log(blocks.bonafide) - np.log(blocks.spoof)
    return IsotonicMap(blocks.lowest[1:], steps)
