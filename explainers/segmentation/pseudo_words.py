"""Bursts of about a word's or a syllable's length, where there is no alignment. They are no words.

Without a transcript nobody knows where words begin: a burst may hold a syllable, a word or two.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts, Stretch
from explainers.segmentation.activity import Detector
from explainers.segmentation.segmenter import Segmenter, register_segmenter
from explainers.segmentation.stretches import numbered, time_parts

HANGOVER = 0.05  # seconds: shorter gaps are closures within a word
SMOOTHING = 0.03  # seconds, the deviation of the bell: keeps syllables, loses pitch periods
DIP = 3.0  # decibels below both sides that part two bursts


@register_segmenter
@dataclass(frozen=True)
class PseudoWords(Segmenter):
    """Bursts of energy, split at their dips into pieces as long as words or syllables are.

    Active runs are split at the deepest dip of at least 3 dB that leaves `shortest` on both sides,
    again and again, and what is longer than `longest` at its lowest point even without a dip.

    Attributes:
        shortest: Of all bursts, in seconds; shorter runs are left out.
        longest: Of all bursts, in seconds, at least twice `shortest`.
    """

    shortest: float = 0.1
    longest: float = 0.6

    name: ClassVar[str] = "pseudo-words"
    form: ClassVar[str] = "pseudo-words[:SHORTEST[:LONGEST]]"
    summary: ClassVar[str] = (
        "Bursts of energy as long as words; no words, for want of a transcript."
    )

    def __post_init__(self) -> None:
        if not 0 < 2 * self.shortest <= self.longest < float("inf"):
            raise ExplanationError(
                f"Bursts of {self.shortest:g} to {self.longest:g} s were asked for; give a "
                "shortest above zero and a longest of twice that or more."
            )

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """``burst 1`` and so on; what lies between is no part."""
        found = Detector(HANGOVER, self.shortest).stretches(waveform, sample_rate)
        least = max(1, round(self.shortest * sample_rate))
        most = max(2 * least, round(self.longest * sample_rate))
        level = smooth_level(waveform, sample_rate)
        bursts = [
            burst
            for run in found
            if run[1] - run[0] >= least
            for burst in split_at_dips(level, run, least, most)
        ]
        if not bursts:
            raise ExplanationError(
                f"No burst of {self.shortest:g} s or more stands out in this clip; cut it into "
                "windows, or give an alignment with words:FILE."
            )
        return time_parts(numbered("burst", bursts), len(waveform), sample_rate)


def smooth_level(waveform: Float[Tensor, " time"], sample_rate: int) -> Float[np.ndarray, " time"]:
    """Power under a sliding bell, in decibels."""
    from scipy.ndimage import gaussian_filter1d

    power = waveform.double().square().numpy()
    smooth = gaussian_filter1d(power, SMOOTHING * sample_rate, mode="constant")
    return 10 * np.log10(np.maximum(smooth, np.finfo(float).tiny))


def split_at_dips(
    level: Float[np.ndarray, " time"], run: Stretch, least: int, most: int
) -> list[Stretch]:
    """A run cut at its dips into pieces of `least` to `most` samples.

    >>> split_at_dips(np.array([9.0, 9.0, 0.0, 9.0, 9.0]), (0, 5), least=2, most=5)
    [(0, 2), (2, 5)]
    """
    start, stop = run
    if stop - start < 2 * least:
        return [run]
    own = level[start:stop]
    sides = np.minimum(np.maximum.accumulate(own), np.maximum.accumulate(own[::-1])[::-1])
    depth = (sides - own)[least : len(own) - least + 1]
    if depth.max() >= DIP:
        cut = start + least + int(depth.argmax())
    elif stop - start > most:
        middle = max(least, len(own) // 3)
        cut = start + middle + int(own[middle : len(own) - middle + 1].argmin())
    else:
        return [run]
    return [
        *split_at_dips(level, (start, cut), least, most),
        *split_at_dips(level, (cut, stop), least, most),
    ]
