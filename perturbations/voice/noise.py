"""How much noise lies under a clip."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key, draw_normal, generator
from perturbations.noise import HIGHEST_SNR, LOWEST_SNR, mix_at_snr
from perturbations.voice.properties import VoiceProperty, register_property


@register_property
@dataclass(frozen=True)
class NoiseLevel(VoiceProperty):
    """White noise under the clip, the same noise at every level; the ratios are SpeechXAI's.

    Pastor et al., EACL 2024, arXiv 2309.07733. The clip itself has an infinite ratio.
    """

    name: ClassVar[str] = "noise"
    unit: ClassVar[str] = "dB signal-to-noise"
    summary: ClassVar[str] = "White noise added; the less dB, the more of it."
    neutral: ClassVar[float] = math.inf
    lowest: ClassVar[float] = LOWEST_SNR
    highest: ClassVar[float] = HIGHEST_SNR
    random: ClassVar[bool] = True

    values: tuple[float, ...] = (0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 20.0, 40.0)

    def vary(
        self,
        clip: Float[Tensor, " time"],
        sample_rate: int,  # noqa: ARG002
        values: Sequence[float],
        key: Key,
    ) -> Iterator[Float[Tensor, " time"]]:
        """See `VoiceProperty.vary`."""
        noise = draw_normal([generator("voice-noise", 1, key)], clip[None])
        for value in values:
            yield mix_at_snr(clip[None], noise, value)[0]
