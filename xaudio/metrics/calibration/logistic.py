"""Logistic calibration: an affine map from score to log-likelihood ratio."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.calibration.odds import bonafide_log_odds
from xaudio.metrics.scores import score_array

MOST_STEPS = 100
NUMBERS_AT_ONCE = 2_000_000
# Keeps the curvature invertible where a bootstrap draws one score only; scores have unit variance.
RIDGE = 1e-9
SMALLEST_GAIN = 1e-14


@dataclass(frozen=True)
class AffineMap:
    """LLR = slope x score + offset.

    Attributes:
        slope: Above zero where higher scores speak for bona fide.
        offset: The LLR of the score 0.
    """

    slope: float
    offset: float

    def llrs(self, scores: float | ArrayLike) -> np.ndarray:
        """Natural log-likelihood ratios, positive for bona fide; any shape."""
        return np.asarray(self.slope * np.asarray(scores, dtype=np.float64) + self.offset)

    def score_at(self, llr: float) -> float:
        """The score that has this LLR."""
        if self.slope == 0:
            raise MetricError("A map with slope 0 gives every score one LLR; it has no inverse.")
        return (llr - self.offset) / self.slope


def fit_logistic(
    bonafide_scores: ArrayLike, spoof_scores: ArrayLike, spoof_prior: float = 0.5
) -> AffineMap:
    """The affine map whose LLRs have the least prior-weighted cross entropy.

    As in FoCal and BOSARIS (Brümmer and du Preez 2006; Brümmer and de Villiers 2013): each class
    weighs as much as the prior says, however many clips it has, so the map does not learn the
    set's own proportions. At the prior 0.5 the cross entropy is Cllr.

    Classes that do not overlap would have an infinite slope. Labels are therefore softened as
    Platt (1999) does: of n clips of a class each counts for it by (n + 1) / (n + 2), for the other
    by 1 / (n + 2). The map stays finite, and few clips claim little; with many it vanishes.

    Args:
        bonafide_scores: At least one, finite.
        spoof_scores: At least one, finite.
        spoof_prior: Where the map shall be best, above 0 and below 1.

    Raises:
        MetricError: A class is empty, a score is not finite, or all scores are equal.

    >>> fit_logistic([1.0, 2.0, 4.0], [-3.0, -2.0, 1.5]).slope > 0
    True
    """
    bonafide = score_array(bonafide_scores, "bona fide")
    spoof = score_array(spoof_scores, "spoof")
    scores = np.concatenate((bonafide, spoof))
    is_bonafide = np.arange(scores.size) < bonafide.size
    slopes, offsets = fit_weighted(scores, is_bonafide, np.ones((1, scores.size)), spoof_prior)
    return AffineMap(float(slopes[0]), float(offsets[0]))


def fit_weighted(
    scores: Float[ndarray, " clip"],
    is_bonafide: Bool[ndarray, " clip"],
    weights: Float[ndarray, "replicate clip"],
    spoof_prior: float = 0.5,
) -> tuple[Float[ndarray, " replicate"], Float[ndarray, " replicate"]]:
    """`fit_logistic` once per row of weights, such as a bootstrap's counts or folds: 0 and 1.

    Returns:
        Slopes and offsets.

    Raises:
        MetricError: All scores are equal, or some replicate lacks a class.
    """
    centre, spread = scores.mean(), scores.std()
    if spread <= 1e-12 * max(1.0, abs(centre)):
        raise MetricError(
            f"All {scores.size} scores are equal ({scores[0]:g}); nothing can be calibrated on "
            "them. Is the model the right one for these clips?"
        )
    if not ((weights @ is_bonafide > 0) & (weights @ ~is_bonafide > 0)).all():
        raise MetricError("Calibration needs clips of both classes; one class has none.")
    standard = (scores - centre) / spread
    log_odds = bonafide_log_odds(spoof_prior)
    rows = max(1, NUMBERS_AT_ONCE // scores.size)
    blocks = [
        _newton(standard, is_bonafide, weights[start : start + rows], log_odds)
        for start in range(0, len(weights), rows)
    ]
    slopes, offsets = np.concatenate(blocks, axis=1)
    return slopes / spread, offsets - slopes * centre / spread


def _newton(
    scores: ndarray, is_bonafide: ndarray, weights: ndarray, log_odds: float
) -> Float[ndarray, "2 replicate"]:
    """Slopes and offsets for scores of unit variance, by damped Newton steps."""
    shares, wanted = _softened(is_bonafide, weights, log_odds)

    def loss(found: ndarray) -> ndarray:
        odds = found[0][:, None] * scores + found[1][:, None] + log_odds
        entropy = np.logaddexp(0, odds) - wanted * odds
        return (shares * entropy).sum(axis=1) + RIDGE / 2 * found[0] ** 2

    found = np.zeros((2, len(weights)))
    least = loss(found)
    for _ in range(MOST_STEPS):
        step = _step(found, scores, shares, wanted, log_odds)
        size = np.ones(len(weights))
        for _ in range(40):
            now = loss(found - size * step)
            worse = now > least
            if not worse.any():
                break
            size[worse] /= 2
        size[worse] = 0.0
        found = found - size * step
        gain, least = least - np.minimum(now, least), np.minimum(now, least)
        if (gain <= SMALLEST_GAIN).all():
            break
    return found


def _softened(
    is_bonafide: ndarray, weights: ndarray, log_odds: float
) -> tuple[Float[ndarray, "replicate clip"], Float[ndarray, "replicate clip"]]:
    """What each clip weighs, one in all, and the probability of bona fide it shall be given."""
    from scipy.special import expit

    shares, wanted = np.empty_like(weights), np.empty_like(weights)
    classes = ((is_bonafide, expit(log_odds), 1), (~is_bonafide, expit(-log_odds), 0))
    for members, prior, label in classes:
        count = weights[:, members].sum(axis=1, keepdims=True)
        shares[:, members] = prior * weights[:, members] / count
        wanted[:, members] = (label * count + 1) / (count + 2)
    return shares, wanted


def _step(
    found: ndarray, scores: ndarray, shares: ndarray, wanted: ndarray, log_odds: float
) -> Float[ndarray, "2 replicate"]:
    """Newton's step: the inverse of the two by two curvature times the gradient."""
    from scipy.special import expit

    given = expit(found[0][:, None] * scores + found[1][:, None] + log_odds)
    error, bend = shares * (given - wanted), shares * given * (1 - given)
    gradient = np.stack([error @ scores + RIDGE * found[0], error.sum(axis=1)])
    along, across, total = bend @ scores**2 + RIDGE, bend @ scores, bend.sum(axis=1)
    determinant = along * total - across**2
    return np.stack(
        [
            (total * gradient[0] - across * gradient[1]) / determinant,
            (along * gradient[1] - across * gradient[0]) / determinant,
        ]
    )
