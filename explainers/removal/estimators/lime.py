"""LIME: a straight line through the scores, near the whole clip (Ribeiro, Singh, Guestrin 2016)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from explainers.errors import ExplanationError
from explainers.removal.designs import parse_design, with_everything
from explainers.removal.estimators.regression import sampling_covariance, weighted_ridge
from explainers.removal.estimators.rounds import ask_until_settled
from explainers.removal.game import Coalitions, Estimates, Estimator, Play, Scores
from explainers.removal.stopping import check_sampling


@dataclass(frozen=True)
class Lime(Estimator):
    """Coefficients of a ridge regression that weighs coalitions by their nearness to the whole.

    The kernel is LIME's, on the coalitions themselves: exp(-distance^2 / (2 width^2)), where the
    cosine distance of a coalition with a share s of the parts is 1 - sqrt(s). At the usual width of
    0.25 a coalition of nine tenths of the parts weighs 0.98, of a half 0.50, of a quarter 0.14, of
    none 0.0003. Among many parts nearly all independent coalitions hold about half of them, so
    there the kernel hardly matters; what the design draws does.

    Weights are scaled so that, weighted, the parts vary as much as in as many independent rows:
    beside 1,000 evaluations an `alpha` of 1 draws the coefficients towards zero by 0.4 %, whatever
    the width and the design. (Without this, a narrow kernel lets the penalty win, and all
    coefficients vanish: Garreau and von Luxburg 2020.)

    The errors count the chance in which coalitions were drawn, not the pull of the penalty. Where
    features are selected they are those of the ridge regression on the parts that were chosen, as
    if there had been no choice; parts that were not chosen get the value 0 and the error 0.

    Attributes:
        features: Parts to explain with, chosen by a lasso path (K-lasso); 0 for all.
        kernel_width: Of the kernel, in cosine distance, more than 0.
        alpha: Penalty of the ridge, at least 0.
        design: How coalitions are drawn, see `designs`.
        evaluations: The most coalitions to ask about, the whole clip included.
        confidence: Of the ranking, from which sampling stops early; 0 for never.
    """

    features: int = 0
    kernel_width: float = 0.25
    alpha: float = 1.0
    design: str = "independent"
    evaluations: int = 1000
    confidence: float = 0.0

    def __post_init__(self) -> None:
        parse_design(self.design)
        check_sampling(self.evaluations, self.confidence)
        if self.features < 0:
            raise ExplanationError(f"features is {self.features}; expected 0 (all) or more")
        if not self.kernel_width > 0:
            raise ExplanationError(f"kernel_width is {self.kernel_width}; expected more than 0")
        if not self.alpha >= 0:
            raise ExplanationError(f"alpha is {self.alpha}; expected 0 or more")
        if self.evaluations < 2:
            raise ExplanationError(
                f"evaluations is {self.evaluations}; expected at least 2, the whole clip and "
                "something else"
            )

    def play(self, players: int, random: np.random.Generator) -> Play:
        """Draw, ask, weigh, fit; see `Estimator.play`."""
        design = parse_design(self.design)
        coalitions = with_everything(design, self.evaluations, players, random)

        def estimate(scores: Scores) -> Estimates:
            return self._estimates(coalitions[: len(scores)], scores, design.block)

        fewest = 2 * (players + 1)
        return (yield from ask_until_settled(coalitions, estimate, self.confidence, fewest))

    def _estimates(self, coalitions: Coalitions, scores: Scores, block: int) -> Estimates:
        players = coalitions.shape[1]
        weights = _scaled(nearness(coalitions, self.kernel_width), coalitions)
        selects = 0 < self.features < players
        chosen = (
            lasso_choice(coalitions, scores, weights, self.features)
            if selects
            else np.arange(players)
        )
        line = weighted_ridge(coalitions[:, chosen], scores, weights, self.alpha)
        values, covariance = np.zeros(players), np.zeros((players, players))
        values[chosen] = line.coefficients
        covariance[np.ix_(chosen, chosen)] = sampling_covariance(line, block)
        return Estimates(
            values=values,
            standard_errors=np.sqrt(np.diag(covariance)),
            fit=line.fit,
            covariance=covariance,
            findings={"chosen": chosen.tolist()} if selects else {},
        )


def nearness(coalitions: Coalitions, width: float) -> Float[np.ndarray, " rows"]:
    """LIME's kernel: exp(-distance^2 / (2 width^2)), cosine distance to the coalition of all parts.

    The empty coalition is at distance 1.
    """
    sizes = np.square(coalitions, dtype=np.float64).sum(axis=1)
    cosines = coalitions.sum(axis=1) / np.sqrt(sizes * coalitions.shape[1]).clip(min=1e-12)
    return np.exp(-np.square(1 - cosines) / (2 * width**2))


def _scaled(
    weights: Float[np.ndarray, " rows"], coalitions: Coalitions
) -> Float[np.ndarray, " rows"]:
    """So that the mean over parts of the weighted sum of squares is a quarter per row."""
    deviations = coalitions - np.average(coalitions, axis=0, weights=weights)
    varied = float((weights @ np.square(deviations)).mean())
    return weights * (len(weights) / 4 / varied) if varied > 0 else weights


def lasso_choice(
    coalitions: Coalitions, scores: Scores, weights: Float[np.ndarray, " rows"], features: int
) -> Int[np.ndarray, " chosen"]:
    """The parts with a coefficient at the last step of a lasso path that has at most `features`.

    LIME's K-lasso, by least angle regression on the weighted, centred rows (Efron et al. 2004).
    """
    from sklearn.linear_model import lars_path_gram

    shares = weights / weights.sum()
    centred, answers = coalitions - shares @ coalitions, scores - shares @ scores
    weighted = centred * weights[:, None]
    _, _, path = lars_path_gram(
        weighted.T @ answers, weighted.T @ centred, n_samples=len(scores), method="lasso"
    )
    step = np.flatnonzero((path != 0).sum(axis=0) <= features)[-1]
    return np.flatnonzero(path[:, step])
