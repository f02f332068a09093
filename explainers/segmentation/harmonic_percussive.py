"""What sounds on, what strikes, and what does neither."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts, SourceParts
from explainers.segmentation.segmenter import Segmenter, register_segmenter
from explainers.segmentation.soft_masks import masked_sources


@register_segmenter
@dataclass(frozen=True)
class HarmonicPercussive(Segmenter):
    """Harmonic, percussive and residual sources by median filtering.

    Fitzgerald (2010) with the margin of Driedger, Müller and Disch (2014), as in librosa. The three
    add up to the clip.

    Attributes:
        margin: By how much one must outweigh the other, above one; the rest is the residual.
    """

    margin: float = 2.0

    name: ClassVar[str] = "harmonic-percussive"
    form: ClassVar[str] = "harmonic-percussive[:MARGIN]"
    summary: ClassVar[str] = "What sounds on, what strikes, and the rest."

    def __post_init__(self) -> None:
        if not 1 < self.margin < float("inf"):
            raise ExplanationError(
                f"A margin of {self.margin:g} was asked for; give one above 1, or there is no "
                "residual."
            )

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """The three sources; those of a silent clip are silent."""
        sources, _ = masked_sources(waveform, sample_rate, self._shares)
        return SourceParts(("harmonic", "percussive", "residual"), sources, sample_rate)

    def _shares(
        self, magnitude: Float[np.ndarray, "bins frames"]
    ) -> Float[np.ndarray, "3 bins frames"]:
        import librosa

        harmonic, percussive = librosa.decompose.hpss(magnitude, margin=self.margin, mask=True)
        return np.stack([harmonic, percussive, 1 - harmonic - percussive])
