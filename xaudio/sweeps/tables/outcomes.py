"""What one model did under one condition: every figure the tables show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8

from xaudio.metrics import roc_auc
from xaudio.metrics.calibration import ece_equal_width, spoof_probability
from xaudio.metrics.cllr import cllr, min_cllr
from xaudio.metrics.dcf import ASVSPOOF5_COSTS, min_dcf
from xaudio.metrics.intervals import ANYWHERE, SHARES, Interval, ValueRange
from xaudio.metrics.uncertainty.bootstrap import one_clip
from xaudio.sweeps.tables.clips import Clips
from xaudio.sweeps.tables.draws import Draws
from xaudio.sweeps.tables.figures import Figure, Share, combined, share_figures
from xaudio.sweeps.tables.scored import (
    CleanReference,
    Decisions,
    Scored,
    clean_reference,
    decisions,
    scored,
)
from xaudio.sweeps.tables.separation import separation
from xaudio.sweeps.tables.sources import Place, RowSource, places_of, source_of


@dataclass(frozen=True, eq=False)
class Outcome:
    """Figures of one model under one condition; one that cannot be told is absent.

    Attributes:
        place: Model and condition.
        parameters: The condition's, as JSON.
        clips: How many scores there are.
        failed: How many are missing.
        clusters: How many speakers the scored clips come from; of two classes the fewer.
        heard: Which clips of the sweep have a score, a bit each.
        values: Figures without replicates, by name.
        figures: Figures with replicates, by name.
    """

    place: Place
    parameters: str
    clips: int
    failed: int
    clusters: int
    heard: UInt8[np.ndarray, " byte"]
    values: Mapping[str, float]
    figures: Mapping[str, Figure]

    def value(self, name: str) -> float | None:
        """A figure's value; None where it is absent."""
        if name in self.figures:
            return self.figures[name].value
        return self.values.get(name)

    def interval(self, name: str) -> Interval | None:
        """A figure's interval; None where there is none."""
        return self.figures[name].interval if name in self.figures else None


@dataclass(frozen=True, eq=False)
class Look:
    """One model's scores under one condition beside its clean reference."""

    place: Place
    parameters: str
    here: Scored
    clean: CleanReference


def looks(source: RowSource) -> Iterator[Look]:
    """Every model under every condition, model by model; one condition is in memory at a time."""
    clips = Clips.of(source.clips())
    for _, of_model in groupby(places_of(source).items(), lambda item: item[0].model):
        places = dict(of_model)
        clean = clean_of(source, next(iter(places)), clips)
        for place, parameters in places.items():
            here = scored(source, place, clips, clean.labels)
            if len(here.score) or len(here.failed):
                yield Look(place, parameters, here, clean)


def clean_of(source: RowSource, place: Place, clips: Clips) -> CleanReference:
    """What is held fixed of a place's model."""
    return clean_reference(scored(source, place.clean, clips))


def outcomes(
    rows: pa.Table | RowSource, *, samples: int = 1000, seed: int = 0, cluster: str = "speaker"
) -> list[Outcome]:
    """What every model did under every condition.

    Args:
        rows: Score rows, or a store to read them from, one model and condition at a time.
        samples: Bootstrap replicates.
        seed: Of the bootstrap.
        cluster: What clips share that are drawn together.
    """
    source = source_of(rows)
    draws = draws_of(source, samples=samples, seed=seed, cluster=cluster)
    return [outcome(look, draws) for look in looks(source)]


def draws_of(source: RowSource, *, samples: int, seed: int, cluster: str) -> Draws:
    """The bootstrap draws that all figures of a sweep share."""
    return Draws.of(Clips.of(source.clips()), samples=samples, seed=seed, cluster=cluster)


def outcome(look: Look, draws: Draws) -> Outcome:
    """Every figure of one model under one condition."""
    here, clean = look.here, look.clean
    decided = decisions(here, clean)
    figures: dict[str, Figure] = {}
    values = _shift(here, clean)
    if clean.threshold is not None:
        values["clean_threshold"] = clean.threshold
    if here.has_both_classes:
        figures |= _refitted(here, draws)
        values |= _ranking(here) | _calibration(here, clean)
        values |= _drift(figures["best_threshold"].value, clean)
    if decided is not None:
        figures |= _decided(here, clean, decided, draws)
        values |= _ways(here, decided)
    if look.place == look.place.clean and "flipped" in figures:
        # No clip differs from itself: that is no finding with an interval.
        values["flipped"] = figures.pop("flipped").value
    return Outcome(
        place=look.place,
        parameters=look.parameters,
        clips=len(here.score),
        failed=len(here.failed),
        clusters=here.fewest_clusters(draws.cluster),
        heard=here.heard,
        values=values,
        figures=figures,
    )


def _shift(here: Scored, clean: CleanReference) -> dict[str, float]:
    shift = here.score - clean.score[here.clip]
    known = ~np.isnan(shift)
    return {"score_shift": float(shift[known].mean())} if known.any() else {}


def _refitted(here: Scored, draws: Draws) -> dict[str, Figure]:
    """What the scores could do at a threshold of their own."""
    best = separation(here.score, here.is_bonafide, here.clip, draws)
    clusters = min(draws.count(here.clip[kind]) for kind in (here.is_bonafide, ~here.is_bonafide))
    among = here.clips.is_bonafide[np.unique(here.clip)]
    step = one_clip(SHARES, (0.5, 0.5), among)
    return {
        "eer_refitted": Figure(best.eer, best.eers, draws, SHARES, clusters, one_clip=step),
        "best_threshold": Figure(best.threshold, best.thresholds, draws, ANYWHERE, clusters),
    }


def _drift(best_threshold: float, clean: CleanReference) -> dict[str, float]:
    if clean.threshold is None or clean.spread is None:
        return {}
    drift = best_threshold - clean.threshold
    values = {"threshold_drift": drift}
    if clean.spread > 0:
        values["threshold_drift_spreads"] = drift / clean.spread
    return values


def _ranking(here: Scored) -> dict[str, float]:
    """What the order of the scores is worth."""
    bonafide, spoof = here.by_class()
    return {
        "auc": roc_auc(here.score, here.is_bonafide),
        "min_dcf": min_dcf(bonafide, spoof),
        "min_cllr": min_cllr(bonafide, spoof),
    }


def _calibration(here: Scored, clean: CleanReference) -> dict[str, float]:
    """What the scores are worth as probabilities, by the map fitted on clean."""
    if clean.calibrator is None:
        return {}
    bonafide, spoof = (clean.calibrator.llrs(scores) for scores in here.by_class())
    return {
        "cllr": cllr(bonafide, spoof),
        "ece": ece_equal_width(*spoof_probabilities(here, clean)),
    }


def spoof_probabilities(here: Scored, clean: CleanReference) -> tuple[np.ndarray, np.ndarray]:
    """How probable synthesis is by the map fitted on clean, and whether it is so.

    The prior is this condition's own share of spoofs, as calibration errors ask for.
    """
    assert clean.calibrator is not None
    llrs = clean.calibrator.llrs(here.score)
    return spoof_probability(llrs, float(np.mean(~here.is_bonafide))), ~here.is_bonafide


def _decided(
    here: Scored, clean: CleanReference, decided: Decisions, draws: Draws
) -> dict[str, Figure]:
    """The errors and flips that users meet."""
    flipped = {"flipped": Share(decided.flipped, decided.heard_clean)}
    if here.clips.is_detection:
        shares = flipped | _errors(here, clean, decided)
        return _with_both_errors(share_figures(shares, here.clip, draws))
    everywhere = np.ones(len(here.score), dtype=bool)
    shares = flipped | {"error": Share(decided.wrong, everywhere)}
    figures = share_figures(shares, here.clip, draws)
    if "error" in figures:
        figures["accuracy"] = combined({"error": -1.0}, figures, start=1.0)
    return figures


def _errors(here: Scored, clean: CleanReference, decided: Decisions) -> dict[str, Share]:
    """At the threshold where clean error rates meet, and at the one where clean costs are least."""
    shares = {
        "false_rejection": Share(decided.wrong, here.is_bonafide),
        "false_acceptance": Share(decided.wrong, ~here.is_bonafide),
    }
    if clean.calibrator is not None:
        accepted = clean.calibrator.llrs(here.score) >= ASVSPOOF5_COSTS.bayes_threshold
        shares |= {
            "missed": Share(~accepted, here.is_bonafide),
            "let_through": Share(accepted, ~here.is_bonafide),
        }
    return shares


def _with_both_errors(figures: dict[str, Figure]) -> dict[str, Figure]:
    """Balanced rates and costs beside the shares, where both classes are there."""
    found = {name: figures[name] for name in figures if name not in ("missed", "let_through")}
    if {"false_rejection", "false_acceptance"} <= figures.keys():
        half = {"false_rejection": 0.5, "false_acceptance": 0.5}
        found["error"] = combined(half, figures)
        found["balanced_accuracy"] = combined({"error": -1.0}, found, start=1.0)
    if {"missed", "let_through"} <= figures.keys():
        found["actual_dcf"] = _cost(figures)
    return found


def _cost(figures: dict[str, Figure]) -> Figure:
    """As `xaudio.metrics.dcf.dcf`, from shares of bona fide missed and spoofs let through."""
    missed, let_through = ASVSPOOF5_COSTS.normalised
    factors = {"missed": missed, "let_through": let_through}
    return combined(factors, figures, value_range=ValueRange(0.0, sum(factors.values())))


def _ways(here: Scored, decided: Decisions) -> dict[str, float]:
    """Which way decisions flipped, as shares of the clips that were heard clean as well."""
    among = decided.heard_clean
    ways = {
        "flipped_to_wrong": decided.wrong & ~decided.was_wrong,
        "flipped_to_right": ~decided.wrong & decided.was_wrong,
    }
    if here.clips.is_detection:
        accepted = decided.wrong != here.is_bonafide
        ways |= {
            "flipped_to_bonafide": decided.flipped & accepted,
            "flipped_to_spoof": decided.flipped & ~accepted,
        }
    return {name: float(np.mean(way[among])) for name, way in ways.items()} if among.any() else {}
