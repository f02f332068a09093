"""Bands taken away and echoes added."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from perturbations.corruption import Corruption, Key, register_corruption
from perturbations.errors import CorruptionError
from perturbations.waveform import peak

ORDER = 5
HIGHEST_SHARE_OF_NYQUIST = 0.9
INAUDIBLE = 1e-8
LOWEST_CUTOFF_HZ = 1.0
LOUDEST_ECHO = 10.0
LONGEST_DELAY_SECONDS = 10.0


def butterworth_poles(order: int) -> Complex[Tensor, "order"]:
    """Poles of the analogue Butterworth low-pass with its cutoff at 1 rad/s."""
    k = torch.arange(order, dtype=torch.float64)
    return torch.exp(1j * math.pi * (2 * k + order + 1) / (2 * order))


def low_pass_response(
    cutoff: float, order: int, frequencies: Float[Tensor, "frequency"]
) -> Complex[Tensor, "frequency"]:
    """Response of the digital Butterworth low-pass (bilinear transform, prewarped).

    Args:
        cutoff: The -3 dB point as a share of the Nyquist frequency, above 0 and below 1.
        order: Number of poles.
        frequencies: Where, as shares of the Nyquist frequency, 0 to 1; float64.
    """
    s = 1j * torch.tan(frequencies * math.pi / 2) / math.tan(cutoff * math.pi / 2)
    return 1 / (s[:, None] - butterworth_poles(order)).prod(dim=1)


def high_pass_response(
    cutoff: float, order: int, frequencies: Float[Tensor, "frequency"]
) -> Complex[Tensor, "frequency"]:
    """Response of the digital Butterworth high-pass; arguments as for the low-pass."""
    s = 1j * torch.tan(frequencies * math.pi / 2) / math.tan(cutoff * math.pi / 2)
    return (s / (1 - s * butterworth_poles(order)[:, None])).prod(dim=0)


def ringing(cutoff: float, order: int) -> int:
    """Samples after which a Butterworth filter's impulse response is inaudible (1e-8)."""
    warped = butterworth_poles(order) * math.tan(cutoff * math.pi / 2)
    radius = float(((1 + warped) / (1 - warped)).abs().max())
    return math.ceil(math.log(INAUDIBLE) / math.log(radius))


def fast_length(at_least: int) -> int:
    """The next power of two, or three quarters of it where that is enough."""
    power = 1 << (at_least - 1).bit_length()
    return power * 3 // 4 if power >= 4 and power * 3 // 4 >= at_least else power


def filter_low_pass(
    waveform: Float[Tensor, "batch time"], cutoff: float, order: int = ORDER
) -> Float[Tensor, "batch time"]:
    """Causal Butterworth low-pass; `cutoff` as a share of the Nyquist frequency."""
    size, frequencies = transform_grid(waveform, ringing(cutoff, order))
    return multiply_spectrum(waveform, low_pass_response(cutoff, order, frequencies), size)


def filter_high_pass(
    waveform: Float[Tensor, "batch time"], cutoff: float, order: int = ORDER
) -> Float[Tensor, "batch time"]:
    """Causal Butterworth high-pass; `cutoff` as a share of the Nyquist frequency."""
    size, frequencies = transform_grid(waveform, ringing(cutoff, order))
    return multiply_spectrum(waveform, high_pass_response(cutoff, order, frequencies), size)


def transform_grid(
    waveform: Float[Tensor, "batch time"], tail: int
) -> tuple[int, Float[Tensor, "frequency"]]:
    """Length of an FFT that `tail` cannot wrap round in, and its frequencies (Nyquist = 1)."""
    size = fast_length(waveform.shape[1] + tail)
    return size, torch.arange(size // 2 + 1, dtype=torch.float64) / (size / 2)


def multiply_spectrum(
    waveform: Float[Tensor, "batch time"], response: Complex[Tensor, "frequency"], size: int
) -> Float[Tensor, "batch time"]:
    """Filter by FFT, all clips at once, on the waveform's device; the length is kept."""
    spectrum = torch.fft.rfft(waveform, n=size)
    filtered = torch.fft.irfft(spectrum * response.to(spectrum), n=size)
    return filtered[:, : waveform.shape[1]]


def add_echo(
    waveform: Float[Tensor, "batch time"], delay: int, volume: float
) -> Float[Tensor, "batch time"]:
    """One echo `delay` samples later, the clip then brought back to the peak it had."""
    echoed = waveform.clone()
    echoed[:, delay:] += volume * waveform[:, : max(0, waveform.shape[1] - delay)]
    tiny = torch.finfo(waveform.dtype).tiny
    return echoed * (peak(waveform) / peak(echoed).clamp(min=tiny))[:, None]


@dataclass(frozen=True)
class CutoffFilter(Corruption):
    """A filter whose severity is its cutoff."""

    quantity: ClassVar[str] = "cutoff_hz"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.levels) < LOWEST_CUTOFF_HZ:
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; "
                f"a cutoff is a frequency of at least {LOWEST_CUTOFF_HZ:g} Hz."
            )


@register_corruption
@dataclass(frozen=True)
class LowPass(CutoffFilter):
    """Butterworth low-pass of order 5.

    The levels are those of Li et al., arXiv 2503.17577 (0.5 to 0.1 of the Nyquist frequency at
    16 kHz), in hertz so that they mean the same at every rate. A cutoff at or above the Nyquist
    frequency changes nothing: there is nothing to take away.
    """

    name: ClassVar[str] = "low-pass"
    summary: ClassVar[str] = "Takes away what is above a cutoff (Butterworth, order 5)."

    levels: tuple[float, ...] = (4000.0, 3200.0, 2400.0, 1600.0, 800.0)

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        cutoff = level / (sample_rate / 2)
        return waveform if cutoff >= 1 else filter_low_pass(waveform, cutoff)


@register_corruption
@dataclass(frozen=True)
class HighPass(CutoffFilter):
    """Butterworth high-pass of order 5.

    The levels are those of Li et al., arXiv 2503.17577 (0.1 to 0.5 of the Nyquist frequency at
    16 kHz), in hertz. At low sample rates a cutoff is held at 0.9 of the Nyquist frequency, so that
    something is left.
    """

    name: ClassVar[str] = "high-pass"
    summary: ClassVar[str] = "Takes away what is below a cutoff (Butterworth, order 5)."

    levels: tuple[float, ...] = (800.0, 1600.0, 2400.0, 3200.0, 4000.0)

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return filter_high_pass(waveform, min(level / (sample_rate / 2), HIGHEST_SHARE_OF_NYQUIST))


@register_corruption
@dataclass(frozen=True)
class Echo(Corruption):
    """One echo of a given volume after a fixed delay; the clip keeps its peak and its length.

    Delay and volumes are those of Li et al., arXiv 2503.17577. A clip no longer than the delay is
    left as it is: its echo comes after its end.
    """

    name: ClassVar[str] = "echo"
    summary: ClassVar[str] = "Adds one echo, a tenth of a second later."
    quantity: ClassVar[str] = "volume"

    levels: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)
    delay_seconds: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.delay_seconds <= LONGEST_DELAY_SECONDS:
            raise CorruptionError(
                f"'echo' was given a delay of {self.delay_seconds} s; "
                f"it must be above 0 and at most {LONGEST_DELAY_SECONDS:g}."
            )
        if not all(0 <= volume <= LOUDEST_ECHO for volume in self.levels):
            raise CorruptionError(
                f"'echo' was given the levels {self.levels}; "
                f"a volume must be from 0 to {LOUDEST_ECHO:g}."
            )

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return add_echo(waveform, max(1, round(self.delay_seconds * sample_rate)), level)
