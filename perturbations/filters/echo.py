"""Echoes added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Corruption, Key, register_corruption
from perturbations.errors import CorruptionError
from perturbations.waveform import peak

LOUDEST_ECHO = 10.0
LONGEST_DELAY_SECONDS = 10.0


def add_echo(
    waveform: Float[Tensor, "batch time"], delay: int, volume: float
) -> Float[Tensor, "batch time"]:
    """One echo `delay` samples later, the clip then brought back to the peak it had."""
    echoed = waveform.clone()
    echoed[:, delay:] += volume * waveform[:, : max(0, waveform.shape[1] - delay)]
    tiny = torch.finfo(waveform.dtype).tiny
    return echoed * (peak(waveform) / peak(echoed).clamp(min=tiny))[:, None]


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
    primary: ClassVar[str] = "si_sdr_db"

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
