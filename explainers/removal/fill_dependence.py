"""How far an explanation depends on what is put where a part was."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float

from explainers.explainer import Attribution
from explainers.explanation import Explanation
from explainers.quality.similarity import spearman


@dataclass(frozen=True, eq=False)
class UnderFill:
    """What was found in one clip with one fill.

    Attributes:
        fill: Its name.
        worth: Of each part.
        attribution: As the method tells it.
        explanation: The same with all that is known beside it.
    """

    fill: str
    worth: Float[np.ndarray, " parts"]
    attribution: Attribution
    explanation: Explanation


def over_fills(seen: Sequence[UnderFill]) -> Attribution:
    """The mean over all fills, with each fill's own explanation as a child.

    The standard error is the mean of the fills' errors, which is never too small: they share their
    coalitions. The findings tell how alike the fills are, see `agreement`.

    Args:
        seen: The same clip with each fill.
    """
    own = [one.attribution for one in seen]
    more: dict[str, Any] = {**own[0].more, "children": tuple(one.explanation for one in seen)}
    for field in ("standard_error", "ledger"):
        if field in more:
            more[field] = _mean([one.more[field] for one in own])
    relevance = np.mean([one.relevance for one in own], axis=0)
    findings = {"fills": agreement({one.fill: one.worth for one in seen})}
    return Attribution(relevance, own[0].domain, more, findings)


def agreement(worth: dict[str, Float[np.ndarray, " parts"]]) -> dict[str, Any]:
    """How alike what parts are worth is under different fills.

    Returns:
        ``rank_correlation``: Spearman's between the fills, its mean over pairs and the least pair;
        ``share_of_variance``: which share of the variance over parts and fills is between fills
        for the same part, from 0 (the fill does not matter) to 1 (nothing else does); ``sign``:
        the share of parts that all fills give the same sign.

    >>> agreement({"zeros": np.array([1.0, 2.0]), "noise": np.array([1.0, 2.0])})["sign"]
    1.0
    """
    values = np.stack([*worth.values()])
    pairs = {
        f"{one}, {other}": float(spearman(worth[one], worth[other]))
        for one, other in combinations(worth, 2)
    }
    least = min(pairs, key=pairs.__getitem__) if pairs else ""
    everything = values.var()
    between = values.var(axis=0).mean()
    return {
        "rank_correlation": float(np.mean([*pairs.values()])) if pairs else 1.0,
        "least_alike": {"fills": least, "rank_correlation": pairs.get(least, 1.0)},
        "share_of_variance": float(between / everything) if everything > 0 else 0.0,
        "sign": float((np.abs(np.sign(values).sum(axis=0)) == len(values)).mean()),
    }


def _mean(values: list[Any]) -> Any:
    if isinstance(values[0], dict):
        return {name: float(np.mean([one[name] for one in values])) for name in values[0]}
    return np.mean(values, axis=0)
