"""Randomised smoothing (Cohen et al. 2019): a radius within which no perturbation can matter.

The space is declared: Gaussian noise is added to the raw samples as the classifier receives them,
nominally in [-1, 1]. Between the noise and the classifier there is **no clipping and no change of
gain**: either would change the norm the certificate is about by orders of magnitude. A certificate
is for this smoothed classifier and for L2 perturbations in this space, not for the classifier alone
and not for what a codec or a resampler does.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from perturbations.attacks.objectives import Logits
from perturbations.corruption import Key, generator
from perturbations.errors import CorruptionError

NAME, VERSION = "randomised-smoothing", 1


@dataclass(frozen=True)
class Smoothing:
    """How a classifier is smoothed and certified.

    Attributes:
        sigma: Standard deviation of the noise, of full scale.
        selection: Noisy copies that choose the class.
        estimation: Fresh noisy copies that bound its probability.
        failure: The chance that a certificate is wrong, above 0 and below 1.
        batch_size: Copies judged at once.
    """

    sigma: float = 0.0025
    selection: int = 100
    estimation: int = 10_000
    failure: float = 0.001
    batch_size: int = 16

    def __post_init__(self) -> None:
        if not 0 < self.sigma < float("inf"):
            raise CorruptionError(f"A sigma of {self.sigma} was given; it must be above 0.")
        if min(self.selection, self.estimation, self.batch_size) < 1:
            raise CorruptionError(
                f"{self.selection} copies to select, {self.estimation} to estimate and batches of "
                f"{self.batch_size} were asked for; give 1 or more of each."
            )
        if not 0 < self.failure < 1:
            raise CorruptionError(
                f"A chance of failure of {self.failure} was given; it must lie between 0 and 1."
            )


@dataclass(frozen=True)
class Certified:
    """What is certain about a smoothed classifier's answer for one clip.

    Attributes:
        label: Its class; None where it abstains, because no class is surely in the majority.
        radius: L2 norm, over all samples, below which no perturbation changes the class; 0 where
            it abstains.
        snr_db: The same as the clip's power over that of such a perturbation, in dB: none with a
            higher ratio changes the class. Infinite where it abstains.
        probability: Lower bound of the class's probability under noise.
        votes: Of the class among the copies that bound it.
        evaluations: How often the classifier was asked.
    """

    label: int | None
    radius: float
    snr_db: float
    probability: float
    votes: int
    evaluations: int


def certify_smoothed(
    logits: Logits,
    samples: Float[Tensor, " time"],
    key: Key,
    smoothing: Smoothing | None = None,
) -> Certified:
    """Certify the smoothed classifier's answer for one clip (Cohen et al. 2019, CERTIFY).

    Args:
        logits: The classifier; it gets noisy samples that may exceed [-1, 1], and must not clip or
            renormalise them before its own front end.
        samples: The clip.
        key: Decides the noise.
        smoothing: Settings; the defaults unless given.

    Raises:
        CorruptionError: The clip is empty or not finite.
    """
    if samples.numel() == 0 or not bool(torch.isfinite(samples).all()):
        raise CorruptionError("The clip is empty or holds NaN or infinite samples; mend it.")
    chosen = smoothing or Smoothing()
    draws = generator(NAME, VERSION, key)
    first = noisy_votes(logits, samples, chosen.sigma, chosen.selection, draws, chosen.batch_size)
    label = int(first.argmax())
    votes = noisy_votes(logits, samples, chosen.sigma, chosen.estimation, draws, chosen.batch_size)
    count, total = int(votes[label]), chosen.estimation
    probability = lower_bound(count, total, chosen.failure)
    evaluations = chosen.selection + total
    if probability <= 0.5:
        return Certified(None, 0.0, float("inf"), probability, count, evaluations)
    radius = chosen.sigma * NormalDist().inv_cdf(probability)
    norm = float(samples.double().norm())
    ratio = 20 * float(np.log10(norm / radius)) if norm else -float("inf")
    return Certified(label, radius, ratio, probability, count, evaluations)


def noisy_votes(
    logits: Logits,
    samples: Float[Tensor, " time"],
    sigma: float,
    copies: int,
    draws: np.random.Generator,
    batch_size: int,
) -> Int[Tensor, " classes"]:
    """How many noisy copies of a clip the classifier gives to each class."""
    total: Tensor | None = None
    for first in range(0, copies, batch_size):
        shape = (min(batch_size, copies - first), len(samples))
        noise = torch.from_numpy(draws.standard_normal(shape, dtype=np.float32)).to(samples)
        with torch.no_grad():
            answers = logits(samples + sigma * noise)
        found = torch.bincount(answers.argmax(dim=1), minlength=answers.shape[1])
        total = found if total is None else total + found
    assert total is not None
    return total


def lower_bound(successes: int, trials: int, failure: float) -> float:
    """Clopper and Pearson's one-sided lower bound of a probability.

    >>> round(lower_bound(10_000, 10_000, 0.001), 6)
    0.99931
    """
    from scipy.stats import beta

    return float(beta.ppf(failure, successes, trials - successes + 1)) if successes else 0.0
