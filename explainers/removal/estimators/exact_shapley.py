"""Shapley values from all coalitions there are."""

from dataclasses import dataclass
from math import comb

import numpy as np
from jaxtyping import Bool

from explainers.errors import ExplanationError
from explainers.removal.estimators.rounds import ask_in_rounds
from explainers.removal.game import Estimates, Estimator, Play

MOST = 12


@dataclass(frozen=True)
class ExactShapley(Estimator):
    """Shapley values by their definition (Shapley 1953): 2^players evaluations, nothing sampled."""

    def play(self, players: int, random: np.random.Generator) -> Play:  # noqa: ARG002
        """Ask about every coalition; see `Estimator.play`.

        Raises:
            ExplanationError: If there are more than 12 players.
        """
        if players > MOST:
            raise ExplanationError(
                f"exact Shapley values of {players} parts would take 2^{players} evaluations; "
                f"expected at most {MOST} parts: take longer parts, or sample (kernelshap, shapley)"
            )
        coalitions = all_coalitions(players)
        scores = yield from ask_in_rounds(coalitions)
        # Each number of others to come to is equally likely, and so is each choice of them.
        shares = np.array([1 / (players * comb(players - 1, size)) for size in range(players)])
        others = coalitions.sum(axis=1)[:, None] - coalitions
        signed = np.where(coalitions, 1, -1) * shares[others]
        return Estimates(values=scores @ signed, standard_errors=np.zeros(players))


def all_coalitions(players: int) -> Bool[np.ndarray, "rows players"]:
    """Every coalition once, from none to all, counted in binary: the first player is the lowest."""
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)
