"""The best threshold and its equal error rate, for the clips as they are and for every draw."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from xaudio.sweeps.tables.draws import Draws

# Up to here every score is a threshold that is tried in every draw.
MOST_THRESHOLDS = 1000


@dataclass(frozen=True, eq=False)
class Separation:
    """How well scores tell bona fide from spoof at the threshold that suits them best.

    Attributes:
        eer: Equal error rate, as `xaudio.metrics.eer` has it.
        threshold: As `xaudio.metrics.eer_threshold` has it.
        eers: Equal error rate of each draw.
        thresholds: Best threshold of each draw.
    """

    eer: float
    threshold: float
    eers: Float[np.ndarray, " draw"]
    thresholds: Float[np.ndarray, " draw"]


def separation(
    scores: Float[np.ndarray, " row"],
    is_bonafide: Bool[np.ndarray, " row"],
    clip: Int[np.ndarray, " row"],
    draws: Draws,
) -> Separation:
    """The equal error rate and where it lies, also in every draw.

    A draw is evaluated from counts per bin of scores. Up to `MOST_THRESHOLDS` distinct scores each
    is a bin, and the draws are exact. Beyond, bins are narrow where the two error rates meet and
    wide where they are far apart, which moves a draw's rate by about a hundredth of the spread
    between draws.

    Args:
        scores: Both classes are there.
        is_bonafide: Which of them are of bona fide clips.
        clip: Which clip of the sweep each is of.
        draws: Of the clips of the sweep.
    """
    distinct, bins = np.unique(scores, return_inverse=True)
    thresholds = _between(distinct)
    kinds = (is_bonafide, ~is_bonafide)
    apart, mean = _apart_and_mean(*(np.bincount(bins, kind, len(distinct)) for kind in kinds))
    best = int(np.abs(apart).argmin())
    tried = _tried(apart, best)
    coarse = np.searchsorted(tried, bins, side="right") - 1
    drawn = (draws.histograms(clip[kind], coarse[kind], len(tried)) for kind in kinds)
    aparts, means = _apart_and_mean(*drawn)
    bests = _crossings(aparts)
    eers = np.take_along_axis(means, bests[None], axis=0)[0]
    return Separation(
        eer=float(mean[best]),
        threshold=float(thresholds[best]),
        eers=eers,
        thresholds=np.where(np.isnan(eers), np.nan, thresholds[tried[bests]]),
    )


def _apart_and_mean(
    bonafide: Shaped[np.ndarray, "bin *draw"], spoof: Shaped[np.ndarray, "bin *draw"]
) -> tuple[Float[np.ndarray, "bin *draw"], Float[np.ndarray, "bin *draw"]]:
    """FRR - FAR and (FRR + FAR) / 2 when all below a bin is rejected, from counts per bin.

    Not a number in a draw with none of a class.
    """
    up_to_bonafide, up_to_spoof = (
        np.cumsum(counts, axis=0, dtype=np.float64) for counts in (bonafide, spoof)
    )
    all_bonafide, all_spoof = up_to_bonafide[-1], up_to_spoof[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        false_rejection = (up_to_bonafide - bonafide) / all_bonafide
        false_acceptance = (all_spoof - (up_to_spoof - spoof)) / all_spoof
    return false_rejection - false_acceptance, (false_rejection + false_acceptance) / 2.0


def _crossings(apart: Float[np.ndarray, "bin draw"]) -> Int[np.ndarray, " draw"]:
    """The lowest threshold at which the error rates differ least, in every draw.

    Their difference rises, so it is the last one below zero or the one after.
    """
    below = np.count_nonzero(apart < 0.0, axis=0)
    after, before = np.minimum(below, len(apart) - 1), np.maximum(below - 1, 0)
    distance_before, distance_after = (
        np.abs(np.take_along_axis(apart, at[None], axis=0)[0]) for at in (before, after)
    )
    return np.where(distance_before <= distance_after, before, after)


def _between(distinct: Float[np.ndarray, " bin"]) -> Float[np.ndarray, " bin"]:
    """The threshold below which each bin's lower neighbours lie, midway as `eer_threshold` is."""
    midway = np.concatenate((distinct[:1], distinct[:-1] / 2 + distinct[1:] / 2))
    lower = np.concatenate(([-np.inf], distinct[:-1]))
    return np.where(midway > lower, midway, distinct)


def _tried(apart: Float[np.ndarray, " bin"], best: int) -> Int[np.ndarray, " tried"]:
    """The thresholds that draws try, by number: all, or those around the best one."""
    if len(apart) <= MOST_THRESHOLDS:
        return np.arange(len(apart))
    # Ours: cubes lie close together around zero, where draws have their equal error rate.
    wanted = np.linspace(-1.0, 1.0, MOST_THRESHOLDS // 2) ** 3
    above = np.searchsorted(apart, wanted)
    return np.unique(np.clip(np.concatenate(([0, best], above - 1, above)), 0, len(apart) - 1))
