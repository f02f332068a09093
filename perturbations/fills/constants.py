"""One value instead of a clip."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.fills.registry import Stretch, check_fill, fills


@fills.register("zeros")
def zeros(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
) -> Float[Tensor, "batch time"]:
    """Silence."""
    check_fill(waveform, sample_rate, keys, stretches)
    return torch.zeros_like(waveform)


@fills.register("mean")
def mean(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
) -> Float[Tensor, "batch time"]:
    """Each clip's mean value, which is silence where the clip has no offset.

    The `stat` mask of Bolanos et al. (arXiv 2506.04391).
    """
    check_fill(waveform, sample_rate, keys, stretches)
    return waveform.mean(dim=1, keepdim=True).expand_as(waveform).clone()
