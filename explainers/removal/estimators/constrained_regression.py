"""Weighted least squares of scores on coalitions, where the values must sum to what all is worth.

The constraint is not a heavy row but algebra: values = equal shares + a rest that sums to nothing,
and only the rest is fitted. Rows centred by their own mean see nothing else.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from explainers.removal.estimators.small_samples import stretch
from explainers.removal.game import Scores

ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class ConstrainedRegression:
    """Rows ready to be regressed on; make one with `regression_on`.

    Attributes:
        rows: Coalitions less their own mean.
        sizes: The rows' means: the share of the players that is there.
        weights: Of the rows.
        inverse: Of the weighted rows' Gram matrix, among values that sum to nothing.
        determined: Whether the rows leave only one solution.
    """

    rows: Float[np.ndarray, "rows players"]
    sizes: Float[np.ndarray, " rows"]
    weights: Float[np.ndarray, " rows"]
    inverse: Float[np.ndarray, "players players"]
    determined: bool

    def values(
        self, scores: Scores, nothing: float, everything: float
    ) -> Float[np.ndarray, " players"]:
        """The values that fit best, of the smallest norm if many do.

        Args:
            scores: Of the rows.
            nothing: The score of no player: the prediction there.
            everything: The score of all players: the prediction there, exactly.
        """
        worth = everything - nothing
        rest = self.inverse @ (self.rows.T @ (self.weights * self._beyond(scores, nothing, worth)))
        return worth / len(rest) + (rest - rest.mean())

    def covariance(
        self,
        scores: Scores,
        values: Float[np.ndarray, " players"],
        nothing: float,
        shares: Float[np.ndarray, " rows"],
    ) -> Float[np.ndarray, "players players"]:
        """Of the values' errors from drawing the rows.

        A sandwich with each residual as it would be had its row been left out (HC3, MacKinnon and
        White 1985), which covers where a row pulls the fit towards itself, and with each stratum's
        part times the share that was not drawn (Cochran 1977, chapter 5). A residual pulls only
        as far as its stratum is a sample, so its leverage shrinks by the same share. Second
        moments are about zero, not about the stratum's mean: a little wide, never too narrow.
        Stretched as Student's.

        Args:
            scores: Of the rows.
            values: Fitted to them.
            nothing: The score of no player.
            shares: The share of each row's stratum that was drawn.

        Returns:
            Infinite where the rows do not determine the values without any one of them.
        """
        pull = self.rows @ self.inverse
        undrawn = 1 - shares
        room = 1 - undrawn * self.weights * (pull * self.rows).sum(axis=1)
        if not self.determined or (room < ROUNDING).any():
            return np.full(self.inverse.shape, np.inf)
        residuals = scores - nothing - (self.rows + self.sizes[:, None]) @ values
        errors = (np.sqrt(undrawn) * self.weights * residuals / room)[:, None] * pull
        unknown = self.rows.shape[1] - 1
        freedom = np.count_nonzero(undrawn) * (1 - unknown / max(len(room), 1))
        return errors.T @ errors * stretch(max(freedom, 1.0)) ** 2

    def _beyond(self, scores: Scores, nothing: float, worth: float) -> Scores:
        """What equal shares do not explain."""
        return scores - nothing - self.sizes * worth


def regression_on(
    coalitions: Bool[np.ndarray, "rows players"] | Float[np.ndarray, "rows players"],
    weights: Float[np.ndarray, " rows"],
) -> ConstrainedRegression:
    """Prepare a regression: all that does not depend on the scores."""
    rows = coalitions.astype(np.float64)
    sizes = rows.mean(axis=1)
    rows -= sizes[:, None]
    gram = rows.T @ (weights[:, None] * rows)
    strengths, axes = np.linalg.eigh(gram)
    kept = strengths > ROUNDING * strengths[-1]
    inverse = axes[:, kept] / strengths[kept] @ axes[:, kept].T
    return ConstrainedRegression(
        rows, sizes, weights, inverse, determined=bool(kept.sum() == len(gram) - 1)
    )


def constrained_least_squares(
    coalitions: Bool[np.ndarray, "rows players"] | Float[np.ndarray, "rows players"],
    scores: Scores,
    weights: Float[np.ndarray, " rows"],
    nothing: float,
    everything: float,
) -> Float[np.ndarray, " players"]:
    """Values that predict the scores best: nothing + the sum of those that are there.

    Args:
        coalitions: Who is there.
        scores: Of the coalitions.
        weights: Of the coalitions.
        nothing: The score of no player.
        everything: The score of all players.

    Returns:
        One value per player, of sum everything - nothing.
    """
    return regression_on(coalitions, weights).values(scores, nothing, everything)
