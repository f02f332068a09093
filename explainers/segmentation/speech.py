"""Speech and the pauses between, told apart by energy."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts
from explainers.segmentation.activity import Detector
from explainers.segmentation.segmenter import Segmenter, register_segmenter
from explainers.segmentation.stretches import gaps, numbered, time_parts


@register_segmenter
@dataclass(frozen=True)
class Speech(Segmenter):
    """Runs of speech and of none, which cover the clip, see `explainers.segmentation.activity`.

    By energy alone: any sound that stands out from the clip's own floor counts as speech.

    Attributes:
        hangover: Pauses shorter than this stay within the speech around them, in seconds.
        shortest: Of all runs of speech, in seconds.
    """

    hangover: float = 0.2
    shortest: float = 0.05

    name: ClassVar[str] = "speech"
    form: ClassVar[str] = "speech[:HANGOVER[:SHORTEST]]"
    summary: ClassVar[str] = "Runs of speech and the pauses between, by energy."

    def __post_init__(self) -> None:
        if not (0 <= self.hangover < float("inf") and 0 <= self.shortest < float("inf")):
            raise ExplanationError(
                f"A hangover of {self.hangover:g} s and runs of {self.shortest:g} s or more were "
                "asked for; neither may be below zero."
            )

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """``speech 1``, ``pause 1`` and so on, in the order of time."""
        length = len(waveform)
        found = Detector(self.hangover, self.shortest).stretches(waveform, sample_rate)
        named = [*numbered("speech", found), *numbered("pause", gaps(found, length))]
        return time_parts(named, length, sample_rate)
