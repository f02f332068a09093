"""Bands of frequency over the whole clip, and patches of time and frequency."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.axes import TOLERANCE, regular_edges
from explainers.errors import ExplanationError
from explainers.removal.parts import Parts, PatchParts
from explainers.segmentation.bands import erb_edges, linear_edges
from explainers.segmentation.naming import spans
from explainers.segmentation.segmenter import Segmenter, register_segmenter
from perturbations.masking import Patch, SpectrumGrid, mel_band_edges, patch_masks

SCALES: dict[str, Callable[[int, float, float], list[float]]] = {
    "mel": mel_band_edges,
    "linear": linear_edges,
    "erb": erb_edges,
}


@register_segmenter
@dataclass(frozen=True)
class Bands(Segmenter):
    """Bands of frequency, equally wide on a scale, from 0 Hz to half the sample rate.

    Attributes:
        scale: ``mel``, ``linear`` or ``erb``.
        count: Of bands.
    """

    scale: str
    count: int

    name: ClassVar[str] = "bands"
    form: ClassVar[str] = "bands:mel|linear|erb:COUNT"
    summary: ClassVar[str] = "Bands of frequency over the whole clip."

    def __post_init__(self) -> None:
        _check_bands(self.scale, self.count)

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """One part per band, from low to high."""
        bands = _bands(self.scale, self.count, sample_rate)
        seconds = len(waveform) / sample_rate
        patches = tuple(Patch(0.0, seconds, low, high) for low, high in bands)
        names = tuple(spans(bands, "Hz", decimals=0))
        return PatchParts(names, patches, len(waveform), sample_rate)


@register_segmenter
@dataclass(frozen=True)
class Patches(Segmenter):
    """Patches that tile the clip: windows of time side by side, bands equally wide on a scale.

    Attributes:
        seconds: Length of a patch; the last one also takes a rest that is too short for a frame of
            the spectrum.
        count: Of bands, from 0 Hz to half the sample rate.
        scale: ``mel``, ``linear`` or ``erb``.
    """

    seconds: float
    count: int
    scale: str = "mel"

    name: ClassVar[str] = "patches"
    form: ClassVar[str] = "patches:SECONDS:COUNT[:mel|linear|erb]"
    summary: ClassVar[str] = "Patches of time and frequency that tile the clip."

    def __post_init__(self) -> None:
        _check_bands(self.scale, self.count)
        if not 0 < self.seconds < float("inf"):
            raise ExplanationError(
                f"Patches of {self.seconds:g} s were asked for; give seconds above zero."
            )

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """One part per patch, all bands of the first window first."""
        grid = SpectrumGrid.at(sample_rate)
        times = [*pairwise(_time_edges(len(waveform), self.seconds, grid))]
        bands = _bands(self.scale, self.count, sample_rate)
        patches = tuple(Patch(start, end, low, high) for start, end in times for low, high in bands)
        names = tuple(
            f"{when}, {band}"
            for when in spans(times, "s", decimals=2)
            for band in spans(bands, "Hz", decimals=0)
        )
        return PatchParts(names, patches, len(waveform), sample_rate)


def _bands(scale: str, count: int, sample_rate: int) -> list[tuple[float, float]]:
    """Bands from 0 Hz to half the sample rate, every one with a bin of the spectrum in it."""
    grid = SpectrumGrid.at(sample_rate)

    def cut(number: int) -> list[float]:
        return SCALES[scale](number, 0.0, sample_rate / 2)

    if not _are_resolved(cut(count), grid):
        fewer = range(min(count - 1, grid.size // 2 + 1), 0, -1)
        most = next(number for number in fewer if _are_resolved(cut(number), grid))
        raise ExplanationError(
            f"{count} {scale} bands were asked for; at {sample_rate} Hz some would be narrower "
            f"than the {sample_rate / grid.size:g} Hz from one bin of the spectrum to the next. "
            f"Give {most} or fewer."
        )
    return [*pairwise(cut(count))]


def _are_resolved(edges: Sequence[float], grid: SpectrumGrid) -> bool:
    """Whether there is a bin between any two edges; the frame at the clip's start shows it."""
    if len(edges) > grid.size // 2 + 2:
        return False
    patches = [Patch(0.0, 1.0, low, high) for low, high in pairwise(edges)]
    return bool(patch_masks(patches, 1, grid).any(dim=2).any(dim=1).all())


def _time_edges(length: int, seconds: float, grid: SpectrumGrid) -> list[float]:
    """Edges of windows of time, every one with a frame of the spectrum in it."""
    step = grid.hop / grid.sample_rate
    if seconds < step:
        raise ExplanationError(
            f"Patches of {seconds:g} s were asked for; the spectrum has a frame every {step:g} s. "
            "Give that or more."
        )
    edges = regular_edges(length / grid.sample_rate, seconds)
    if len(edges) > 2 and edges[-1] - edges[-2] < step - TOLERANCE:
        edges = np.delete(edges, -2)
    return [float(edge) for edge in edges]


def _check_bands(scale: str, count: int) -> None:
    if scale not in SCALES or count < 1:
        raise ExplanationError(
            f"{count} bands on the scale '{scale}' were asked for; give one band or more on one "
            f"of the scales {', '.join(SCALES)}."
        )
