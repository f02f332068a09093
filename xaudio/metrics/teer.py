"""The tandem equal error rate: countermeasure and verifier in one number without costs or priors.

Kinnunen, Lee, Tak, Evans and Nautsch, t-EER: Parameter-free tandem evaluation of countermeasures
and biometric comparators, IEEE Transactions on Pattern Analysis and Machine Intelligence, 2023.
A trial is accepted when both accept it; their errors are taken as independent within a class.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.det import DetCurve, det_curve, every_threshold, share_accepted, share_below
from xaudio.metrics.scores import score_array

POINTS_AT_ONCE = 4096


class AsvScores(NamedTuple):
    """A speaker verifier's scores, higher for the claimed speaker.

    Attributes:
        target: Of trials by the claimed speaker.
        nontarget: Of trials by other bona fide speakers.
        spoof: Of spoofed trials.
    """

    target: ArrayLike
    nontarget: ArrayLike
    spoof: ArrayLike


class TandemPoint(NamedTuple):
    """A tandem equal error rate in [0, 1] and the two thresholds that give it."""

    rate: float
    asv_threshold: float
    cm_threshold: float


@dataclass(frozen=True, eq=False)
class TandemPath:
    """All pairs of thresholds at which the tandem misses as often as it falsely accepts.

    Attributes:
        asv_thresholds: The verifier's, ascending.
        cm_thresholds: The countermeasure's for each of them, descending.
        rates: The tandem equal error rate there.
        nontarget_acceptance: Share of nontarget trials that the tandem accepts there.
        spoof_acceptance: Share of spoofed trials that it accepts there.
    """

    asv_thresholds: Float[np.ndarray, " points"]
    cm_thresholds: Float[np.ndarray, " points"]
    rates: Float[np.ndarray, " points"]
    nontarget_acceptance: Float[np.ndarray, " points"]
    spoof_acceptance: Float[np.ndarray, " points"]


class _Verifier(NamedTuple):
    """The verifier's rates at each of its thresholds that can lie on the path."""

    thresholds: np.ndarray
    miss: np.ndarray
    nontarget: np.ndarray
    spoof: np.ndarray

    def acceptance(self, prevalence: float) -> np.ndarray:
        return (1.0 - prevalence) * self.nontarget + prevalence * self.spoof


def teer_path(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    asv_scores: AsvScores,
    spoof_prevalence: float = 0.5,
) -> TandemPath:
    """The t-EER path for one share of spoofs among the impostors.

    For each threshold of the verifier the one of the countermeasure where the tandem's miss and
    false acceptance rates differ least. Verifier thresholds that alone miss more than they falsely
    accept have none (the paper's condition 12) and are left out.

    Args:
        bonafide_scores: The countermeasure's, of target and nontarget trials alike.
        spoof_scores: The countermeasure's, of spoofed trials.
        asv_scores: The verifier's.
        spoof_prevalence: Share of spoofs among all that should be refused, in [0, 1].

    Raises:
        MetricError: A class is empty, a score is not finite, or the prevalence not in [0, 1].
    """
    if not 0.0 <= spoof_prevalence <= 1.0:
        raise MetricError(f"A prevalence of spoofs lies between 0 and 1, not {spoof_prevalence}.")
    curve = det_curve(bonafide_scores, spoof_scores)
    verifier = _usable(_verifier(asv_scores), spoof_prevalence)
    points = _crossings(verifier, curve, spoof_prevalence)
    passed, spoof_passed = 1.0 - curve.false_rejection[points], curve.false_acceptance[points]
    miss = 1.0 - passed * (1.0 - verifier.miss)
    nontarget, spoof = passed * verifier.nontarget, spoof_passed * verifier.spoof
    acceptance = (1.0 - spoof_prevalence) * nontarget + spoof_prevalence * spoof
    return TandemPath(
        verifier.thresholds, curve.thresholds[points], (miss + acceptance) / 2.0, nontarget, spoof
    )


def concurrent_teer(
    bonafide_scores: ArrayLike, spoof_scores: ArrayLike, asv_scores: AsvScores
) -> TandemPoint:
    """The t-EER that does not depend on how many of the impostors are spoofs.

    Where the paths of all prevalences meet: nontargets and spoofs are accepted equally often.
    Found on the path of prevalence 0.5, at its point where those two rates differ least.

    ASVspoof 5's own evaluation takes the point where two ratios of rates differ least and reports
    the acceptance of spoofs there alone. With many trials both agree; where a rate comes near 0,
    its ratios jump, and so does that number.

    Args:
        bonafide_scores: The countermeasure's, of target and nontarget trials alike.
        spoof_scores: The countermeasure's, of spoofed trials.
        asv_scores: The verifier's.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> asv = AsvScores([4.0, 5.0, 2.0], [0.0, 1.0, 3.0], [3.5, 4.5])
    >>> concurrent_teer([2.0, 3.0, 0.5], [-1.0, 1.0], asv)
    TandemPoint(rate=0.375, asv_threshold=3.0, cm_threshold=0.5)
    """
    path = teer_path(bonafide_scores, spoof_scores, asv_scores)
    best = int(np.abs(path.nontarget_acceptance - path.spoof_acceptance).argmin())
    return TandemPoint(
        float(path.rates[best]), float(path.asv_thresholds[best]), float(path.cm_thresholds[best])
    )


def _verifier(scores: AsvScores) -> _Verifier:
    target = score_array(scores.target, "target")
    nontarget = score_array(scores.nontarget, "nontarget")
    spoof = score_array(scores.spoof, "spoof")
    thresholds = every_threshold(target, nontarget, spoof)
    return _Verifier(
        thresholds,
        share_below(target, thresholds),
        share_accepted(nontarget, thresholds),
        share_accepted(spoof, thresholds),
    )


def _usable(verifier: _Verifier, prevalence: float) -> _Verifier:
    allowed = verifier.miss <= verifier.acceptance(prevalence)
    return _Verifier(*(rates[allowed] for rates in verifier))


def _crossings(
    verifier: _Verifier, curve: DetCurve, prevalence: float
) -> Int[np.ndarray, " points"]:
    """Per verifier threshold the point of the DET curve where misses meet false acceptances.

    Misses reach false acceptances where weight_passed * (1 - FRR) + weight_spoof * FAR falls to 1.
    Both weights fall with the verifier's threshold, so the point moves one way only: what is
    found at the ends of a block bounds it inside, where few points then need be looked at.
    """
    weight_passed = 1.0 - verifier.miss + (1.0 - prevalence) * verifier.nontarget
    weight_spoof = prevalence * verifier.spoof
    ends = np.append(np.arange(0, weight_passed.size, POINTS_AT_ONCE), weight_passed.size - 1)
    at_ends = _fallen_to_one(
        weight_passed[ends], weight_spoof[ends], curve, np.array([0]), np.array([len(curve) - 1])
    )
    points = np.empty(weight_passed.size, dtype=np.int64)
    for block, (high, low) in enumerate(pairwise(at_ends)):
        inside = slice(ends[block], ends[block] + POINTS_AT_ONCE)
        points[inside] = _fallen_to_one(
            weight_passed[inside], weight_spoof[inside], curve, np.array([low]), np.array([high])
        )
    return points - _nearer_before(weight_passed, weight_spoof, curve, points)


def _fallen_to_one(
    weight_passed: np.ndarray,
    weight_spoof: np.ndarray,
    curve: DetCurve,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """First point between low and high where misses are no fewer than false acceptances."""
    while (low < high).any():
        middle = (low + high) // 2
        above = _excess(weight_passed, weight_spoof, curve, middle) > 0.0
        low, high = np.where(above, middle + 1, low), np.where(above, high, middle)
    return low


def _nearer_before(
    weight_passed: np.ndarray, weight_spoof: np.ndarray, curve: DetCurve, points: np.ndarray
) -> np.ndarray:
    """1 where the point before has the two rates as close or closer, else 0."""
    before = np.maximum(points - 1, 0)
    excess_before = _excess(weight_passed, weight_spoof, curve, before)
    excess = _excess(weight_passed, weight_spoof, curve, points)
    return ((points > 0) & (np.abs(excess_before) <= np.abs(excess))).astype(np.int64)


def _excess(
    weight_passed: np.ndarray, weight_spoof: np.ndarray, curve: DetCurve, points: np.ndarray
) -> np.ndarray:
    """By how much false acceptances exceed misses."""
    passed = 1.0 - curve.false_rejection[points]
    return weight_passed * passed + weight_spoof * curve.false_acceptance[points] - 1.0
