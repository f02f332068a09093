"""The architecture-agnostic detection cost function: one score that must refuse two impostors.

For systems that answer with a single score whether a clip is the target speaker, bona fide:
Shim, Jung, Kinnunen, Evans, Bonastre and Lapidot, a-DCF: an architecture agnostic metric with
application to spoofing-robust speaker verification, Odyssey 2024.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.det import every_threshold, share_accepted, share_below
from xaudio.metrics.scores import score_array


@dataclass(frozen=True)
class AgnosticCosts:
    """Priors and costs of the three kinds of trial; the defaults are those of the a-DCF's authors.

    Attributes:
        nontarget_prior: Share of trials by another bona fide speaker.
        spoof_prior: Share of spoofed trials; what is left are targets.
        miss: Cost of rejecting a target.
        false_acceptance: Cost of accepting a nontarget.
        spoof_acceptance: Cost of accepting a spoof.
    """

    nontarget_prior: float = 0.05
    spoof_prior: float = 0.05
    miss: float = 1.0
    false_acceptance: float = 10.0
    spoof_acceptance: float = 20.0

    def __post_init__(self) -> None:
        priors = (self.nontarget_prior, self.spoof_prior, self.target_prior)
        costs = (self.miss, self.false_acceptance, self.spoof_acceptance)
        if min(priors) < 0.0 or not 0.0 < self.target_prior < 1.0 or min(costs) <= 0.0:
            raise MetricError(
                "An a-DCF needs priors that are not negative and leave something to each side, and "
                f"costs above 0, not priors of {priors[0]} and {priors[1]} and costs of {costs}."
            )

    @property
    def target_prior(self) -> float:
        """Share of trials by the target speaker."""
        return 1.0 - self.nontarget_prior - self.spoof_prior

    @property
    def weights(self) -> tuple[float, float, float]:
        """What missing all targets, accepting all nontargets and accepting all spoofs cost."""
        return (
            self.miss * self.target_prior,
            self.false_acceptance * self.nontarget_prior,
            self.spoof_acceptance * self.spoof_prior,
        )


AUTHORS_COSTS = AgnosticCosts()


def adcf(
    target_scores: ArrayLike,
    nontarget_scores: ArrayLike,
    spoof_scores: ArrayLike,
    threshold: float,
    costs: AgnosticCosts = AUTHORS_COSTS,
) -> float:
    """Cost at a threshold fixed beforehand, 1 for deciding without listening.

    (C_miss pi_tar P_miss + C_fa pi_non P_fa + C_spoof pi_spoof P_spoof) over the cheaper of
    rejecting and accepting everything.

    Raises:
        MetricError: A class is empty or a score is not finite.
    """
    return float(
        _normalised_costs(
            *_three(target_scores, nontarget_scores, spoof_scores), np.array([threshold]), costs
        )[0]
    )


def min_adcf(
    target_scores: ArrayLike,
    nontarget_scores: ArrayLike,
    spoof_scores: ArrayLike,
    costs: AgnosticCosts = AUTHORS_COSTS,
) -> float:
    """The lowest `adcf` over all thresholds, in [0, 1].

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> min_adcf([2.0, 3.0, 0.5], [-1.0, 0.0], [1.0, -2.0])
    0.3333
    """
    classes = _three(target_scores, nontarget_scores, spoof_scores)
    return float(_normalised_costs(*classes, every_threshold(*classes), costs).min())


def _three(
    target: ArrayLike, nontarget: ArrayLike, spoof: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        score_array(target, "target"),
        score_array(nontarget, "nontarget"),
        score_array(spoof, "spoof"),
    )


def _normalised_costs(
    target: np.ndarray,
    nontarget: np.ndarray,
    spoof: np.ndarray,
    thresholds: np.ndarray,
    costs: AgnosticCosts,
) -> np.ndarray:
    miss, false_acceptance, spoof_acceptance = costs.weights
    cost = miss * share_below(target, thresholds)
    cost += false_acceptance * share_accepted(nontarget, thresholds)
    cost += spoof_acceptance * share_accepted(spoof, thresholds)
    return cost / min(miss, false_acceptance + spoof_acceptance)
