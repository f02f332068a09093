"""The detection error trade-off: both error rates at every threshold there is.

Martin, Doddington, Kamm, Ordowski and Przybocki, The DET curve in assessment of detection task
performance, Eurospeech 1997. Scores are higher for bona fide; a clip is accepted at the threshold
and above, so tied scores cross it together.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from xaudio.metrics.scores import score_array


@dataclass(frozen=True, eq=False)
class DetCurve:
    """Every operating point of a detector, from accepting everything to rejecting everything.

    Attributes:
        thresholds: Ascending: every distinct score, then infinity, where nothing is accepted.
        false_rejection: Share of bona fide clips below the threshold; rises from 0 to 1.
        false_acceptance: Share of spoofed clips at the threshold or above; falls from 1 to 0.
    """

    thresholds: Float[np.ndarray, " points"]
    false_rejection: Float[np.ndarray, " points"]
    false_acceptance: Float[np.ndarray, " points"]

    def __len__(self) -> int:
        return self.thresholds.size

    def threshold(self, point: int) -> float:
        """A threshold of this point, midway between the scores that it parts.

        A score that comes out a rounding error lower on another machine is then decided alike.
        Where nothing is rejected it is the lowest score, where everything is, infinity.
        """
        if point == 0:
            return float(self.thresholds[0])
        highest_rejected, lowest_accepted = self.thresholds[point - 1], self.thresholds[point]
        midway = highest_rejected / 2 + lowest_accepted / 2
        # Two neighbouring floats have none between them.
        return float(midway if midway > highest_rejected else lowest_accepted)


def det_curve(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> DetCurve:
    """The DET curve: one point per distinct score and one above them all.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> curve = det_curve([2.0, 3.0, 0.5], [-1.0, 0.5])
    >>> curve.thresholds
    array([-1. ,  0.5,  2. ,  3. ,  inf])
    >>> curve.false_rejection.round(2), curve.false_acceptance
    (array([0.  , 0.  , 0.33, 0.67, 1.  ]), array([1. , 0.5, 0. , 0. , 0. ]))
    """
    bonafide = np.sort(score_array(bonafide_scores, "bona fide"))
    spoof = np.sort(score_array(spoof_scores, "spoof"))
    scores = np.sort(np.concatenate((bonafide, spoof)))
    below = first_of_ties(scores)
    thresholds = scores[below]
    # How many lie below is known, so one search in one class gives the other's count too.
    rejected_bonafide = np.searchsorted(bonafide, thresholds)
    rejected_spoof = below - rejected_bonafide
    return DetCurve(
        np.append(thresholds, np.inf),
        np.append(rejected_bonafide / bonafide.size, 1.0),
        np.append((spoof.size - rejected_spoof) / spoof.size, 0.0),
    )


def every_threshold(*classes: np.ndarray) -> Float[np.ndarray, " points"]:
    """What `DetCurve.thresholds` is for any number of classes: distinct scores, then infinity."""
    scores = np.sort(np.concatenate(classes))
    return np.append(scores[first_of_ties(scores)], np.inf)


def share_below(
    scores: Float[np.ndarray, " scores"], thresholds: Float[np.ndarray, " points"]
) -> Float[np.ndarray, " points"]:
    """Share of the scores below each threshold."""
    return np.searchsorted(np.sort(scores), thresholds) / scores.size


def share_accepted(
    scores: Float[np.ndarray, " scores"], thresholds: Float[np.ndarray, " points"]
) -> Float[np.ndarray, " points"]:
    """Share of the scores at each threshold or above, counted, not one minus the others."""
    return (scores.size - np.searchsorted(np.sort(scores), thresholds)) / scores.size


def probit(rates: ArrayLike) -> Float[np.ndarray, "*shape"]:
    """Where a DET plot draws a rate: the standard normal quantile, on which Gaussians are lines.

    0 and 1 lie at minus and plus infinity, outside any plot.

    >>> probit([0.5, 0.02275, 0.0]).round(3)
    array([ 0., -2., -inf])
    """
    from scipy.special import ndtri

    return np.asarray(ndtri(np.asarray(rates, dtype=np.float64)))


def thinned(curve: DetCurve, points: int = 1000) -> DetCurve:
    """At most so many points of the curve, evenly spaced along it as a DET plot draws it.

    For figures: ten million scores make a curve of ten million points. Both ends stay.
    """
    if len(curve) <= points:
        return curve
    steps = _drawn_steps(curve.false_rejection) + _drawn_steps(curve.false_acceptance)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    kept = np.unique(np.searchsorted(along, np.linspace(0.0, along[-1], points)))
    return DetCurve(
        curve.thresholds[kept], curve.false_rejection[kept], curve.false_acceptance[kept]
    )


def first_of_ties(ascending: Float[np.ndarray, " scores"]) -> np.ndarray:
    """Where each distinct score first stands: as many scores lie below it."""
    return np.flatnonzero(np.concatenate(([True], ascending[1:] != ascending[:-1])))


def _drawn_steps(rates: np.ndarray) -> np.ndarray:
    """How far the curve goes from point to point; rates of 0 and 1 count as half a clip."""
    half_a_clip = rates[rates > 0.0].min() / 2.0
    return np.abs(np.diff(probit(rates.clip(half_a_clip, 1.0 - half_a_clip))))
