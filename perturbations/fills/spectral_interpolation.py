"""A gap filled with noise whose short-time spectrum goes from the one side's to the other's."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.fills.gaps import Gap, fill_gaps, meet_neighbours
from perturbations.fills.registry import Stretch, check_fill, fills
from perturbations.masking import SpectrumGrid

FRAMES_PER_SIDE = 5


@fills.register("spectral-interpolation")
def spectral_interpolation(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
) -> Float[Tensor, "batch time"]:
    """Each stretch as noise, from the spectrum just before it to the spectrum just after it.

    White noise, drawn from the key, is filtered in the short-time spectrum (windows of 32 ms). The
    magnitude of the filter goes in a straight line over time, bin by bin, from the one side's to
    the other's, and with it the level. The phases are those of the noise: a tone becomes a
    narrow band of noise.
    """
    check_fill(waveform, sample_rate, keys, stretches)
    grid = SpectrumGrid.at(sample_rate)
    return fill_gaps(
        "spectral-interpolation",
        waveform,
        keys,
        stretches,
        lambda gaps: (meet_neighbours(interpolate(gap, grid), gap, sample_rate) for gap in gaps),
    )


def interpolate(gap: Gap, grid: SpectrumGrid) -> Float[np.ndarray, " length"]:
    """Noise as long as the gap; where only one side is there, with its spectrum throughout."""
    sides = [
        magnitude(side, grid.size)
        for side in (gap.before[-reach(grid) :], gap.after[: reach(grid)])
        if len(side)
    ]
    # noise beyond both ends, or there would be less where windows stick out
    margin, length = grid.size, gap.length + 2 * grid.size
    bins = grid.transform(torch.from_numpy(gap.random.standard_normal(length))[None])
    way = (torch.arange(bins.shape[2], dtype=torch.float64) * grid.hop - margin) / gap.length
    gains = torch.lerp(sides[0][:, None], sides[-1][:, None], way.clamp(0, 1))
    return grid.inverse(bins * gains, length)[0, margin:-margin].numpy()


def reach(grid: SpectrumGrid) -> int:
    """Samples of each side whose spectrum is looked at."""
    return grid.size + (FRAMES_PER_SIDE - 1) * grid.hop


def magnitude(samples: Float[np.ndarray, " samples"], size: int) -> Float[Tensor, " bins"]:
    """Root of the power spectrum (Welch 1967): a filter that gives white noise this spectrum.

    The mean power over Hann windows of `size` samples, each a quarter after the last; one shorter
    window, filled with zeros, if there are fewer samples.
    """
    from scipy.signal import welch

    window = min(size, len(samples))
    power = welch(
        samples,
        window="hann",
        nperseg=window,
        noverlap=window - -(-window // 4),
        nfft=size,
        detrend=False,
        return_onesided=False,
    )[1]
    return torch.from_numpy(np.sqrt(power[: size // 2 + 1]))
