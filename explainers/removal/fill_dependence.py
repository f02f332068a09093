"""How far an explanation depends on what is put where a part was."""

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from explainers.explainer import Attribution, Task
from explainers.quality.similarity import spearman
from explainers.removal.progress import step_of
from perturbations.fills import fills

if TYPE_CHECKING:
    from explainers.removal.method import RemovalMethod


def over_fills(method: "RemovalMethod", task: Task) -> list[Attribution]:
    """One explanation per clip: the mean over all fills, with each fill's own as a child.

    The standard error is the mean of the fills' errors, which is never too small: they share their
    coalitions. The findings tell how alike the fills are, see `agreement`.

    Args:
        method: With fill ``all``.
        task: What it is asked.
    """
    names = fills.names()
    single = [replace(method, fill=name) for name in names]
    told = [step_of(task.progress, i, len(names)) for i in range(len(names))]
    found = [one.found(replace(task, progress=p)) for one, p in zip(single, told, strict=True)]
    scores = task.scores.tolist()
    merged = []
    for clip, score in enumerate(scores):
        of_clip = [by_fill[clip] for by_fill in found]
        own = [one.attribution(seen, score) for one, seen in zip(single, of_clip, strict=True)]
        children = tuple(
            one.explanation(part, task.scoring, task.waveform.shape[1], score, {"fill": one.fill})
            for one, part in zip(single, own, strict=True)
        )
        worth = np.stack([seen.played.estimates.values for seen in of_clip])
        findings = {"fills": agreement(dict(zip(names, worth, strict=True)))}
        more: dict[str, Any] = {**own[0].more, "children": children}
        for field in ("standard_error", "ledger"):
            if field in more:
                more[field] = _mean([one.more[field] for one in own])
        relevance = np.mean([one.relevance for one in own], axis=0)
        merged.append(Attribution(relevance, own[0].domain, more, findings))
    return merged


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
