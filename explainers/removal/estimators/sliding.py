"""A block of neighbouring parts against all the rest, slid along."""

from dataclasses import dataclass

import numpy as np

from explainers.removal.estimators.rounds import ask_in_rounds
from explainers.removal.game import Estimates, Estimator, Play


@dataclass(frozen=True)
class Sliding(Estimator):
    """The Shapley value of each block in the game of two: the block, and everything else.

    It is the mean of what the score loses without the block and what it gains from the block
    alone, so a block counts that the score cannot do without, and one that would suffice.

    Values come one per block, ``players - others - size + 1`` of them.

    Attributes:
        size: Parts in a block.
        others: How many of the last parts are in no block.
    """

    size: int
    others: int = 0

    def play(self, players: int, random: np.random.Generator) -> Play:  # noqa: ARG002
        """Ask for each block alone and for each missing; see `Estimator.play`."""
        starts = np.arange(max(1, players - self.others - self.size + 1))
        places = np.arange(players)
        alone = (starts[:, None] <= places) & (places < starts[:, None] + self.size)
        alone[:, players - self.others :] = False
        ends = np.stack([np.ones(players, dtype=bool), np.zeros(players, dtype=bool)])
        scores = yield from ask_in_rounds(np.concatenate([ends, alone, ~alone]))
        everything, nothing = scores[:2]
        kept, missing = scores[2:].reshape(2, -1)
        values = ((kept - nothing) + (everything - missing)) / 2
        return Estimates(
            values=values,
            standard_errors=np.zeros(len(values)),
            findings={"alone": kept.tolist(), "without": missing.tolist()},
        )
