"""A straight line through the scores: weighted ridge regression on the coalitions.

The errors are those of the coefficients as estimates of what the regression would find if every
coalition of the design had been asked about. They hold whether or not the model is a straight line,
and wherever its scores scatter more (White 1980, in the form HC3 of MacKinnon and White 1985).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from explainers.errors import ExplanationError
from explainers.removal.designs import parse_design, with_everything
from explainers.removal.estimators.rounds import ask_until_settled
from explainers.removal.game import Coalitions, Estimates, Estimator, Play, Scores
from explainers.removal.stopping import check_sampling

SINGULAR = 1e-10
"""Directions in which the coalitions vary less than this, relative to the most, are left out."""
DETERMINED = 1e-6
"""A coefficient is not determined if more than this share of it is not."""
CONSTANT = 1e-24
"""Scores whose variance is less than this share of their mean square do not vary."""


@dataclass(frozen=True, eq=False)
class Line:
    """A linear surrogate.

    Attributes:
        coefficients: One per part.
        intercept: Score of the empty coalition.
        influences: The coefficients minus those of the fit without that row, one row each.
        determined: Whether the coalitions tell each coefficient from the others.
        fit: Share of the weighted variance that the line explains; None if the scores are constant.
    """

    coefficients: Float[np.ndarray, " players"]
    intercept: float
    influences: Float[np.ndarray, "rows players"]
    determined: Bool[np.ndarray, " players"]
    fit: float | None


def weighted_ridge(
    coalitions: Coalitions, scores: Scores, weights: Float[np.ndarray, " rows"], alpha: float = 0.0
) -> Line:
    """Minimise sum of weights (score - line)^2 + alpha |coefficients|^2; the intercept is free.

    Where the coalitions leave a choice of coefficients, the smallest are taken: parts that no
    coalition tells apart share evenly what they are worth together.

    Args:
        coalitions: What was asked about.
        scores: The answers.
        weights: Of each row, at least 0.
        alpha: Penalty on the size of the coefficients, at least 0.
    """
    shares = weights / weights.sum()
    mean_coalition, mean_score = shares @ coalitions, float(shares @ scores)
    centred, answers = coalitions - mean_coalition, scores - mean_score
    gram = (centred * weights[:, None]).T @ centred + alpha * np.eye(coalitions.shape[1])
    inverse = np.linalg.pinv(gram, rcond=SINGULAR, hermitian=True)
    pull = (centred * weights[:, None]) @ inverse
    coefficients = answers @ pull
    residuals = answers - centred @ coefficients
    leverage = shares + (pull * centred).sum(axis=1)
    # A row of leverage 1 is met exactly: its residual is 0, and nothing can be learnt from that.
    unseen = residuals / (1 - leverage).clip(min=SINGULAR)
    total = float(shares @ answers**2)
    varies = total > CONSTANT * float(shares @ scores**2)
    return Line(
        coefficients=coefficients,
        intercept=mean_score - float(mean_coalition @ coefficients),
        influences=pull * unseen[:, None],
        determined=np.diag(inverse @ gram) > 1 - DETERMINED,
        fit=1 - float(shares @ residuals**2) / total if varies else None,
    )


def sampling_covariance(line: Line, block: int) -> Float[np.ndarray, "players players"]:
    """Of the coefficients, from how far each block of rows moves them.

    The first row is not counted: it is the coalition of all parts, which no chance has drawn. The
    variance of a coefficient that is not determined is infinite.

    Args:
        line: The surrogate.
        block: Rows that were drawn together, see `Design`.
    """
    drawn = line.influences[1:]
    moved = np.add.reduceat(drawn, np.arange(0, len(drawn), block), axis=0)
    covariance = moved.T @ moved
    np.fill_diagonal(covariance, np.where(line.determined, np.diag(covariance), np.inf))
    return covariance


@dataclass(frozen=True)
class Regression(Estimator):
    """Coefficients of plain least squares on the coalitions, all rows weighted alike.

    The linear regression of Bolaños et al. (2025). With coalitions drawn independently a
    coefficient estimates the Banzhaf value: what a part adds to a random half of the others. With
    the same share of parts gone in every row only the whole clip, which is always asked about, says
    what all parts are worth together; every coefficient is shifted by what it says.

    Attributes:
        design: How coalitions are drawn, see `designs`.
        evaluations: The most coalitions to ask about, the whole clip included.
        confidence: Of the ranking, from which sampling stops early; 0 for never.
    """

    design: str = "independent"
    evaluations: int = 1000
    confidence: float = 0.0

    def __post_init__(self) -> None:
        parse_design(self.design)
        check_sampling(self.evaluations, self.confidence)

    def play(self, players: int, random: np.random.Generator) -> Play:
        """Draw, ask, fit; see `Estimator.play`.

        Raises:
            ExplanationError: If there are fewer than 2 (players + 1) evaluations.
        """
        enough = 2 * (players + 1)
        if self.evaluations < enough:
            raise ExplanationError(
                f"{self.evaluations} evaluations are too few for a regression on {players} parts; "
                f"expected at least {enough}: ask for more evaluations, or take longer parts"
            )
        design = parse_design(self.design)
        coalitions = with_everything(design, self.evaluations, players, random)

        def estimate(scores: Scores) -> Estimates:
            return _estimates(coalitions[: len(scores)], scores, design.block)

        return (yield from ask_until_settled(coalitions, estimate, self.confidence, enough))


def _estimates(coalitions: Coalitions, scores: Scores, block: int) -> Estimates:
    line = weighted_ridge(coalitions, scores, np.ones(len(scores)))
    covariance = sampling_covariance(line, block)
    return Estimates(
        values=line.coefficients,
        standard_errors=np.sqrt(np.diag(covariance)),
        fit=line.fit,
        covariance=covariance,
    )
