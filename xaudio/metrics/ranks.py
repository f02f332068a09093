"""Is the order of the models to be believed? Their ranks over shared redraws of the clips."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.uncertainty.bootstrap import class_array, replicate
from xaudio.metrics.uncertainty.cluster_names import Names
from xaudio.metrics.uncertainty.resampling import plan_resampling
from xaudio.metrics.uncertainty.statistic import Statistic


@dataclass(frozen=True)
class RankStability:
    """How often each model holds each rank when the clips are redrawn.

    Attributes:
        models: Their names, in the order given.
        values: Of the statistic, per model.
        ranks: Per model on the clips given, 1 for the best; equal models share their mean rank.
        shares: [model, rank] how often a model holds that rank; equal models share the ranks that
            they hold together. Rows and columns sum to 1.
        low: Per model: lower (better) end of the interval of its rank.
        high: Per model: upper end.
    """

    models: tuple[str, ...]
    values: Float[np.ndarray, " models"]
    ranks: Float[np.ndarray, " models"]
    shares: Float[np.ndarray, "models ranks"]
    low: Int[np.ndarray, " models"]
    high: Int[np.ndarray, " models"]


def rank_stability(
    scores: Mapping[str, ArrayLike],
    is_bonafide: ArrayLike,
    statistics: Statistic | Mapping[str, Statistic],
    clusters: Names | None = None,
    crossed_with: Names | None = None,
    level: float = 0.95,
    samples: int = 1000,
    seed: int = 0,
) -> RankStability:
    """How stable the ranking of several models is on the same clips.

    The interval of a rank holds the middle `level` of the ranks over the replicates. It says how
    the ranking would move with other clips; it is no test of a difference, which
    `paired_difference` with `holm` is.

    Args:
        scores: Per model: its scores of the clips, all in the same order.
        is_bonafide: Per clip.
        statistics: What they are ranked by; per model where each has its own threshold.
        clusters: As for `bootstrap`.
        crossed_with: As for `bootstrap`.
        level: Share of replicates inside the interval of ranks.
        samples: Replicates.
        seed: Of the random numbers.

    Raises:
        MetricError: No model, or as `bootstrap`.
    """
    if not scores:
        raise MetricError("Ranks need at least one model; none was given.")
    of_model = {
        name: statistics[name] if isinstance(statistics, Mapping) else statistics for name in scores
    }
    classes = class_array(is_bonafide)
    plan = plan_resampling(classes, clusters, crossed_with, samples, seed)
    found = replicate([(scores[name], of_model[name]) for name in scores], classes, plan)
    sign = 1.0 if next(iter(of_model.values())).lower_is_better else -1.0
    shares = rank_shares(sign * found.drawn)
    low, high = middle_ranks(shares, level)
    ranks = mean_ranks(sign * found.values)
    return RankStability(tuple(scores), found.values, ranks, shares, low, high)


def mean_ranks(values: Float[np.ndarray, " models"]) -> Float[np.ndarray, " models"]:
    """The rank of each model, 1 for the lowest value; equal models share their mean rank.

    >>> mean_ranks(np.array([0.2, 0.1, 0.2]))
    array([2.5, 1. , 2.5])
    """
    first, last = _held(values[:, None])
    return 1.0 + (first + last)[:, 0] / 2.0


def rank_shares(
    replicates: Float[np.ndarray, "models replicates"],
) -> Float[np.ndarray, "models ranks"]:
    """How often each model holds each rank, the lowest value first.

    Equal models share the ranks that they hold together. For replicates of any kind, such as
    means over conditions.

    >>> rank_shares(np.array([[1.0, 1.0], [2.0, 1.0]]))
    array([[0.75, 0.25], [0.25, 0.75]])
    """
    first, last = _held(replicates)
    rank = np.arange(len(replicates))[:, None, None]
    held = (rank >= first) & (rank <= last)
    return (held / (last - first + 1)).mean(axis=2).T


def middle_ranks(
    shares: Float[np.ndarray, "models ranks"], level: float = 0.95
) -> tuple[Int[np.ndarray, " models"], Int[np.ndarray, " models"]]:
    """The ranks between which the middle `level` of each row of `rank_shares` lies."""
    if not 0.0 < level < 1.0:
        raise MetricError(
            f"An interval's level lies between 0 and 1, for example 0.95, not {level}."
        )
    reached = np.cumsum(shares, axis=1)
    tail = (1.0 - level) / 2.0
    low = (reached <= tail + 1e-9).sum(axis=1) + 1
    return low, (reached < 1.0 - tail - 1e-9).sum(axis=1) + 1


def kendall_tau(values: ArrayLike) -> Float[np.ndarray, "conditions conditions"]:
    """How alike the conditions rank the models: tau-b of every two, -1 to 1.

    Kendall, Biometrika 33, 1945: agreeing pairs of models less disagreeing ones, over their number;
    pairs that a condition leaves equal are taken out of it. NaN where a condition leaves all equal.

    Args:
        values: [condition, model] any statistic.

    >>> kendall_tau([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]])
    array([[1.  , 0.333], [0.333, 1.  ]])
    """
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] < 2 or not np.isfinite(given).all():
        raise MetricError(
            "Rankings are compared from finite values [condition, model] of two models or more; "
            f"given shape {given.shape}."
        )
    one, other = np.triu_indices(given.shape[1], k=1)
    signs = np.sign(given[:, one] - given[:, other])
    untied = np.abs(signs).sum(axis=1)
    size = np.sqrt(np.outer(untied, untied))
    return np.divide(signs @ signs.T, size, out=np.full(size.shape, np.nan), where=size > 0)


def _held(
    values: Float[np.ndarray, "models replicates"],
) -> tuple[Int[np.ndarray, "models replicates"], Int[np.ndarray, "models replicates"]]:
    """First and last rank from 0 that each model holds, the same where it is equal to none."""
    first = np.stack([(values < one).sum(axis=0) for one in values])
    return first, np.stack([(values <= one).sum(axis=0) for one in values]) - 1
