"""Random noise of a budget: how far an explanation moves when nobody attacks it."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.attacks.attacked import Attacked
from perturbations.attacks.budgets import Budget
from perturbations.attacks.objectives import Objective
from perturbations.corruption import Key, generator

NAME, VERSION = "noise-of-a-budget", 1
HALVINGS = 6


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


def begin_from(
    objective: Objective,
    clean: Float[Tensor, "batch time"],
    noisy: Float[Tensor, "batch time"],
) -> Attacked:
    """The noise, or as much of it as serves best, as an earlier result to go on from.

    At the clean clip the map is its own nearest, so that the gradient of their likeness is zero
    there and leads nowhere. With noise for a start an attack is also never worse than noise. Where
    all of the noise loses the decision, a half, a quarter and so on may keep it.

    Args:
        objective: What judges.
        clean: The clips.
        noisy: Those with all of the noise.
    """
    rows = torch.arange(len(clean), device=clean.device)
    shares = [0.5**halvings for halvings in range(HALVINGS)]
    tried = torch.stack([clean + share * (noisy - clean) for share in shares])
    with torch.no_grad():
        margins = torch.stack([objective(each, rows).margin.to(clean) for each in tried])
    best = margins.argmax(dim=0)
    margin = margins.gather(0, best[None])[0]
    return Attacked.measured(
        clean,
        tried[best, rows],
        succeeded=margin > objective.threshold,
        score_before=torch.full_like(margin, torch.nan),
        score_after=margin,
        evaluations=torch.full((len(clean),), len(shares)),
        history=margin[None][:0],
    )
