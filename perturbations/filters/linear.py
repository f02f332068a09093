"""Linear filters, applied in blocks: overlap-save, all clips at once, on the waveform's device.

A block of a few thousand samples stays in the processor's cache; one FFT over the whole clip takes
ten times as long. What depends on the filter alone is kept from one call to the next.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from perturbations.filters.spectrum import fast_length, frequencies_of

INAUDIBLE = 1e-8
SHORTEST_BLOCK = 4096
BLOCK_PER_TAIL = 2


@dataclass(frozen=True)
class AnalogueDesign(ABC):
    """A filter written in the Laplace domain, made digital by the bilinear transform.

    Frequencies are shares of the Nyquist frequency, above 0 and below 1; `warped` ones belong to
    the analogue filter that has, after the transform, the right response where it was asked for.
    """

    @abstractmethod
    def at(self, s: Complex[Tensor, "point"]) -> Complex[Tensor, "point"]:
        """The analogue response at `s`, in units of the warped frequency; float64 complex."""

    @abstractmethod
    def poles(self) -> Complex[Tensor, "pole"]:
        """The analogue poles, all with a negative real part."""

    def response(self, frequencies: Float[Tensor, "frequency"]) -> Complex[Tensor, "frequency"]:
        """The digital response; the frequencies (0 to 1) are float64."""
        return self.at(1j * torch.tan(frequencies * math.pi / 2))

    def ringing(self) -> int:
        """Samples after which the impulse response is inaudible (1e-8)."""
        poles = self.poles()
        radius = float(((1 + poles) / (1 - poles)).abs().max())
        return max(1, math.ceil(math.log(INAUDIBLE) / math.log(max(radius, INAUDIBLE))))


def warped(frequency: float) -> float:
    """The analogue frequency that the bilinear transform takes to `frequency`."""
    return math.tan(frequency * math.pi / 2)


def filter_by(
    waveform: Float[Tensor, "batch time"], design: AnalogueDesign
) -> Float[Tensor, "batch time"]:
    """The waveform through a filter that starts at rest; the length is kept."""
    tail = ringing(design)
    size = block_size(waveform.shape[1], tail)
    return filter_in_blocks(waveform, sampled_response(design, size, waveform.device), tail, size)


def block_size(length: int, tail: int) -> int:
    """Size of the FFT for clips of `length` samples and a filter that rings for `tail`."""
    block = max(SHORTEST_BLOCK, 1 << (BLOCK_PER_TAIL * tail - 1).bit_length())
    return min(block, fast_length(length + tail))


def filter_in_blocks(
    waveform: Float[Tensor, "batch time"],
    response: Complex[Tensor, "frequency"],
    tail: int,
    size: int,
) -> Float[Tensor, "batch time"]:
    """Filter by overlapping FFTs; the length is kept.

    Args:
        waveform: ``[batch, time]``; zeros are thought before its beginning.
        response: At the ``size // 2 + 1`` frequencies of an FFT of `size`.
        tail: Samples for which the filter rings, at least one and fewer than `size`.
        size: Samples of an FFT, even.
    """
    length, step = waveform.shape[1], size - tail
    count = -(-length // step)
    padded = torch.nn.functional.pad(waveform, (tail, count * step - length))
    spectrum = torch.fft.rfft(padded.unfold(1, size, step)).mul_(response)
    return torch.fft.irfft(spectrum, n=size)[:, :, tail:].flatten(1)[:, :length]


@lru_cache(maxsize=128)
def ringing(design: AnalogueDesign) -> int:
    """See `AnalogueDesign.ringing`."""
    return design.ringing()


@lru_cache(maxsize=32)
def sampled_response(
    design: AnalogueDesign, size: int, device: torch.device
) -> Complex[Tensor, "frequency"]:
    """The response of a filter on the grid of an FFT."""
    # A tensor made in inference mode could never be part of a gradient later.
    with torch.inference_mode(False):
        return design.response(frequencies_of(size)).to(device, torch.complex64)
