"""Each sample replaced by the mean of those around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Corruption, Key, register_corruption
from perturbations.errors import CorruptionError

SHORTEST, LONGEST_SECONDS = 2, 1.0
PUBLISHED_RATE = 16_000


def moving_average(
    waveform: Float[Tensor, "batch time"], count: int
) -> Float[Tensor, "batch time"]:
    """The mean of `count` samples around each; zeros are thought outside the clip.

    The window of an odd count is centred; that of an even one reaches one sample further back than
    forward, which is a delay of half a sample.

    >>> moving_average(torch.tensor([[0.0, 3.0, 6.0, 0.0]]), 3).tolist()
    [[1.0, 3.0, 3.0, 2.0]]
    """
    padded = torch.nn.functional.pad(waveform, (count // 2, (count - 1) // 2))
    return moving_sum(padded, count) / count


def moving_sum(waveform: Float[Tensor, "batch time"], count: int) -> Float[Tensor, "batch shorter"]:
    """Sums of `count` neighbours: sums of half as many, twice; digital silence stays silent."""
    if count == 1:
        return waveform
    half = count // 2
    halves = moving_sum(waveform, half)
    sums = halves[:, :-half] + halves[:, half:]
    return sums if count == 2 * half else sums[:, :-1] + waveform[:, count - 1 :]


@register_corruption
@dataclass(frozen=True)
class Smoothing(Corruption):
    """A moving average.

    The windows are five of the six of Li et al., arXiv 2503.17577 (6, 10, 14, 18, 22 and 26 samples
    at 16 kHz, without 22), in seconds so that they mean the same at every rate: the nearest whole
    number of samples is taken, and at least two. The clip does not move, but for half a sample
    where that number is even.
    """

    name: ClassVar[str] = "smoothing"
    summary: ClassVar[str] = "Replaces each sample by the mean of those around it."
    quantity: ClassVar[str] = "window_seconds"
    primary: ClassVar[str] = "highest_hz"

    levels: tuple[float, ...] = tuple(count / PUBLISHED_RATE for count in (6, 10, 14, 18, 26))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0 < seconds <= LONGEST_SECONDS for seconds in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; a window must be above 0 and "
                f"at most {LONGEST_SECONDS:g} s."
            )

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return moving_average(waveform, max(SHORTEST, round(level * sample_rate)))
