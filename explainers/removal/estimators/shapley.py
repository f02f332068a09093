"""Shapley values, exact where all coalitions can be asked about."""

from dataclasses import dataclass

import numpy as np

from explainers.removal.estimators.exact_shapley import MOST, ExactShapley
from explainers.removal.estimators.permutation_shapley import PermutationShapley
from explainers.removal.game import Estimator, Play


@dataclass(frozen=True)
class Shapley(Estimator):
    """Exact for a few parts, by pairs of opposite orders for many.

    Attributes:
        evaluations: The most rows it asks for.
        confidence: As for `PermutationShapley`.
    """

    evaluations: int = 4096
    confidence: float = 0.0

    def __post_init__(self) -> None:
        PermutationShapley(self.evaluations, self.confidence)

    def play(self, players: int, random: np.random.Generator) -> Play:
        """See `Estimator.play`."""
        if players <= MOST and 2**players <= self.evaluations:
            return ExactShapley().play(players, random)
        return PermutationShapley(self.evaluations, self.confidence).play(players, random)
