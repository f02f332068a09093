"""Cost of the log-likelihood ratio: how good scores are as probabilities, in bits.

Brümmer and du Preez, Application-independent evaluation of speaker detection, Computer Speech and
Language 20, 2006. Scores are natural log-likelihood ratios, higher for bona fide.
"""

from math import log

import numpy as np
from numpy.typing import ArrayLike

from xaudio.metrics.pav import pav_blocks
from xaudio.metrics.scores import score_array


def cllr(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> float:
    """Mean cost in bits of taking scores as log-likelihood ratios: 0 perfect, 1 knows nothing.

    (mean over bona fide of log2(1 + exp(-s)) + mean over spoof of log2(1 + exp(s))) / 2. Scores
    that are confidently wrong cost without bound, so it can be far above 1.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> cllr([0.0, 0.0], [0.0])
    1.0
    """
    bonafide = score_array(bonafide_scores, "bona fide")
    spoof = score_array(spoof_scores, "spoof")
    nats = np.logaddexp(0.0, -bonafide).mean() + np.logaddexp(0.0, spoof).mean()
    return float(nats / 2.0 / log(2.0))


def min_cllr(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> float:
    """The `cllr` after the best calibration that keeps the order, in [0, 1].

    What the ranking alone is worth. The calibration (pool adjacent violators) is fitted to these
    very clips, so few clips flatter it.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> min_cllr([1.0, 2.0], [-1.0, 0.0])
    0.0
    """
    from scipy.special import rel_entr

    blocks = pav_blocks(bonafide_scores, spoof_scores)
    both = blocks.bonafide + blocks.spoof
    # -a log(a / (a + b)) is what the share a pays for the ratio a / b, nothing where a is 0.
    nats = -(rel_entr(blocks.bonafide, both) + rel_entr(blocks.spoof, both)).sum()
    return max(0.0, float(nats / 2.0 / log(2.0)))


def calibration_loss(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> float:
    """`cllr` minus `min_cllr`, in bits: what a better calibration would save.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> calibration_loss([0.0], [0.0])
    0.0
    """
    return cllr(bonafide_scores, spoof_scores) - min_cllr(bonafide_scores, spoof_scores)
