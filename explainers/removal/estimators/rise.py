"""RISE: scores of clips that fade in and out at random (Petsiuk, Das and Saenko 2018)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from explainers.errors import ExplanationError
from explainers.removal.estimators.rounds import ask_until_settled
from explainers.removal.game import Coalitions, Estimates, Estimator, Play, Scores
from explainers.removal.stopping import check_sampling

FEWEST = 20
"""Evaluations."""


@dataclass(frozen=True)
class Rise(Estimator):
    """The mean score weighted by a part's presence minus that weighted by its absence.

    Parts are taken as ordered in time, short and many. Each mask is drawn on a coarse grid, whose
    points are there with probability `presence`, at a random shift; between them the parts fade.

    RISE's map is R = mean(score x mask) / p, with p = mean(mask). The value here is

        mean(score x mask) / p - mean(score x (1 - mask)) / (1 - p)
        = R - (mean(score) - p R) / (1 - p)
        = (R - mean(score)) / (1 - p),

    RISE's map but for offset and scale where p is the same for all parts, as it is on average. So
    it ranks alike, and has a sign, the score's unit, and no more chance in it than the differences
    of scores bring. Since (R - mean(score)) p is the covariance of score and mask, it sees the
    model at the grid's resolution: on a score that adds up over parts the values are the parts'
    effects smoothed by the masks' covariance over p (1 - p): at cell 3 a part's own effect counts
    0.70, those of the next ones 0.59, 0.37, 0.15 and 0.04, on either side.

    Attributes:
        cell: Parts from one point of the grid to the next; with 1, masks are whole coalitions.
        presence: Probability of a point of the grid, between 0 and 1.
        evaluations: The most masks to ask about.
        confidence: Of the ranking, from which sampling stops early; 0 for never.
    """

    cell: int = 3
    presence: float = 0.5
    evaluations: int = 1000
    confidence: float = 0.0

    def __post_init__(self) -> None:
        check_sampling(self.evaluations, self.confidence)
        if self.cell < 1:
            raise ExplanationError(f"cell is {self.cell} parts; expected at least 1")
        if not 0 < self.presence < 1:
            raise ExplanationError(f"presence is {self.presence}; expected between 0 and 1")
        if self.evaluations < FEWEST:
            raise ExplanationError(
                f"{self.evaluations} evaluations are too few for RISE; expected at least {FEWEST}"
            )

    def play(self, players: int, random: np.random.Generator) -> Play:
        """Draw soft masks, ask, contrast; see `Estimator.play`."""
        masks = soft_masks(self.evaluations, players, self.cell, self.presence, random)

        def estimate(scores: Scores) -> Estimates:
            return contrast(masks[: len(scores)], scores)

        return (yield from ask_until_settled(masks, estimate, self.confidence, FEWEST))


def soft_masks(
    rows: int, players: int, cell: int, presence: float, random: np.random.Generator
) -> Float[np.ndarray, "rows players"]:
    """Random points on a coarse grid, joined by straight lines, each row at a random shift."""
    points = random.random((rows, (players + cell - 2) // cell + 2)) < presence
    places = np.arange(players) + random.integers(cell, size=(rows, 1))
    left, way = places // cell, places % cell / cell
    before = np.take_along_axis(points, left, axis=1)
    after = np.take_along_axis(points, left + 1, axis=1)
    return before * (1 - way) + after * way


def contrast(masks: Coalitions, scores: Scores) -> Estimates:
    """The mean score weighted by each part's presence minus that weighted by its absence.

    Standard errors are those of a difference of two ratios of means, linearised. A part that no
    mask has, or every mask has whole, is worth 0 with an infinite error.
    """
    presences = masks.mean(axis=0)
    varies = (presences > 0) & (presences < 1)
    presences = np.where(varies, presences, 0.5)
    there, gone = masks / presences, (1 - masks) / (1 - presences)
    answers = scores[:, None]
    with_part, without = (there * answers).mean(axis=0), (gone * answers).mean(axis=0)
    influences = there * (answers - with_part) - gone * (answers - without)
    covariance = influences.T @ influences / len(scores) ** 2
    np.fill_diagonal(covariance, np.where(varies, np.diag(covariance), np.inf))
    return Estimates(
        values=np.where(varies, with_part - without, 0.0),
        standard_errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
    )
