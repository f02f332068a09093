"""How well values rank true items above false ones, by ranks, ties treated as ties.

Everything works along the last axis, so that many rows are ranked at once.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from explainers.errors import ExplanationError


def roc_auc(values: Float[np.ndarray, " items"], truth: Bool[np.ndarray, " items"]) -> float:
    """The chance that a true item has a higher value than a false one, ties counting half.

    This is the Mann-Whitney statistic (Hanley and McNeil 1982): 0.5 for chance, 1 for perfect.

    Raises:
        ExplanationError: A value is not finite, or all items are of one kind.

    >>> roc_auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    return float(roc_areas(values, truth))


def average_precision(
    values: Float[np.ndarray, " items"], truth: Bool[np.ndarray, " items"]
) -> float:
    """Mean over the true items of the precision among all that rank as high, 0 to 1.

    Equal values form one threshold, as in scikit-learn: ``AP = sum (R_n - R_n-1) P_n``. Equal
    values throughout give the share of true items; for a random order see
    `chance_average_precision`.

    Raises:
        ExplanationError: A value is not finite, or all items are of one kind.

    >>> average_precision(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.83333
    """
    return float(average_precisions(values, truth))


def roc_areas(
    values: Float[np.ndarray, "*rows items"], truth: Bool[np.ndarray, "*rows items"]
) -> Float[np.ndarray, "*rows"]:
    """`roc_auc` of every row."""
    check_two_kinds(values, truth)
    positives = truth.sum(axis=-1)
    rank_sum = np.where(truth, middle_ranks(values), 0.0).sum(axis=-1)
    above = rank_sum - positives * (positives + 1) / 2
    return np.asarray(above / (positives * (truth.shape[-1] - positives)))


def average_precisions(
    values: Float[np.ndarray, "*rows items"], truth: Bool[np.ndarray, "*rows items"]
) -> Float[np.ndarray, "*rows"]:
    """`average_precision` of every row."""
    check_two_kinds(values, truth)
    falling = np.argsort(-values, axis=-1, kind="stable")
    hits = np.cumsum(np.take_along_axis(truth, falling, axis=-1), axis=-1)
    as_high = values.shape[-1] + 1 - _tied_ranks(values)[0]
    precision = np.take_along_axis(hits, as_high - 1, axis=-1) / as_high
    return np.asarray(np.where(truth, precision, 0.0).sum(axis=-1) / truth.sum(axis=-1))


def chance_average_precision(positives: int, items: int) -> float:
    """What average precision is expected of a random order (Bestgen 2015).

    Above the share of true items, the more so the fewer items there are.

    >>> chance_average_precision(50, 200)
    0.26838
    """
    if not 0 < positives < items:
        raise ExplanationError(
            f"{positives} of {items} items are true; chance needs some of either kind."
        )
    harmonic = float((1 / np.arange(1, items + 1)).sum())
    others = (positives - 1) / (items - 1)
    return (harmonic + others * (items - harmonic)) / items


def middle_ranks(values: Float[np.ndarray, "*rows items"]) -> Float[np.ndarray, "*rows items"]:
    """Ranks from 1 along the last axis; equal values share the middle of their ranks.

    >>> middle_ranks(np.array([5.0, 2.0, 5.0]))
    array([2.5, 1. , 2.5])
    """
    lowest, highest = _tied_ranks(values)
    return (lowest + highest) / 2


def check_two_kinds(
    values: Float[np.ndarray, "..."], truth: Bool[np.ndarray, "*rows items"]
) -> None:
    """Every row has finite values, true items and false ones, or an ExplanationError."""
    if values.shape != truth.shape:
        raise ExplanationError(f"Values of shape {values.shape} for labels of {truth.shape}.")
    if not np.isfinite(values).all():
        raise ExplanationError("Values that are NaN or infinite cannot be ranked.")
    positives = np.atleast_1d(truth.sum(axis=-1)).ravel()
    poor = positives[(positives == 0) | (positives == truth.shape[-1])]
    if len(poor):
        raise ExplanationError(
            f"{poor[0]} true and {truth.shape[-1] - poor[0]} false items were given; "
            "a ROC curve needs both, and so does every measure of where."
        )


def _tied_ranks(
    values: Float[np.ndarray, "*rows items"],
) -> tuple[Int[np.ndarray, "*rows items"], Int[np.ndarray, "*rows items"]]:
    """The lowest and the highest rank, from 1, of all items equal to each."""
    order = np.argsort(values, axis=-1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-1)
    changes = ordered[..., 1:] != ordered[..., :-1]
    end = np.ones((*values.shape[:-1], 1), dtype=bool)
    places = np.arange(1, values.shape[-1] + 1)
    starts = np.where(np.concatenate([end, changes], axis=-1), places, 0)
    stops = np.where(np.concatenate([changes, end], axis=-1), places, values.shape[-1])
    lowest = np.maximum.accumulate(starts, axis=-1)
    highest = np.minimum.accumulate(stops[..., ::-1], axis=-1)[..., ::-1]
    back = np.argsort(order, axis=-1)
    return np.take_along_axis(lowest, back, axis=-1), np.take_along_axis(highest, back, axis=-1)
