"""What can be chosen of a clip: scattered samples, stretches of time, or frequency bands."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from explainers.axes import covering_edges, regular_edges
from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from explainers.inspection import to_time_frequency
from perturbations.masking import (
    SpectrumGrid,
    cross_fade_segments,
    fill_patches,
    fill_segments,
    time_segments,
)


class Units(ABC):
    """A way to cut a clip into what is chosen or not; subclasses are frozen dataclasses."""

    @abstractmethod
    def relevance(self, explanation: Explanation) -> Float[np.ndarray, " units"]:
        """The relevance of each unit of the explained clip."""

    @abstractmethod
    def energy(
        self, waveform: Float[Tensor, " time"], sample_rate: int
    ) -> Float[np.ndarray, " units"]:
        """The energy of each unit of a clip."""

    @abstractmethod
    def replaced(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        stand_in: Float[Tensor, "rows time"],
        sample_rate: int,
    ) -> Float[Tensor, "rows time"]:
        """The clips with the stand-in in place of the chosen units."""


@dataclass(frozen=True)
class Samples(Units):
    """Single samples, wherever they lie, as Becker et al. (2018) choose them.

    Replacing scattered samples puts clicks all over the clip, which a model may hear; chance of the
    same size has them too, and `Stretches` hardly any.
    """

    def relevance(self, explanation: Explanation) -> Float[np.ndarray, " units"]:
        """Of each sample; relevance of coarser cells is spread evenly over them."""
        if explanation.domain == "waveform":
            return explanation.relevance.astype(np.float64)
        return explanation.over_time(1 / explanation.sample_rate).relevance

    def energy(
        self,
        waveform: Float[Tensor, " time"],
        sample_rate: int,  # noqa: ARG002
    ) -> Float[np.ndarray, " units"]:
        """Of each sample: its square."""
        return waveform.detach().cpu().double().square().numpy()

    def replaced(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        stand_in: Float[Tensor, "rows time"],
        sample_rate: int,  # noqa: ARG002
    ) -> Float[Tensor, "rows time"]:
        """Sample by sample; all others stay as they are, to the last bit."""
        return fill_segments(waveform, chosen, stand_in)


@dataclass(frozen=True)
class Stretches(Units):
    """Stretches of time, side by side from the clip's start.

    Attributes:
        seconds: Length of each; the last may be shorter.
        joint: Length in seconds of the smooth joints outside of what is replaced; 0 for none.
    """

    seconds: float = 0.05
    joint: float = 0.005

    def __post_init__(self) -> None:
        if not 0 < self.seconds < float("inf") or not 0 <= self.joint < float("inf"):
            raise ExplanationError(
                f"Stretches of {self.seconds} s with joints of {self.joint} s were asked for; give "
                "stretches longer than zero and joints of zero or more."
            )

    def relevance(self, explanation: Explanation) -> Float[np.ndarray, " units"]:
        """Of each stretch: the sum over it."""
        size = max(1, round(self.seconds * explanation.sample_rate))
        return explanation.over_time(size / explanation.sample_rate).relevance

    def energy(
        self, waveform: Float[Tensor, " time"], sample_rate: int
    ) -> Float[np.ndarray, " units"]:
        """Of each stretch: the sum of its squares."""
        squares = waveform.detach().cpu().double().square().numpy()
        starts = [start for start, _ in time_segments(len(squares), sample_rate, self.seconds)]
        return np.add.reduceat(squares, starts)

    def replaced(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        stand_in: Float[Tensor, "rows time"],
        sample_rate: int,
    ) -> Float[Tensor, "rows time"]:
        """What is chosen is replaced entirely; the joints lie in what is not."""
        stretches = time_segments(waveform.shape[1], sample_rate, self.seconds)
        sizes = torch.tensor([stop - start for start, stop in stretches])
        masks = chosen.repeat_interleave(sizes.to(chosen.device), dim=1)
        joint = round(self.joint * sample_rate)
        if joint < 1:
            return fill_segments(waveform, masks, stand_in)
        return cross_fade_segments(waveform, masks, stand_in, joint)


@dataclass(frozen=True)
class Bands(Units):
    """Frequency bands over the whole clip, cut out by a short-time Fourier transform.

    Its windows of 32 ms blur the bands' edges by about 60 Hz. Choices of as many bands are of one
    size only where all bands are equally wide.

    Attributes:
        edges: In Hz, rising; bands from 0 Hz to the first and from the last to half the sample
            rate are added.
    """

    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.edges:
            raise ExplanationError("No band edges were given; give one or more, in Hz.")

    @classmethod
    def of_equal_width(cls, count: int, sample_rate: int) -> "Bands":
        """So many bands from 0 Hz to half the sample rate.

        >>> Bands.of_equal_width(4, 16000)
        Bands(edges=(2000.0, 4000.0, 6000.0))
        """
        if count < 2:
            raise ExplanationError(f"{count} bands were asked for; a choice needs two or more.")
        inner = regular_edges(sample_rate / 2, sample_rate / 2 / count)[1:-1]
        return cls(tuple(inner.tolist()))

    def relevance(self, explanation: Explanation) -> Float[np.ndarray, " units"]:
        """Of each band; relevance on samples is carried to time-frequency first.

        Raises:
            ExplanationError: The explanation says nothing about frequency.
        """
        on_samples = explanation.domain == "waveform"
        seen = to_time_frequency(explanation) if on_samples else explanation
        if seen.segments is not None and _spans_all_bands(seen):
            raise ExplanationError(
                f"The relevance of '{explanation.method}' lies on stretches of time and says "
                "nothing about frequency; use a method that does, such as lrp."
            )
        return seen.over_bands(self.edges).relevance

    def energy(
        self, waveform: Float[Tensor, " time"], sample_rate: int
    ) -> Float[np.ndarray, " units"]:
        """Of each band: the sum over its bins and all frames."""
        grid = SpectrumGrid.at(sample_rate)
        power = grid.transform(waveform[None])[0].abs().square().sum(dim=1)
        return np.bincount(self._band_of_bin(grid), power.cpu().double().numpy())

    def replaced(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        stand_in: Float[Tensor, "rows time"],
        sample_rate: int,
    ) -> Float[Tensor, "rows time"]:
        """Only what differs in the chosen bands passes the transform."""
        grid = SpectrumGrid.at(sample_rate)
        band = torch.from_numpy(self._band_of_bin(grid)).to(chosen.device)
        return fill_patches(waveform, chosen[:, band, None], stand_in, grid)

    def _band_of_bin(self, grid: SpectrumGrid) -> Int[np.ndarray, " bins"]:
        nyquist = grid.sample_rate / 2
        edges = covering_edges(np.asarray(self.edges, dtype=float), nyquist)
        bins = np.arange(grid.size // 2 + 1) * grid.sample_rate / grid.size
        return np.searchsorted(edges[1:-1], bins, side="right")


def _spans_all_bands(explanation: Explanation) -> bool:
    segments = explanation.segments
    assert segments is not None
    low, high = segments[:, 2], segments[:, 3]
    return bool((low <= 0).all() and (high >= explanation.sample_rate / 2).all())
