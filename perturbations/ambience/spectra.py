"""Sound made in the short-time spectrum: frames of 32 ms every 16 ms, at 16 kHz.

A sine window on the way in and on the way out gives back what went in, since the squares of two
that overlap by half add up to one.
"""

import math

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from perturbations.ambience.kinds import RATE
from perturbations.gaussian import draw_complex_gaussian

WINDOW, HOP = 512, 256


def frame_count(length: int) -> int:
    """Frames that make `length` samples; frame k is centred on sample k * HOP."""
    return -(-length // HOP) + 1


def sine_window() -> Float[Tensor, "window"]:
    """The half period of a sine."""
    return torch.sin(math.pi * (torch.arange(WINDOW) + 0.5) / WINDOW)


def frequencies() -> Float[Tensor, "frequency"]:
    """Of the bins, in hertz."""
    return torch.linspace(0, RATE / 2, WINDOW // 2 + 1)


def analyse(signal: Float[Tensor, "*batch time"]) -> Complex[Tensor, "*batch frame frequency"]:
    """Short-time spectrum of a signal that begins HOP samples before the sound it is to become."""
    return torch.fft.rfft(signal.unfold(-1, WINDOW, HOP) * sine_window())


def resynthesise(
    bins: Complex[Tensor, "*batch frame frequency"], length: int
) -> Float[Tensor, "*batch {length}"]:
    """Overlap and add: the first `length` samples from the centre of the first frame on."""
    pieces = torch.fft.irfft(bins) * sine_window()
    joined = pieces[..., :-1, HOP:] + pieces[..., 1:, :HOP]
    return joined.flatten(start_dim=-2)[..., :length]


def noise_bins(
    frames: int, generator: np.random.Generator
) -> Complex[Tensor, "{frames} frequency"]:
    """Short-time spectrum of white Gaussian noise of variance one."""
    bins = draw_complex_gaussian([generator], frames * (WINDOW // 2 + 1))
    return bins.view(frames, -1).mul_(math.sqrt(HOP))
