"""Windows of equal length, side by side or overlapping."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts
from explainers.segmentation.naming import spans
from explainers.segmentation.segmenter import Segmenter, register_segmenter
from explainers.segmentation.stretches import time_parts
from perturbations.masking import time_segments


@register_segmenter
@dataclass(frozen=True)
class Windows(Segmenter):
    """Windows that cover the clip; the last one is shorter where it must be.

    Attributes:
        seconds: Length of a window.
        hop: Seconds from one start to the next, at most `seconds`; as long as a window if None.
    """

    seconds: float
    hop: float | None = None

    name: ClassVar[str] = "windows"
    form: ClassVar[str] = "windows:SECONDS[:HOP]"
    summary: ClassVar[str] = "Windows of equal length, overlapping where the hop is shorter."

    def __post_init__(self) -> None:
        hop = self.seconds if self.hop is None else self.hop
        if not 0 < hop <= self.seconds < float("inf"):
            raise ExplanationError(
                f"A window of {self.seconds:g} s every {hop:g} s was asked for; the hop must be "
                "above 0 and no longer than the window, or parts of the clip are never looked at."
            )

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """One part per window, named by its times."""
        length = len(waveform)
        windows = time_segments(length, sample_rate, self.seconds, self.hop)
        times = [(start / sample_rate, stop / sample_rate) for start, stop in windows]
        named = [*zip(spans(times, "s", decimals=2), windows, strict=True)]
        return time_parts(named, length, sample_rate)
