"""Shapley values from all coalitions there are."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from scipy.special import comb

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
        sizes = np.arange(players + 1)
        # A coalition of size s is reached by adding a part to s - 1 others, and left by adding one.
        joined = 1 / (players * comb(players - 1, (sizes - 1).clip(min=0)))
        awaited = 1 / (players * comb(players - 1, sizes.clip(max=players - 1)))
        size = coalitions.sum(axis=1)
        shares = np.where(coalitions, joined[size, None], -awaited[size, None])
        return Estimates(values=scores @ shares, standard_errors=np.zeros(players))


def all_coalitions(players: int) -> Bool[np.ndarray, "rows players"]:
    """Every coalition once, from none to all, counted in binary: the first player is the lowest."""
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)
