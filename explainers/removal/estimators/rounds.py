"""Asking for many coalitions in rounds: between them progress is told and sampling may stop."""

from collections.abc import Callable, Generator
from dataclasses import replace

import numpy as np

from explainers.removal.game import Coalitions, Estimates, Play, Scores
from explainers.removal.stopping import ranking_settled

ROUND = 256
"""Rows asked for at once: enough to fill a batch, few enough to stop between."""


def ask_in_rounds(coalitions: Coalitions) -> Generator[Coalitions, Scores, Scores]:
    """Yield the coalitions round by round, and return all their scores in order."""
    scores = np.empty(len(coalitions))
    for start in range(0, len(coalitions), ROUND):
        scores[start : start + ROUND] = yield coalitions[start : start + ROUND]
    return scores


def ask_until_settled(
    coalitions: Coalitions,
    estimate: Callable[[Scores], Estimates],
    confidence: float,
    fewest: int,
) -> Play:
    """Yield the coalitions round by round until the ranking is settled, or all are asked for.

    Args:
        coalitions: All that may be asked for, in an order of which any beginning is a sample.
        estimate: The estimates, with their covariance, from the scores of the first rows.
        confidence: With which the ranking must be settled; 0 asks for all.
        fewest: Rows below which there is nothing to estimate.

    Returns:
        The estimates from the rows that were asked for, saying whether they settled.
    """
    scores = np.empty(0)
    for start in range(0, len(coalitions), ROUND):
        scores = np.concatenate([scores, (yield coalitions[start : start + ROUND])])
        if confidence > 0 and len(scores) >= fewest:
            estimates = estimate(scores)
            covariance = estimates.covariance
            if covariance is None:
                covariance = estimates.standard_errors
            if ranking_settled(estimates.values, covariance, confidence):
                return replace(estimates, settled=True)
    return replace(estimate(scores), settled=False if confidence > 0 else None)
