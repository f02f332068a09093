"""How high a clip sounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.stretching import shift_pitch
from perturbations.voice.properties import VoiceProperty, register_property


@register_property
@dataclass(frozen=True)
class Pitch(VoiceProperty):
    """The whole clip higher or lower; the range is that of SpeechXAI, every semitone of it.

    Pastor et al., EACL 2024, arXiv 2309.07733.
    """

    name: ClassVar[str] = "pitch"
    unit: ClassVar[str] = "semitones"
    summary: ClassVar[str] = "All frequencies up or down, formants with them, at the same speed."
    neutral: ClassVar[float] = 0.0
    lowest: ClassVar[float] = -24.0
    highest: ClassVar[float] = 24.0

    values: tuple[float, ...] = (-5.0, -4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0, 5.0)

    def vary(
        self,
        clip: Float[Tensor, " time"],
        sample_rate: int,
        values: Sequence[float],
        key: Key,  # noqa: ARG002
    ) -> Iterator[Float[Tensor, " time"]]:
        """See `VoiceProperty.vary`."""
        for value in values:
            yield shift_pitch(clip[None], sample_rate, value)[0]
