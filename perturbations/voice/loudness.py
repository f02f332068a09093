"""How loud a clip is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.voice.properties import VoiceProperty, register_property
from perturbations.waveform import rms


def gain(waveform: Float[Tensor, "batch time"], decibels: float) -> Float[Tensor, "batch time"]:
    """Every sample times 10^(decibels / 20).

    Nothing is cut off at full scale: clipping is a distortion of its own, not loudness. A file of
    whole numbers could not hold what exceeds [-1, 1], floating point can.

    >>> gain(torch.tensor([[0.5, -0.25]]), 20.0).tolist()
    [[5.0, -2.5]]
    """
    return waveform * 10 ** (decibels / 20)


def match_level(
    waveform: Float[Tensor, "batch time"], original: Float[Tensor, "batch before"]
) -> Float[Tensor, "batch time"]:
    """`waveform` with each clip's RMS as in `original`; what is silent stays silent.

    >>> match_level(torch.tensor([[1.0, -1.0]]), torch.tensor([[0.5, 0.5, 0.5]])).tolist()
    [[0.5, -0.5]]
    """
    tiny = torch.finfo(waveform.dtype).tiny
    return waveform * (rms(original) / rms(waveform).clamp(min=tiny))[:, None]


@register_property
@dataclass(frozen=True)
class Loudness(VoiceProperty):
    """The whole clip louder or softer; results exceed full scale rather than being clipped."""

    name: ClassVar[str] = "loudness"
    unit: ClassVar[str] = "dB"
    summary: ClassVar[str] = "Gain on the whole clip, without clipping at full scale."
    neutral: ClassVar[float] = 0.0
    lowest: ClassVar[float] = -60.0
    highest: ClassVar[float] = 40.0

    values: tuple[float, ...] = (-20.0, -16.0, -12.0, -8.0, -4.0, 4.0, 8.0, 12.0, 16.0, 20.0)

    def vary(
        self,
        clip: Float[Tensor, " time"],
        sample_rate: int,  # noqa: ARG002
        values: Sequence[float],
        key: Key,  # noqa: ARG002
    ) -> Iterator[Float[Tensor, " time"]]:
        """See `VoiceProperty.vary`."""
        for value in values:
            yield gain(clip[None], value)[0]
