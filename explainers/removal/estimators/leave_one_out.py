"""What the score loses when one part is removed and all others stay."""

from dataclasses import dataclass

import numpy as np

from explainers.removal.estimators.rounds import ask_in_rounds
from explainers.removal.game import Estimates, Estimator, Play


@dataclass(frozen=True)
class LeaveOneOut(Estimator):
    """The score of everything minus the score without each part (players + 1 evaluations).

    The oldest of all (Zeiler and Fergus 2014, occlusion). It sees no part that another could stand
    in for, and counts what two parts do together for both of them.
    """

    def play(self, players: int, random: np.random.Generator) -> Play:  # noqa: ARG002
        """Ask once without each part; see `Estimator.play`."""
        coalitions = np.ones((players + 1, players), dtype=bool)
        np.fill_diagonal(coalitions[1:], False)
        scores = yield from ask_in_rounds(coalitions)
        return Estimates(values=scores[0] - scores[1:], standard_errors=np.zeros(players))
