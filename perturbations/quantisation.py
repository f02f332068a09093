"""Amplitudes rounded to a few values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Corruption, Key, register_corruption
from perturbations.errors import CorruptionError

FEWEST_VALUES, MOST_VALUES = 2, 2**24
FEWEST_BITS, MOST_BITS = 1, 24


def round_between_extremes(
    waveform: Float[Tensor, "batch time"], count: int
) -> Float[Tensor, "batch time"]:
    """Each clip rounded to `count` evenly spaced values from its lowest to its highest sample.

    A clip that is constant stays as it is.

    >>> round_between_extremes(torch.tensor([[-0.5, -0.2, 0.3, 1.0]]), 4).tolist()
    [[-0.5, 0.0, 0.5, 1.0]]
    """
    low, high = waveform.amin(1, keepdim=True), waveform.amax(1, keepdim=True)
    tiny = torch.finfo(waveform.dtype).tiny
    step = ((high - low) / (count - 1)).clamp(min=tiny)
    return ((waveform - low) / step).round_().mul_(step).add_(low)


def round_to_bits(waveform: Float[Tensor, "batch time"], bits: int) -> Float[Tensor, "batch time"]:
    """Linear PCM of so many bits: a mid-tread quantiser of [-1, 1), as recorders have.

    The values are whole multiples of ``2 ** (1 - bits)`` from -1 to one step below 1.

    >>> round_to_bits(torch.tensor([[-1.0, -0.3, 0.1, 0.2, 1.0]]), 3).tolist()
    [[-1.0, -0.25, 0.0, 0.25, 0.75]]
    """
    highest = 2.0 ** (bits - 1)
    return (waveform * highest).round_().clamp_(-highest, highest - 1).mul_(1 / highest)


def check_whole_numbers(name: str, levels: Sequence[float], fewest: int, most: int) -> None:
    """Refuse levels that are not whole numbers within a range."""
    if not all(level == math.floor(level) and fewest <= level <= most for level in levels):
        raise CorruptionError(
            f"'{name}' was given the levels {tuple(levels)}; they are whole numbers from "
            f"{fewest:,} to {most:,}."
        )


@register_corruption
@dataclass(frozen=True)
class Quantisation(Corruption):
    """Few values between the lowest and the highest sample of the clip.

    Levels and method of Li et al., arXiv 2503.17577. Their code calls the number of values bits.
    """

    name: ClassVar[str] = "quantisation"
    summary: ClassVar[str] = "Rounds to few values between the clip's lowest and highest sample."
    quantity: ClassVar[str] = "value_count"

    levels: tuple[float, ...] = (1024.0, 256.0, 64.0, 16.0, 4.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole_numbers(self.name, self.levels, FEWEST_VALUES, MOST_VALUES)

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return round_between_extremes(waveform, int(level))


@register_corruption
@dataclass(frozen=True)
class BitDepth(Corruption):
    """Linear PCM of few bits, without dither; quiet clips suffer most, as in a recorder.

    The bits are ours: no published sweep was found. A sine at full scale is left with a
    signal-to-noise ratio of 6.02 dB per bit and 1.76 dB.
    """

    name: ClassVar[str] = "bit-depth"
    summary: ClassVar[str] = "Rounds to few bits per sample, as an old sampler did."
    quantity: ClassVar[str] = "bits"

    levels: tuple[float, ...] = (12.0, 10.0, 8.0, 6.0, 4.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole_numbers(self.name, self.levels, FEWEST_BITS, MOST_BITS)

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return round_to_bits(waveform, int(level))
