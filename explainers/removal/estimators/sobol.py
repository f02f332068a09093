"""Sobol indices: each part's share in how much the score varies (Fel et al. 2021)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from explainers.errors import ExplanationError
from explainers.removal.estimators.rounds import ask_until_settled
from explainers.removal.estimators.small_samples import stretch
from explainers.removal.game import Estimates, Estimator, Play, Scores
from explainers.removal.stopping import check_sampling

REPLICATES = 8
"""At least so many independent scramblings, where there are evaluations for them."""
SETTLING = 4
"""Replicates before the ranking is looked at."""


@dataclass(frozen=True)
class Sobol(Estimator):
    """Total indices: the share of the score's variance in which a part has a hand.

    Every part is faded at random, uniformly between gone and whole. A part's total index is the
    share of the score's variance that would be left if all the other parts were known (Homma and
    Saltelli 1996): it counts the part alone and all it does together with others. Indices have no
    sign and no unit, lie between 0 and 1 (estimates may stray beyond), and sum to 1 if the parts
    simply add up, to more if not.

    Estimated by Jansen's formula (1999) on scrambled Sobol sequences, as in Fel et al. (2021,
    "Look at the variance!"): rows A and B, and for every part A with that part's column taken from
    B, which makes N (players + 2) evaluations. The sequence is scrambled afresh at least eight
    times where the evaluations allow; standard errors are the jackknife over these replicates, with
    Student's stretch. Squares of few differences are skewed: with fewer than a hundred evaluations
    per part the 95 % interval covers about nine times in ten.

    Attributes:
        evaluations: The most masks to ask about; at least 2 (players + 2).
        confidence: Of the ranking, from which sampling stops early; 0 for never.
    """

    evaluations: int = 1000
    confidence: float = 0.0

    def __post_init__(self) -> None:
        check_sampling(self.evaluations, self.confidence)

    def play(self, players: int, random: np.random.Generator) -> Play:
        """Draw, ask, compare; see `Estimator.play`.

        Raises:
            ExplanationError: If there are fewer than 2 (players + 2) evaluations.
        """
        base = self.evaluations // (players + 2)
        if base < 2:
            raise ExplanationError(
                f"{self.evaluations} evaluations are too few for Sobol indices of {players} parts; "
                f"expected at least {2 * (players + 2)}: ask for more evaluations, or take longer "
                "parts"
            )
        # Sobol sequences are balanced at powers of two.
        rows = 2 ** max(0, int(np.log2(base / REPLICATES)))
        masks = np.stack([swapped_masks(rows, players, random) for _ in range(base // rows)])

        replicate = rows * (players + 2)

        def estimate(scores: Scores) -> Estimates:
            whole = len(scores) // replicate
            return _estimates(scores[: whole * replicate].reshape(whole, players + 2, rows))

        return (
            yield from ask_until_settled(
                masks.reshape(-1, players), estimate, self.confidence, SETTLING * replicate
            )
        )


def swapped_masks(
    rows: int, players: int, random: np.random.Generator
) -> Float[np.ndarray, "blocks rows players"]:
    """A, then B, then for every part A with that part from B; from one scrambled Sobol sequence."""
    from scipy.stats.qmc import Sobol as Sequence

    first, second = np.split(Sequence(2 * players, seed=random).random(rows), 2, axis=1)
    swapped = np.where(np.eye(players, dtype=bool)[:, None], second, first)
    return np.concatenate([first[None], second[None], swapped])


def total_indices(
    scores: Float[np.ndarray, "replicates blocks rows"],
) -> Float[np.ndarray, " players"]:
    """Jansen's estimate of the total indices; 0 if the scores do not vary.

    Args:
        scores: Of `swapped_masks`, one replicate after the other.
    """
    changes = np.square(scores[:, :1] - scores[:, 2:]).mean(axis=(0, 2)) / 2
    variance = scores[:, :2].var(ddof=1)
    return changes / variance if variance > 0 else np.zeros_like(changes)


def _estimates(scores: Float[np.ndarray, "replicates blocks rows"]) -> Estimates:
    replicates = len(scores)
    without = np.stack([total_indices(np.delete(scores, one, axis=0)) for one in range(replicates)])
    spread = np.cov(without.T, ddof=0).reshape(without.shape[1], -1)
    covariance = spread * (replicates - 1) * stretch(float(replicates - 1)) ** 2
    return Estimates(
        values=total_indices(scores),
        standard_errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
    )
