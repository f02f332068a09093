"""Shapley values as the solution of a weighted regression on sampled coalitions."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from explainers.errors import ExplanationError
from explainers.removal.estimators.coalition_pairs import (
    MASSES,
    draw_pairs,
    shares_drawn,
    weights_of,
)
from explainers.removal.estimators.constrained_regression import regression_on
from explainers.removal.estimators.rounds import ask_until_settled
from explainers.removal.game import Estimates, Estimator, Play, Scores
from explainers.removal.stopping import check_sampling

PAIRS_PER_UNKNOWN = 3
"""The fewest from which the standard errors cover; no draw of so many has left a value open."""


@dataclass(frozen=True)
class KernelShap(Estimator):
    """Shapley values by weighted least squares (Lundberg and Lee 2017, theorem 2).

    The values sum to v(all) - v(none) exactly. Coalitions come with their complements (Covert and
    Lee 2021), which makes a game of pair interactions exact as soon as it can be solved. Enough
    evaluations for all coalitions give the exact Shapley values.

    Attributes:
        evaluations: The most coalitions to ask for, all and none included; at least 6 parts - 4.
            From twenty per part on the standard errors are near the truth; with fewer they are
            rough for few parts and too wide for many.
        confidence: With which the ranking must be settled to stop before; 0 never stops.
        sampling: How many coalitions of each size: by the Shapley "kernel", which prefers small and
            large ones, or by their "leverage" on the fit (Musco and Witter 2025), every size alike.
    """

    evaluations: int = 1000
    confidence: float = 0.0
    sampling: str = "leverage"

    def __post_init__(self) -> None:
        check_sampling(self.evaluations, self.confidence)
        if self.sampling not in MASSES:
            raise ExplanationError(
                f"sampling is {self.sampling!r}; expected one of {', '.join(MASSES)}"
            )

    def play(self, players: int, random: np.random.Generator) -> Play:
        """Ask about coalitions and their complements; see `Estimator.play`.

        Raises:
            ExplanationError: If there are too few evaluations for so many players.
        """
        there_are = 2 ** (players - 1) - 1
        fewest = 2 + 2 * min(PAIRS_PER_UNKNOWN * (players - 1), there_are)
        if self.evaluations < fewest:
            raise ExplanationError(
                f"{self.evaluations} evaluations are too few for a regression on {players} parts; "
                f"expected at least {fewest}, or fewer and longer parts"
            )
        pairs = min((self.evaluations - 2) // 2, there_are)
        members = draw_pairs(players, pairs, self.sampling, random)
        edges = np.repeat([[False], [True]], players, axis=1)
        both = np.stack([members, ~members], axis=1).reshape(-1, players)
        return (
            yield from ask_until_settled(
                np.concatenate([edges, both]),
                lambda scores: _estimates(members, scores),
                self.confidence,
                fewest,
            )
        )


def _estimates(members: Bool[np.ndarray, "all_pairs players"], scores: Scores) -> Estimates:
    """From as many whole pairs as there are scores for."""
    nothing, everything = scores[:2]
    pairs = (len(scores) - 2) // 2
    members = members[:pairs]
    weights = weights_of(members)
    theirs, complements = scores[2 : 2 + 2 * pairs].reshape(pairs, 2).T
    # A coalition and its complement are one equation: rows that differ in sign alone once centred.
    halfway = (theirs + (nothing + everything - complements)) / 2
    regression = regression_on(members, weights)
    values = regression.values(halfway, nothing, everything)
    covariance = regression.covariance(halfway, values, nothing, shares_drawn(members))
    predicted = nothing + members @ values
    predictions = np.concatenate([predicted, nothing + everything - predicted])
    return Estimates(
        values=values,
        standard_errors=np.sqrt(np.diag(covariance)),
        fit=_explained(np.concatenate([theirs, complements]), predictions, np.tile(weights, 2)),
        covariance=covariance,
    )


def _explained(scores: Scores, predictions: Scores, weights: Scores) -> float | None:
    """The weighted share of the scores' variance, where they vary by more than rounding."""
    if not len(scores):
        return None
    mean = np.average(scores, weights=weights)
    variance = weights @ np.square(scores - mean)
    if variance <= 1e-12 * (weights @ np.square(scores)):
        return None
    return float(1 - weights @ np.square(scores - predictions) / variance)
