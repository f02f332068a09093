"""Shapley values from orders in which the parts come in, each order also played backwards."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from explainers.errors import ExplanationError
from explainers.removal.estimators.rounds import ask_until_settled
from explainers.removal.estimators.small_samples import stretch
from explainers.removal.game import Estimates, Estimator, Play, Scores
from explainers.removal.stopping import check_sampling

BORROWED = 2
"""Pairs' worth of evidence that the parts' variances are alike; chosen by coverage."""


@dataclass(frozen=True)
class PermutationShapley(Estimator):
    """The mean of what each part adds when it comes in, over antithetic pairs of orders.

    Castro, Gomez and Tejada 2009, with every order followed by its reverse (Mitchell et al. 2022).
    It is unbiased, the values sum to v(all) - v(none) whatever is drawn, and a game of pair
    interactions is solved by a single pair of orders. Standard errors are those of a mean of
    independent pairs, steadied where there are few; from five pairs on they cover.

    Attributes:
        evaluations: The most coalitions to ask for; a pair of orders takes 2 (parts - 1), and all
            and none are asked for once. At least two pairs.
        confidence: With which the ranking must be settled to stop before; 0 never stops.
    """

    evaluations: int = 1000
    confidence: float = 0.0

    def __post_init__(self) -> None:
        check_sampling(self.evaluations, self.confidence)

    def play(self, players: int, random: np.random.Generator) -> Play:
        """Ask about the beginnings of random orders; see `Estimator.play`.

        Raises:
            ExplanationError: If there are not evaluations for two pairs of orders.
        """
        fewest = 2 + 4 * (players - 1)
        if self.evaluations < fewest:
            raise ExplanationError(
                f"{self.evaluations} evaluations are too few to sample orders of {players} parts; "
                f"expected at least {fewest}, two orders each way"
            )
        pairs = (self.evaluations - 2) // max(2 * (players - 1), 1)
        orders = random.permuted(np.tile(np.arange(players), (pairs, 1)), axis=1)
        edges = np.repeat([[False], [True]], players, axis=1)
        coalitions = np.concatenate([edges, _beginnings(orders).reshape(-1, players)])
        return (
            yield from ask_until_settled(
                coalitions, lambda scores: _estimates(orders, scores), self.confidence, fewest
            )
        )


def _beginnings(
    orders: Int[np.ndarray, "pairs players"],
) -> Bool[np.ndarray, "pairs 2 players-1 players"]:
    """Who is there after 1, 2, ... players - 1 have come in, forwards and backwards."""
    place = orders.argsort(axis=1)[:, None, :]
    come = np.arange(1, orders.shape[1])[None, :, None]
    # Backwards, those come first whose place is among the last.
    return np.stack([place < come, place >= orders.shape[1] - come], axis=1)


def _estimates(orders: Int[np.ndarray, "all_pairs players"], scores: Scores) -> Estimates:
    """From as many whole pairs as there are scores for."""
    players = orders.shape[1]
    if players == 1:
        nothing = np.zeros(1)
        return Estimates(scores[1:] - scores[:1], nothing, covariance=nothing[:, None])
    pairs = (len(scores) - 2) // (2 * (players - 1))
    climbs = np.empty((pairs, 2, players + 1))
    climbs[..., 0], climbs[..., -1] = scores[:2]
    climbs[..., 1:-1] = scores[2 : 2 + pairs * 2 * (players - 1)].reshape(pairs, 2, players - 1)
    steps = np.diff(climbs)
    added = np.empty((pairs, players))
    # Step j forwards is that of the player in place j, backwards that of the one in place -1 - j.
    np.put_along_axis(added, orders[:pairs], steps[:, 0] / 2 + steps[:, 1, ::-1] / 2, axis=1)
    covariance = _covariance_of_mean(added)
    return Estimates(added.mean(axis=0), np.sqrt(np.diag(covariance)), covariance=covariance)


def _covariance_of_mean(
    added: Float[np.ndarray, "pairs players"],
) -> Float[np.ndarray, "players players"]:
    """Of a mean over few pairs: a part that added the same in three orders may not in the fourth.

    The pairs' covariance is drawn towards one in which all parts vary alike (and sum to nothing),
    as if `BORROWED` more pairs had shown that: a moderated variance (Smyth 2004).
    """
    pairs, players = added.shape
    observed = np.cov(added.T)
    alike = (np.eye(players) - 1 / players) * np.trace(observed) / (players - 1)
    freedom = pairs - 1 + BORROWED
    steadied = (BORROWED * alike + (pairs - 1) * observed) / freedom
    return steadied / pairs * stretch(float(freedom)) ** 2
