"""When sampling may stop: as soon as fresh sampling would rank the parts much the same.

A fixed number of evaluations is too few for one clip and a waste for the next. What decides is
whether the order of the parts still hangs on chance.
"""

import numpy as np
from jaxtyping import Float

from explainers.errors import ExplanationError

DRAWS = 400


def ranking_settled(
    values: Float[np.ndarray, " players"],
    covariance: Float[np.ndarray, "players players"] | Float[np.ndarray, " players"],
    confidence: float,
    agreement: float = 0.9,
) -> bool:
    """Whether as much fresh sampling would very likely rank the parts much as this one did.

    Rankings are compared by Gini's correlation (Schechtman and Yitzhaki 1987): of all differences
    between two parts, the share whose order is kept, less the share whose order is turned. What
    differs by little counts for little: among parts that are worth nothing the order is chance for
    ever, and no amount of sampling would settle ranks that all count alike.

    A parametric bootstrap: the values are moved by normal errors, each time their ranking is
    compared with the one in hand. This ranking errs as a fresh one would, independently, so the two
    differ by twice the covariance. The draws are always the same ones: asking again gives the same
    answer.

    Args:
        values: One per part.
        covariance: Of the values' sampling errors, or their standard errors alone.
        confidence: How likely the rankings must agree, between 0 and 1 (0.95, say).
        agreement: Gini's correlation from which two rankings agree, at most 1; 0.9 keeps the order
            of 95 % of all differences. Rankings of pure noise reach about 0.6.

    Returns:
        True where the rankings agree in a share `confidence` of the draws, and for a single part.
        False where an error is not known (infinite or not a number).

    Raises:
        ExplanationError: If the confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ExplanationError(
            f"confidence is {confidence}; expected more than 0 and less than 1, such as 0.95"
        )
    players = len(values)
    if players == 1:
        return True
    if not np.isfinite(covariance).all():
        return False
    normal = np.random.default_rng(0).standard_normal((DRAWS, players))
    fresh = values + np.sqrt(2) * normal @ _square_root(covariance)
    return bool(np.quantile(_agreements(fresh, values), 1 - confidence) >= agreement)


def check_sampling(evaluations: int, confidence: float) -> None:
    """Refuse the settings of a sampling estimator that cannot be meant.

    Args:
        evaluations: The most coalitions it may ask for.
        confidence: From which it stops early; 0 for never.

    Raises:
        ExplanationError: If there are no evaluations, or the confidence is outside [0, 1).
    """
    if evaluations < 1:
        raise ExplanationError(f"evaluations is {evaluations}; expected at least 1")
    if not 0 <= confidence < 1:
        raise ExplanationError(
            f"confidence is {confidence}; expected 0 (use all evaluations) or more, and less "
            "than 1, such as 0.95"
        )


def _square_root(
    covariance: Float[np.ndarray, "players players"] | Float[np.ndarray, " players"],
) -> Float[np.ndarray, "players players"]:
    if covariance.ndim == 1:
        return np.diag(covariance)
    # Values that sum to a constant have a singular covariance, which has no Cholesky factor.
    variances, axes = np.linalg.eigh(covariance)
    return np.sqrt(variances.clip(min=0))[:, None] * axes.T


def _agreements(
    fresh: Float[np.ndarray, "draws players"], values: Float[np.ndarray, " players"]
) -> Float[np.ndarray, " draws"]:
    """Gini's correlation of the values with each fresh ranking; ties keep the parts' order."""
    middle = (len(values) - 1) / 2
    own = float((_ranks(values[None])[0] - middle) @ values)
    kept = (_ranks(fresh) - middle) @ values
    if own <= 0:  # all values are equal: nothing can be turned
        return np.ones(len(fresh)) if np.ptp(fresh, axis=1).max() == 0 else np.zeros(len(fresh))
    return kept / own


def _ranks(values: Float[np.ndarray, "draws players"]) -> Float[np.ndarray, "draws players"]:
    return values.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable").astype(np.float64)
