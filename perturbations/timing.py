"""What happens to a clip's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Corruption, Key, TimeMap, register_corruption
from perturbations.errors import CorruptionError
from perturbations.waveform import cut_or_pad

SLOWEST, FASTEST = 0.25, 4.0
STRETCH_ERROR_SECONDS = 0.002


def stretch_time(
    waveform: Float[Tensor, "batch time"], sample_rate: int, rate: float
) -> Float[Tensor, "batch new"]:
    """Play each clip `rate` times as fast at the pitch it had.

    Signalsmith Stretch (a phase vocoder with nonlinear frequency maps); an instant lands within
    2 ms of where the rate puts it, measured with click trains.

    Returns:
        ``[batch, round(time / rate)]``, at least one sample.
    """
    from python_stretch.Signalsmith import Stretch

    length = max(1, round(waveform.shape[1] / rate))
    rows = []
    for row in waveform.detach().cpu().numpy():
        stretch = Stretch(seed=0)
        stretch.preset(1, sample_rate)
        stretch.setTimeFactor(rate)
        rows.append(torch.from_numpy(stretch.process(row[None])))
    return cut_or_pad(torch.cat(rows), length).to(waveform)


@register_corruption
@dataclass(frozen=True)
class TimeStretch(Corruption):
    """Faster or slower at the same pitch; the length changes, and `time_map` says how.

    The rates are those of Li et al., arXiv 2503.17577, in the order of how far they are from one.
    Theirs cuts or pads to the old length; here what was said is all there.
    """

    name: ClassVar[str] = "time-stretch"
    summary: ClassVar[str] = "Speaks faster or slower at the same pitch."
    quantity: ClassVar[str] = "rate"

    levels: tuple[float, ...] = (1.1, 0.9, 1.3, 0.7, 1.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(SLOWEST <= rate <= FASTEST for rate in self.levels):
            raise CorruptionError(
                f"'time-stretch' was given the rates {self.levels}; "
                f"they must be from {SLOWEST} (slow) to {FASTEST} (fast)."
            )

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch new"]:
        """See `Corruption.corrupt`."""
        return stretch_time(waveform, sample_rate, level)

    def time_map(self, level: float) -> TimeMap:
        """Everything runs `level` times as fast."""
        return TimeMap.speed(level)
