"""The convex hull of the ROC: what a detector reaches when it may toss coins between thresholds.

Provost and Fawcett, Machine Learning 42, 2001; its equal error rate in Brümmer and de Villiers,
The BOSARIS toolkit, 2013.
"""

import numpy as np
from numpy.typing import ArrayLike

from xaudio.metrics.det import DetCurve
from xaudio.metrics.pav import pav_blocks


def det_hull(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> DetCurve:
    """The corners of the hull: the thresholds that are best for some costs and prior.

    Raises:
        MetricError: A class is empty or a score is not finite.
    """
    blocks = pav_blocks(bonafide_scores, spoof_scores)
    return DetCurve(
        np.append(blocks.lowest, np.inf),
        np.concatenate(([0.0], np.cumsum(blocks.bonafide)[:-1], [1.0])),
        np.concatenate(([1.0], np.cumsum(blocks.spoof[::-1])[::-1][1:], [0.0])),
    )


def eer_convex_hull(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> float:
    """Equal error rate where the hull crosses the diagonal, in [0, 0.5].

    Also the highest share of errors over all priors, with the best threshold for each: what the
    detector guarantees. It does not jump with single clips as `eer` does. ASVspoof reports `eer`;
    few clips or many ties part the two.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> eer_convex_hull([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0])
    0.167
    """
    hull = det_hull(bonafide_scores, spoof_scores)
    above = hull.false_rejection - hull.false_acceptance
    after = int(np.searchsorted(above, 0.0))
    share = -above[after - 1] / (above[after] - above[after - 1])
    low, high = hull.false_rejection[after - 1], hull.false_rejection[after]
    return float(low + share * (high - low))
