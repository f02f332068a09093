"""Where to put the threshold, what holds there beyond the clips it was put by, and how it drifts.

Scores are higher for bona fide; a clip is accepted at the threshold and above.
"""

from dataclasses import dataclass
from math import floor, log

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.det import DetCurve, det_curve
from xaudio.metrics.eer import eer, eer_threshold, error_rates
from xaudio.metrics.proportions import upper_bound
from xaudio.metrics.scores import score_array

CONFIDENCE = 0.95


@dataclass(frozen=True)
class BoundedThreshold:
    """A threshold that keeps one kind of error rare, and how rare on clips to come.

    Attributes:
        threshold: Clips are accepted at this score and above.
        share: Of the clips it was put by, how many are decided wrongly, in [0, 1].
        upper_bound: The rate of that error on new clips lies below this, in [0, 1] ...
        confidence: ... for this share of the sets of clips that could have been given.
        clips: How many it rests on, each counted as independent of the others: where many come
            from one speaker or one attack the bound is too low.
    """

    threshold: float
    share: float
    upper_bound: float
    confidence: float
    clips: int


def false_acceptance_threshold(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    wanted: float,
    confidence: float = CONFIDENCE,
) -> BoundedThreshold:
    """The lowest threshold at which at most a share `wanted` of these spoofed clips is accepted.

    On new clips the rate is about as often above `wanted` as below; `upper_bound` is what can be
    relied on, `guaranteed_false_acceptance_threshold` keeps that at `wanted` itself.

    Raises:
        MetricError: A class is empty, a score is not finite, or `wanted` is not in [0, 1).

    >>> false_acceptance_threshold([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0], 0.4).threshold
    0.25
    """
    spoof = score_array(spoof_scores, "spoof")
    allowed = _allowed(wanted, spoof.size)
    return _accepting(det_curve(bonafide_scores, spoof), spoof.size, allowed, confidence)


def guaranteed_false_acceptance_threshold(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    wanted: float,
    confidence: float = CONFIDENCE,
) -> BoundedThreshold:
    """The lowest threshold whose false acceptance rate on new clips is below `wanted`, surely.

    Surely: for a share `confidence` of all sets of as many spoofed clips, whatever their
    distribution. The threshold lies above an order statistic, whose rate has a beta distribution
    (Wilks 1941); its quantile is the bound of Clopper and Pearson, valid although the threshold
    was chosen on the same clips.

    Raises:
        MetricError: As above, or there are too few clips to promise this; says how many it takes.
    """
    spoof = score_array(spoof_scores, "spoof")
    allowed = _guaranteed(wanted, spoof.size, confidence, "spoofed")
    return _accepting(det_curve(bonafide_scores, spoof), spoof.size, allowed, confidence)


def false_rejection_threshold(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    wanted: float,
    confidence: float = CONFIDENCE,
) -> BoundedThreshold:
    """The highest threshold at which at most a share `wanted` of these bona fide clips is rejected.

    `upper_bound` as for `false_acceptance_threshold`.

    >>> false_rejection_threshold([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0], 0.4).threshold
    1.5
    """
    bonafide = score_array(bonafide_scores, "bona fide")
    allowed = _allowed(wanted, bonafide.size)
    return _rejecting(det_curve(bonafide, spoof_scores), bonafide.size, allowed, confidence)


def guaranteed_false_rejection_threshold(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    wanted: float,
    confidence: float = CONFIDENCE,
) -> BoundedThreshold:
    """The highest threshold whose false rejection rate on new clips is below `wanted`, surely.

    As `guaranteed_false_acceptance_threshold`, for bona fide clips.
    """
    bonafide = score_array(bonafide_scores, "bona fide")
    allowed = _guaranteed(wanted, bonafide.size, confidence, "bona fide")
    return _rejecting(det_curve(bonafide, spoof_scores), bonafide.size, allowed, confidence)


def clips_for_guarantee(wanted: float, confidence: float = CONFIDENCE) -> int:
    """How many clips it takes to promise an error rate below `wanted`, with no error among them.

    >>> clips_for_guarantee(0.01)
    299
    """
    _check_rate(wanted)
    if wanted == 0:
        raise MetricError("No number of clips can promise an error rate of 0.")
    fewest = max(1, floor(log(1 - confidence) / np.log1p(-wanted)))
    return next(
        clips for clips in range(fewest, fewest + 3) if upper_bound(0, clips, confidence) <= wanted
    )


def decision_flips(clean_scores: ArrayLike, scores: ArrayLike, threshold: float) -> float:
    """Share of clips decided otherwise than when clean, in [0, 1]; pairs in the same order.

    >>> decision_flips([1.0, -1.0], [1.0, 2.0], threshold=0.0)
    0.5
    """
    before, after = score_array(clean_scores, "clean"), score_array(scores, "corrupted")
    if before.size != after.size:
        raise MetricError(f"There are {before.size} clean scores but {after.size} corrupted ones.")
    return float(np.mean((before >= threshold) != (after >= threshold)))


@dataclass(frozen=True)
class ThresholdDrift:
    """How far the best threshold has moved from where it was put on clean clips.

    Attributes:
        clean: Where the error rates of the clean clips meet.
        best: Where those of the corrupted clips meet, known only to who has their labels.
        drift: `best` minus `clean`; below zero, corrupted clips sound less human.
        relative_drift: The same in standard deviations of the clean scores within their classes,
            to compare models whose scores differ in scale; None where those do not vary.
        eer_refitted: Equal error rate at `best`.
        error_kept: Mean of both error rates of the corrupted clips at `clean`, what is met in use.
    """

    clean: float
    best: float
    drift: float
    relative_drift: float | None
    eer_refitted: float
    error_kept: float


def threshold_drift(
    clean_bonafide_scores: ArrayLike,
    clean_spoof_scores: ArrayLike,
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
) -> ThresholdDrift:
    """Where the best threshold goes when clips are corrupted, and what keeping the old one costs.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> threshold_drift([2.0, 3.0], [0.0, 1.0], [1.0, 2.0], [-1.0, 0.0]).drift
    -1.0
    """
    clean = [
        score_array(clean_bonafide_scores, "clean bona fide"),
        score_array(clean_spoof_scores, "clean spoof"),
    ]
    fixed = eer_threshold(*clean)
    best = eer_threshold(bonafide_scores, spoof_scores)
    rates = error_rates(bonafide_scores, spoof_scores, fixed)
    spread = spread_within_classes(*clean)
    return ThresholdDrift(
        fixed,
        best,
        best - fixed,
        (best - fixed) / spread if spread > 0 else None,
        eer(bonafide_scores, spoof_scores),
        (rates.false_rejection + rates.false_acceptance) / 2,
    )


def spread_within_classes(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> float:
    """Standard deviation of scores around the mean of their own class, over all clips.

    The unit in which the scores of models of different scale compare.

    >>> spread_within_classes([4.0, 6.0], [-1.0, 1.0])
    1.0
    """
    classes = (score_array(bonafide_scores, "bona fide"), score_array(spoof_scores, "spoof"))
    return float(np.concatenate([scores - scores.mean() for scores in classes]).std())


def _accepting(curve: DetCurve, clips: int, allowed: int, confidence: float) -> BoundedThreshold:
    point = int(np.argmax(np.round(curve.false_acceptance * clips) <= allowed))
    return BoundedThreshold(
        _finite_threshold(curve, point),
        float(curve.false_acceptance[point]),
        upper_bound(allowed, clips, confidence),
        confidence,
        clips,
    )


def _rejecting(curve: DetCurve, clips: int, allowed: int, confidence: float) -> BoundedThreshold:
    point = int(np.flatnonzero(np.round(curve.false_rejection * clips) <= allowed)[-1])
    return BoundedThreshold(
        _finite_threshold(curve, point),
        float(curve.false_rejection[point]),
        upper_bound(allowed, clips, confidence),
        confidence,
        clips,
    )


def _finite_threshold(curve: DetCurve, point: int) -> float:
    """Above all scores means just above the highest: a new clip may still be accepted."""
    if np.isinf(curve.thresholds[point]):
        return float(np.nextafter(curve.thresholds[point - 1], np.inf))
    return curve.threshold(point)


def _allowed(wanted: float, clips: int) -> int:
    _check_rate(wanted)
    return floor(wanted * clips + 1e-9)  # 0.29 x 100 is 28.999...


def _guaranteed(wanted: float, clips: int, confidence: float, what: str) -> int:
    """The most errors among the clips that still promise a rate below `wanted`."""
    needed = clips_for_guarantee(wanted, confidence)
    if clips < needed:
        raise MetricError(
            f"An error rate below {wanted:g} cannot be promised with {confidence:.0%} confidence "
            f"on {clips} {what} clips: that takes {needed}. Give more clips, ask for less, or "
            "take the threshold without the promise."
        )
    few, many = 0, clips  # bisection: the bound rises with the errors
    while many - few > 1:
        middle = (few + many) // 2
        kept = upper_bound(middle, clips, confidence) <= wanted
        few, many = (middle, many) if kept else (few, middle)
    return few


def _check_rate(wanted: float) -> None:
    if not 0.0 <= wanted < 1.0:
        raise MetricError(f"A wanted error rate of {wanted} was given; expected 0 up to below 1.")
