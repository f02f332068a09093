"""The tandem detection cost function: what a countermeasure is worth in front of a verifier.

A countermeasure (CM) lets clips through to automatic speaker verification (ASV). The t-DCF counts
the errors of both in one cost: Kinnunen et al., IEEE/ACM Transactions on Audio, Speech, and
Language Processing 28, 2020. The verifier is given and fixed, by three error rates.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.det import det_curve
from xaudio.metrics.eer import error_rates
from xaudio.metrics.scores import score_array


class AsvErrorRates(NamedTuple):
    """How often a speaker verifier errs, shares in [0, 1].

    Attributes:
        miss: Target speakers rejected.
        false_acceptance: Other bona fide speakers (nontargets) accepted.
        spoof_acceptance: Spoofs of the target accepted.
    """

    miss: float
    false_acceptance: float
    spoof_acceptance: float


class TandemWeights(NamedTuple):
    """What the t-DCF is made of: C0 + C1 FRR + C2 FAR, rates of the countermeasure.

    Attributes:
        constant: C0, the cost with a perfect countermeasure.
        rejection: C1, the cost of rejecting every bona fide clip.
        acceptance: C2, the cost of accepting every spoof.
    """

    constant: float
    rejection: float
    acceptance: float


# The verifier that the organisers of ASVspoof 5 fixed, from their evaluation package.
ASVSPOOF5_VERIFIER = AsvErrorRates(0.01880141010575793, 0.01881016557566423, 0.4607082907604729)


def asv_error_rates(
    target_scores: ArrayLike,
    nontarget_scores: ArrayLike,
    spoof_scores: ArrayLike,
    threshold: float,
) -> AsvErrorRates:
    """The verifier's error rates at its own threshold: it accepts there and above.

    ASVspoof sets it at the verifier's EER: `eer_threshold(target_scores, nontarget_scores)`. Its
    own evaluation then also accepts the highest score that its EER rejects, ours does not.

    Raises:
        MetricError: A class is empty or a score is not finite.
    """
    miss, false_acceptance = error_rates(target_scores, nontarget_scores, threshold)
    spoof = score_array(spoof_scores, "spoof")
    return AsvErrorRates(miss, false_acceptance, float(np.mean(spoof >= threshold)))


@dataclass(frozen=True)
class TandemPriors:
    """How often each kind of trial is expected.

    Attributes:
        spoof_prior: Share of spoofs among all trials.
        nontarget_share: Share of nontarget speakers among the bona fide trials.
    """

    spoof_prior: float = 0.05
    nontarget_share: float = 0.01

    def __post_init__(self) -> None:
        if not (0.0 < self.spoof_prior < 1.0 and 0.0 <= self.nontarget_share < 1.0):
            raise MetricError(
                "A tandem cost needs a spoof prior between 0 and 1 and a share of nontargets from "
                f"0 to below 1, not {self.spoof_prior} and {self.nontarget_share}."
            )

    @property
    def target_prior(self) -> float:
        """Share of target speakers among all trials."""
        return (1.0 - self.spoof_prior) * (1.0 - self.nontarget_share)

    @property
    def nontarget_prior(self) -> float:
        """Share of nontarget speakers among all trials."""
        return (1.0 - self.spoof_prior) * self.nontarget_share


@dataclass(frozen=True)
class TandemCosts2021(TandemPriors):
    """The revised form, of ASVspoof 2021: errors of the whole, whichever part makes them.

    C0 = pi_tar C_miss P_miss + pi_non C_fa P_fa,  C1 = pi_tar C_miss - C0,
    C2 = pi_spoof C_fa_spoof P_fa_spoof, with the verifier's rates P (Kinnunen et al. 2020; the
    costs from the ASVspoof 2021 evaluation plan).

    Attributes:
        miss: Cost of rejecting a target.
        false_acceptance: Cost of accepting a nontarget.
        spoof_acceptance: Cost of accepting a spoof.
    """

    miss: float = 1.0
    false_acceptance: float = 10.0
    spoof_acceptance: float = 10.0

    def weights(self, asv: AsvErrorRates) -> TandemWeights:
        """C0, C1 and C2 with this verifier."""
        constant = (
            self.target_prior * self.miss * asv.miss
            + self.nontarget_prior * self.false_acceptance * asv.false_acceptance
        )
        return TandemWeights(
            constant,
            self.target_prior * self.miss - constant,
            self.spoof_prior * self.spoof_acceptance * asv.spoof_acceptance,
        )


@dataclass(frozen=True)
class TandemCosts2019(TandemPriors):
    """The first form, of ASVspoof 2019: each part's errors have costs of their own.

    C0 = 0,  C1 = pi_tar (C_miss_cm - C_miss_asv P_miss) - pi_non C_fa_asv P_fa,
    C2 = C_fa_cm pi_spoof P_fa_spoof, with the verifier's rates P (Kinnunen et al., Odyssey 2018;
    the costs from the ASVspoof 2019 evaluation plan).

    Attributes:
        asv_miss: Cost of the verifier's rejecting a target.
        asv_false_acceptance: Cost of the verifier's accepting a nontarget.
        cm_miss: Cost of the countermeasure's rejecting a bona fide clip.
        cm_false_acceptance: Cost of the countermeasure's accepting a spoof.
    """

    asv_miss: float = 1.0
    asv_false_acceptance: float = 10.0
    cm_miss: float = 1.0
    cm_false_acceptance: float = 10.0

    def weights(self, asv: AsvErrorRates) -> TandemWeights:
        """C0, C1 and C2 with this verifier."""
        return TandemWeights(
            0.0,
            self.target_prior * (self.cm_miss - self.asv_miss * asv.miss)
            - self.nontarget_prior * self.asv_false_acceptance * asv.false_acceptance,
            self.cm_false_acceptance * self.spoof_prior * asv.spoof_acceptance,
        )


TandemCosts = TandemCosts2019 | TandemCosts2021
ASVSPOOF2021_COSTS = TandemCosts2021()


def tdcf(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    threshold: float,
    asv: AsvErrorRates,
    costs: TandemCosts = ASVSPOOF2021_COSTS,
) -> float:
    """Tandem cost of a countermeasure at a threshold fixed beforehand.

    (C0 + C1 FRR + C2 FAR) / (C0 + min(C1, C2)): 1 for the better of letting everything through
    and nothing, C0 / (C0 + min(C1, C2)) for a perfect countermeasure.

    Args:
        bonafide_scores: The countermeasure's, of target and nontarget trials alike.
        spoof_scores: The countermeasure's, of spoofed trials.
        threshold: The countermeasure's.
        asv: The verifier's error rates at its threshold.
        costs: Which form, and its priors and costs.

    Raises:
        MetricError: A class is empty, a score is not finite, or the verifier is so bad that
            rejecting everybody would be cheaper (C1 or C2 not above 0).
    """
    rates = error_rates(bonafide_scores, spoof_scores, threshold)
    constant, rejection, acceptance = _usable_weights(asv, costs)
    cost = constant + rejection * rates.false_rejection + acceptance * rates.false_acceptance
    return cost / (constant + min(rejection, acceptance))


def min_tdcf(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    asv: AsvErrorRates,
    costs: TandemCosts = ASVSPOOF2021_COSTS,
) -> float:
    """The lowest `tdcf` over all thresholds of the countermeasure, at most 1.

    Raises:
        MetricError: As for `tdcf`.

    >>> min_tdcf([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0], AsvErrorRates(0.02, 0.02, 0.5))
    0.3843
    """
    curve = det_curve(bonafide_scores, spoof_scores)
    constant, rejection, acceptance = _usable_weights(asv, costs)
    cost = rejection * curve.false_rejection + acceptance * curve.false_acceptance
    return float((constant + cost.min()) / (constant + min(rejection, acceptance)))


def _usable_weights(asv: AsvErrorRates, costs: TandemCosts) -> TandemWeights:
    weights = costs.weights(asv)
    if weights.rejection <= 0.0 or weights.acceptance <= 0.0:
        raise MetricError(
            f"The t-DCF has no weight to put on the countermeasure's errors (C1 "
            f"{weights.rejection:.4g}, C2 {weights.acceptance:.4g}; both must be above 0). A "
            f"verifier with {asv} errs too often or lets no spoof through; check its threshold."
        )
    return weights
