"""Lengths and frequencies of FFTs."""

import torch
from jaxtyping import Float
from torch import Tensor


def fast_length(at_least: int) -> int:
    """The next power of two, or three quarters of it where that is enough.

    >>> fast_length(64_000), fast_length(70_000)
    (65536, 98304)
    """
    power = 1 << (at_least - 1).bit_length()
    return power * 3 // 4 if power >= 4 and power * 3 // 4 >= at_least else power


def frequencies_of(size: int) -> Float[Tensor, "frequency"]:
    """Frequencies of a real FFT of even `size`, as shares of the Nyquist frequency; float64."""
    return torch.arange(size // 2 + 1, dtype=torch.float64) / (size / 2)
