"""LLRs of clips that the map has not seen: fitted without their cluster, usually their speaker."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.calibration.logistic import AffineMap, fit_weighted


def cluster_folds(
    is_bonafide: Bool[ndarray, " clip"], clusters: Sequence[str] | ArrayLike, folds: int = 20
) -> Int[ndarray, " clip"]:
    """Which fold each clip is held out in; clips of one cluster share theirs.

    Every fold leaves clips of both classes to fit on. There are as many folds as asked for, or as
    clusters where those are fewer: then one cluster is held out at a time.

    Args:
        is_bonafide: One per clip.
        clusters: A name or number per clip, usually its speaker.
        folds: At most; at least 2.

    Raises:
        MetricError: All clips of a class lie in one cluster, or fewer than two folds are asked.
    """
    names = np.asarray(clusters).reshape(-1)
    if names.size != is_bonafide.size:
        raise MetricError(f"There are {is_bonafide.size} clips but {names.size} clusters.")
    if folds < 2:
        raise MetricError(f"Holding out needs at least two folds, not {folds}.")
    number = np.unique(names, return_inverse=True)[1]
    sizes = np.bincount(number)
    humans = np.bincount(number, weights=is_bonafide)
    for held, what in ((humans > 0, "bona fide"), (humans < sizes, "spoofed")):
        if held.sum() < 2:
            raise MetricError(
                f"The {what} clips come from {held.sum()} speaker(s); at least two are needed to "
                "hold one out. Add speakers, or leave the speaker column empty if clips are "
                "independent of each other."
            )
    # In this order clusters with bona fide clips follow each other, and so do those with spoofed
    # ones: dealt in turn, each class comes into two folds at least.
    order = np.lexsort((-sizes, _kind(humans, sizes)))
    fold = np.empty(len(sizes), dtype=np.int64)
    fold[order] = np.arange(len(sizes)) % folds
    dealt: ndarray = fold[number]
    return dealt


def held_out_maps(
    scores: Float[ndarray, " clip"],
    is_bonafide: Bool[ndarray, " clip"],
    folds: Int[ndarray, " clip"],
    spoof_prior: float = 0.5,
) -> tuple[AffineMap, ...]:
    """Per fold the logistic map of all clips but those of the fold.

    Args:
        scores: One per clip.
        is_bonafide: One per clip.
        folds: From `cluster_folds`: 0 and up.
        spoof_prior: As in `fit_logistic`.
    """
    kept = folds[None, :] != np.arange(folds.max() + 1)[:, None]
    slopes, offsets = fit_weighted(scores, is_bonafide, kept.astype(np.float64), spoof_prior)
    return tuple(AffineMap(*pair) for pair in zip(slopes.tolist(), offsets.tolist(), strict=True))


def held_out_llrs(
    scores: Float[ndarray, " clip"],
    maps: Sequence[AffineMap],
    folds: Int[ndarray, " clip"],
) -> Float[ndarray, " clip"]:
    """The LLR of every clip by the map that was fitted without its fold.

    Figures made from these are not flattered by clips that were fitted on.
    """
    slopes, offsets = np.array([(each.slope, each.offset) for each in maps])[folds].T
    llrs: ndarray = slopes * scores + offsets
    return llrs


def _kind(humans: ndarray, sizes: ndarray) -> ndarray:
    """Per cluster: 0 for bona fide alone, 1 for both classes, 2 for spoofed alone."""
    return np.where(humans == sizes, 0, np.where(humans > 0, 1, 2))
