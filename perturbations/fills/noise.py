"""Noise instead of a clip: white, or with the clip's level and spectrum."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from perturbations.corruption import Key, draw_normal, generator
from perturbations.fills.registry import Stretch, check_fill, fills
from perturbations.masking import SpectrumGrid
from perturbations.waveform import rms

QUIETEST_SHARE, LOUDEST_SHARE = 0.1, 1.0


@fills.register("white-noise")
def white_noise(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
) -> Float[Tensor, "batch time"]:
    """White Gaussian noise around each clip's mean.

    Its deviation is drawn too, evenly from 0.1 to 1 times the clip's own: the noise mask of Bolanos
    et al. (arXiv 2506.04391).
    """
    check_fill(waveform, sample_rate, keys, stretches)
    generators = [generator("white-noise fill", 1, key) for key in keys]
    shares = torch.tensor([one.uniform(QUIETEST_SHARE, LOUDEST_SHARE) for one in generators])
    middle = waveform.mean(dim=1, keepdim=True)
    deviation = shares.to(waveform)[:, None] * rms(waveform - middle)[:, None]
    return middle + deviation * draw_normal(generators, waveform)


@fills.register("matched-noise")
def matched_noise(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
) -> Float[Tensor, "batch time"]:
    """Stationary noise with each clip's level (RMS) and its average spectrum.

    White noise filtered by the square root of the clip's power spectrum, averaged over windows of
    32 ms (Welch 1967), drawn from the clip's key.
    """
    check_fill(waveform, sample_rate, keys, stretches)
    grid = SpectrumGrid.at(sample_rate)
    power = grid.transform(waveform).abs().square().mean(dim=2)
    white = draw_normal([generator("matched-noise", 1, key) for key in keys], waveform)
    bins = torch.fft.rfft(white)
    envelope = F.interpolate(
        power.sqrt()[:, None], size=bins.shape[1], mode="linear", align_corners=True
    )[:, 0]
    noise = torch.fft.irfft(bins * envelope, n=waveform.shape[1])
    tiny = torch.finfo(noise.dtype).tiny
    return noise * (rms(waveform) / rms(noise).clamp(min=tiny))[:, None]
