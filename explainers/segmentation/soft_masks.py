"""A clip as a sum of sources: every cell of its spectrum shared out among them."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.masking import SpectrumGrid

SPECTRUM_SECONDS = 0.064

Share = Callable[[Float[np.ndarray, "bins frames"]], Float[np.ndarray, "sources bins frames"]]
"""From the magnitudes to each source's share of every cell; shares of a cell sum to one."""


def source_grid(sample_rate: int) -> SpectrumGrid:
    """The transform in which sources are told apart: windows of 64 ms, which resolve harmonics."""
    return SpectrumGrid.at(sample_rate, SPECTRUM_SECONDS)


def masked_sources(
    waveform: Float[Tensor, " time"], sample_rate: int, share: Share
) -> tuple[Float[Tensor, "sources time"], Float[np.ndarray, "sources bins frames"]]:
    """The sources, which add up to the clip, and their shares.

    Computed in double precision, given in the clip's own.
    """
    grid = source_grid(sample_rate)
    bins = grid.transform(waveform[None].double())[0]
    shares = share(bins.abs().numpy())
    sources = grid.inverse(bins * torch.from_numpy(shares), len(waveform))
    return sources.to(waveform), shares
