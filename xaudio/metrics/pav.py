"""Pool adjacent violators: the best calibration that keeps the order of the scores.

Ayer, Brunk, Ewing, Reid and Silverman, Annals of Mathematical Statistics 26, 1955; for
detectors Brümmer and du Preez, Computer Speech and Language 20, 2006, section 6.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from xaudio.metrics.det import first_of_ties
from xaudio.metrics.scores import score_array


@dataclass(frozen=True, eq=False)
class PavBlocks:
    """Runs of neighbouring scores that the best monotone calibration gives one value.

    The share of bona fide clips rises from block to block. Tied scores share a block.

    Attributes:
        lowest: Lowest score of each block, ascending.
        bonafide: Share of all bona fide clips that the block holds; they sum to 1.
        spoof: Share of all spoofed clips that the block holds; they sum to 1.
    """

    lowest: Float[np.ndarray, " blocks"]
    bonafide: Float[np.ndarray, " blocks"]
    spoof: Float[np.ndarray, " blocks"]


def pav_blocks(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> PavBlocks:
    """The blocks of isotonic regression of "is bona fide" on the score.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> blocks = pav_blocks([1.0, 3.0, 4.0], [0.0, 2.0])
    >>> blocks.lowest, blocks.spoof
    (array([0., 1., 3.]), array([0.5, 0.5, 0. ]))
    """
    from scipy.optimize import isotonic_regression

    bonafide = np.sort(score_array(bonafide_scores, "bona fide"))
    spoof = score_array(spoof_scores, "spoof")
    scores = np.sort(np.concatenate((bonafide, spoof)))
    first = first_of_ties(scores)
    below_bonafide = np.searchsorted(bonafide, scores[first])
    tied = np.diff(first, append=scores.size)
    tied_bonafide = np.diff(below_bonafide, append=bonafide.size)
    starts = isotonic_regression(tied_bonafide / tied, weights=tied).blocks[:-1]
    held = np.diff(first[starts], append=scores.size)
    held_bonafide = np.diff(below_bonafide[starts], append=bonafide.size)
    return PavBlocks(
        scores[first[starts]], held_bonafide / bonafide.size, (held - held_bonafide) / spoof.size
    )
