"""Random noise of a budget: how far an explanation moves when nobody attacks it."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.attacks.attacked import Attacked
from perturbations.attacks.budgets import Budget
from perturbations.corruption import Key, generator

NAME, VERSION = "noise-of-a-budget", 1


def noise_within(
    waveform: Float[Tensor, "batch time"], budget: Budget, sample_rate: int, keys: Sequence[Key]
) -> Float[Tensor, "batch time"]:
    """The clips with random noise added that is as large as the budget allows.

    Args:
        waveform: Within [-1, 1].
        budget: How much may change.
        sample_rate: In hertz.
        keys: One per clip; they decide the noise.
    """
    ball = budget.around(waveform, sample_rate)
    drawn = ball.draw([generator(NAME, VERSION, key) for key in keys])
    return (waveform + ball.fill(drawn)).clamp(-1, 1)


def begin_from(clean: Float[Tensor, "batch time"], noisy: Float[Tensor, "batch time"]) -> Attacked:
    """Noisy clips as an earlier result for `Attack.pursue` to go on from.

    At the clean clip the map is its own nearest, so that the gradient of their likeness is zero
    there and leads nowhere. With noise for a start an attack is also never worse than noise.
    """
    none = torch.zeros_like(clean[:, 0])
    return Attacked.measured(
        clean,
        noisy,
        succeeded=none > 0,
        score_before=none,
        score_after=none,
        evaluations=torch.zeros(len(clean), dtype=torch.long),
        history=none[None][:0],
    )
