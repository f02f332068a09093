"""From one onset to the next: notes, beats, syllables with a clear attack."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts
from explainers.segmentation.segmenter import Segmenter, register_segmenter
from explainers.segmentation.stretches import numbered, time_parts
from perturbations.masking import SpectrumGrid

MEL_BANDS = 40
DYNAMIC_RANGE = 60.0  # decibels below the loudest band that count
FLOOR, ABOVE_FLOOR = 20.0, 6.0  # percentile over the clip, and decibels above it
LEAST_RISE = 0.5  # decibels per frame, mean of the bands; steady noise stays below 0.3
LEAST_SHARE = 0.07  # of the steepest rise in the clip


@register_segmenter
@dataclass(frozen=True)
class Onsets(Segmenter):
    """Parts from onset to onset; the first starts with the clip, the last ends with it.

    An onset is a peak of the spectral flux, moved back to where the rise begins (Böck et al. 2012
    and the backtracking of librosa).

    Attributes:
        shortest: Of all parts, in seconds; an onset that would make a shorter one is left out.
    """

    shortest: float = 0.1

    name: ClassVar[str] = "onsets"
    form: ClassVar[str] = "onsets[:SHORTEST]"
    summary: ClassVar[str] = "From one onset to the next."

    def __post_init__(self) -> None:
        if not 0 < self.shortest < float("inf"):
            raise ExplanationError(
                f"Parts of {self.shortest:g} s at the shortest were asked for; give seconds above "
                "zero."
            )

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """One part per onset, and one for what lies before the first."""
        length = len(waveform)
        least = max(1, round(self.shortest * sample_rate))
        kept = [0]
        for onset in onset_samples(waveform, sample_rate):
            if kept[-1] + least <= onset <= length - least:
                kept.append(onset)
        parts = [*zip(kept, [*kept[1:], length], strict=True)]
        named = [("start", parts[0]), *numbered("onset", parts[1:])]
        return time_parts(named, length, sample_rate)


def onset_samples(waveform: Float[Tensor, " time"], sample_rate: int) -> list[int]:
    """Where the spectrum rises suddenly, in samples.

    What stays near a band's own floor counts as flat, or noise would rise and fall all the time.
    """
    import librosa

    grid = SpectrumGrid.at(sample_rate)
    power = grid.transform(waveform[None])[0].abs().square().double().numpy()
    count = max(1, min(MEL_BANDS, len(power) // 4))
    bands = librosa.filters.mel(sr=sample_rate, n_fft=grid.size, n_mels=count) @ power
    if not bands.any():
        return []
    decibels = librosa.power_to_db(bands, ref=np.max, top_db=DYNAMIC_RANGE)
    floor = np.percentile(decibels, FLOOR, axis=1, keepdims=True) + ABOVE_FLOOR
    flux = librosa.onset.onset_strength(
        S=np.maximum(decibels, floor), sr=sample_rate, hop_length=grid.hop, center=False
    )
    peaks = librosa.onset.onset_detect(
        onset_envelope=flux,
        sr=sample_rate,
        hop_length=grid.hop,
        normalize=False,
        delta=max(LEAST_RISE, LEAST_SHARE * float(flux.max())),
    )
    if len(peaks) == 0:
        return []
    # The last frame before the rise ends where the onset is.
    rises = librosa.onset.onset_backtrack(peaks, flux)
    return [int(frame) * grid.hop + grid.size // 2 for frame in rises]
