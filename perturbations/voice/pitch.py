"""How high a clip sounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.voice.loudness import match_level
from perturbations.voice.properties import VoiceProperty, register_property


def shift_pitch(
    waveform: Float[Tensor, "batch time"], sample_rate: int, semitones: float
) -> Float[Tensor, "batch time"]:
    """Every frequency times 2^(semitones / 12), at the same speed and level (RMS).

    Signalsmith Stretch. The whole spectrum moves, formants with it, so the speaker's throat seems
    shorter or longer. What would pass half the sample rate is lost. Tones land within 20 cents at
    110 Hz and within 3 cents at 1 kHz, instants within 0.1 ms, measured from -12 to 12 semitones.
    """
    from python_stretch.Signalsmith import Stretch

    rows = []
    for row in waveform.detach().cpu().numpy():
        stretch = Stretch(seed=0)
        stretch.preset(1, sample_rate)
        stretch.setTransposeSemitones(semitones)
        rows.append(torch.from_numpy(stretch.process(row[None])))
    return match_level(torch.cat(rows).to(waveform), waveform)


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
