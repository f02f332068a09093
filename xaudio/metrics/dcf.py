"""The detection cost function: what the two kinds of error cost where spoofs are rare.

Scores are higher for bona fide; a clip is accepted at the threshold and above. The costs of
ASVspoof 5 (its evaluation plan, 2024) are the default.
"""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.det import DetCurve, det_curve
from xaudio.metrics.eer import error_rates


@dataclass(frozen=True)
class DetectionCosts:
    """How often spoofs are expected and what each kind of error costs.

    Attributes:
        spoof_prior: Share of spoofs among the clips to come, between 0 and 1.
        miss: Cost of rejecting a bona fide clip, above 0.
        false_acceptance: Cost of accepting a spoofed clip, above 0.
    """

    spoof_prior: float = 0.05
    miss: float = 1.0
    false_acceptance: float = 10.0

    def __post_init__(self) -> None:
        if not (0.0 < self.spoof_prior < 1.0 and self.miss > 0.0 and self.false_acceptance > 0.0):
            raise MetricError(
                "A detection cost needs a spoof prior between 0 and 1 and costs above 0, not a "
                f"prior of {self.spoof_prior} and costs of {self.miss} and {self.false_acceptance}."
            )

    @property
    def all_missed(self) -> float:
        """Cost of rejecting everything."""
        return self.miss * (1.0 - self.spoof_prior)

    @property
    def all_accepted(self) -> float:
        """Cost of accepting everything."""
        return self.false_acceptance * self.spoof_prior

    @property
    def normalised(self) -> tuple[float, float]:
        """What rejecting everything costs, and accepting everything, in units of the cheaper."""
        cheaper = min(self.all_missed, self.all_accepted)
        return self.all_missed / cheaper, self.all_accepted / cheaper

    @property
    def bayes_threshold(self) -> float:
        """The best threshold for scores that are natural log-likelihood ratios.

        -ln(beta), beta the cost of rejecting everything over that of accepting everything.

        >>> DetectionCosts().bayes_threshold
        -0.641853886172
        """
        return -log(self.all_missed / self.all_accepted)


ASVSPOOF5_COSTS = DetectionCosts()


def dcf(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    threshold: float,
    costs: DetectionCosts = ASVSPOOF5_COSTS,
) -> float:
    """Detection cost at a threshold fixed beforehand, 1 for deciding without listening.

    (C_miss (1 - pi) FRR + C_fa pi FAR) / min(C_miss (1 - pi), C_fa pi), pi the spoof prior. It
    exceeds 1 where the detector does worse than always saying what is cheaper.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> dcf([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0], threshold=0.75)
    0.9667
    """
    rates = error_rates(bonafide_scores, spoof_scores, threshold)
    missed, accepted = costs.normalised
    return missed * rates.false_rejection + accepted * rates.false_acceptance


def min_dcf(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    costs: DetectionCosts = ASVSPOOF5_COSTS,
) -> float:
    """The lowest `dcf` over all thresholds, in [0, 1]: the threshold is fitted to these clips.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> min_dcf([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0])
    0.3333
    """
    return _cheapest(det_curve(bonafide_scores, spoof_scores), costs)[0]


def min_dcf_threshold(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    costs: DetectionCosts = ASVSPOOF5_COSTS,
) -> float:
    """The lowest threshold of `min_dcf`, midway between the scores that it parts.

    ASVspoof's own evaluation names the highest score rejected there. Infinity where rejecting
    everything is cheapest.

    >>> min_dcf_threshold([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0])
    0.25
    """
    curve = det_curve(bonafide_scores, spoof_scores)
    return curve.threshold(_cheapest(curve, costs)[1])


def actual_dcf(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    costs: DetectionCosts = ASVSPOOF5_COSTS,
) -> float:
    """`dcf` at the Bayes threshold: what a detector costs that takes its scores at their word.

    For scores that are natural log-likelihood ratios. Above `min_dcf` by what their
    miscalibration costs.

    Raises:
        MetricError: A class is empty or a score is not finite.
    """
    return dcf(bonafide_scores, spoof_scores, costs.bayes_threshold, costs)


def _cheapest(curve: DetCurve, costs: DetectionCosts) -> tuple[float, int]:
    """Lowest normalised cost on the curve and the first point that has it."""
    missed, accepted = costs.normalised
    cost = missed * curve.false_rejection + accepted * curve.false_acceptance
    best = int(np.argmin(cost))
    return float(cost[best]), best
