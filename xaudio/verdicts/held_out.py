"""What a calibration is worth on speakers it has not seen: each held out in turn."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from xaudio.metrics.calibration import (
    brier,
    cluster_folds,
    ece_equal_width,
    held_out_llrs,
    held_out_maps,
    spoof_probability,
)
from xaudio.metrics.cllr import min_cllr
from xaudio.metrics.intervals import Interval
from xaudio.metrics.uncertainty.bootstrap import bootstrap_each
from xaudio.metrics.uncertainty.means import FalseAcceptance, FalseRejection, LikelihoodRatioCost
from xaudio.metrics.uncertainty.ranking import EqualErrorRate
from xaudio.metrics.uncertainty.statistic import Statistic
from xaudio.verdicts.calibration import Figures, MapUncertainty
from xaudio.verdicts.ranges import departures, measured_ranges, measured_rates
from xaudio.verdicts.rule import Rule
from xaudio.verdicts.scored_set import ScoredSet

FOLDS = 20


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Every clip as a calibration without its speaker sees it.

    Attributes:
        llrs: By the map of the others.
        above: How far they lie above the others' threshold.
        outside: Whether the clip lies outside the others' conditions.
    """

    llrs: Float[ndarray, " clip"]
    above: Float[ndarray, " clip"]
    outside: Bool[ndarray, " clip"]


def hold_out(scored: ScoredSet, rule: Rule, spoof_prior: float) -> HeldOut:
    """Fit map, threshold and ranges without each speaker, or twentieth of the speakers, in turn.

    Raises:
        MetricError: A class has one speaker only.
    """
    human = scored.is_bonafide
    folds = cluster_folds(human, scored.clusters, FOLDS)
    maps = held_out_maps(scored.scores, human, folds, spoof_prior)
    llrs = held_out_llrs(scored.scores, maps, folds)
    thresholds = np.empty(len(maps))
    for fold, fitted in enumerate(maps):
        kept = folds != fold
        theirs = fitted.llrs(scored.scores)
        thresholds[fold] = rule.threshold(theirs[kept & human], theirs[kept & ~human])
    return HeldOut(llrs, llrs - thresholds[folds], _outside_of_others(scored, folds))


def figures(
    scored: ScoredSet, held_out: HeldOut, uncertainty: MapUncertainty, samples: int, seed: int
) -> Figures:
    """The figures of a calibration, with intervals from a bootstrap over speakers."""
    human = scored.is_bonafide

    def intervals(
        scores: Float[ndarray, " clip"], statistics: Mapping[str, Statistic]
    ) -> dict[str, Interval]:
        clusters = list(scored.clusters)
        found = bootstrap_each(scores, human, statistics, clusters, samples=samples, seed=seed)
        return {name: each.interval() for name, each in found.items()}

    of_scores = intervals(scored.scores, {"eer": EqualErrorRate(), "cllr": LikelihoodRatioCost()})
    errors = {"rejection": FalseRejection(0.0), "acceptance": FalseAcceptance(0.0)}
    of_decisions = intervals(held_out.above, errors)
    spoof_share = float(np.mean(~human))
    before, after = (
        spoof_probability(each, spoof_share) for each in (scored.scores, held_out.llrs)
    )
    reach = np.array([uncertainty.reach(score) for score in scored.scores.tolist()])
    near = (np.abs(held_out.above) <= reach) & ~held_out.outside
    return Figures(
        eer=of_scores["eer"],
        cllr_before=of_scores["cllr"],
        cllr_after=intervals(held_out.llrs, {"cllr": LikelihoodRatioCost()})["cllr"],
        min_cllr=min_cllr(scored.scores[human], scored.scores[~human]),
        ece_before=ece_equal_width(before, ~human),
        ece_after=ece_equal_width(after, ~human),
        brier_before=brier(before, ~human),
        brier_after=brier(after, ~human),
        false_rejection=of_decisions["rejection"],
        false_acceptance=of_decisions["acceptance"],
        outside=float(held_out.outside.mean()),
        undecided=float(near.sum() / max(1, (~held_out.outside).sum())),
    )


def _outside_of_others(scored: ScoredSet, folds: Int[ndarray, " clip"]) -> Bool[ndarray, " clip"]:
    outside = np.zeros(len(folds), dtype=bool)
    for fold in range(int(folds.max()) + 1):
        others = [scored.conditions[number] for number in np.flatnonzero(folds != fold)]
        rates, ranges = measured_rates(others), measured_ranges(others)
        for number in np.flatnonzero(folds == fold):
            outside[number] = bool(departures(scored.conditions[number], rates, ranges))
    return outside
