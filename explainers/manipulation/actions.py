"""What can be done with what is chosen of a clip."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.manipulation.ranking import Ranking
from explainers.manipulation.units import Units
from perturbations.corruption import Key, draw_normal, generator
from perturbations.waveform import rms


class Action(ABC):
    """A manipulation; subclasses are frozen dataclasses whose fields are its settings.

    Attributes:
        name: What it is called.
        measure: What its effect is, in words.
    """

    name: ClassVar[str]
    measure: ClassVar[str] = "how far the score moves"

    @abstractmethod
    def changed(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        units: Units,
        sample_rate: int,
        key: Key,
    ) -> Float[Tensor, "rows time"]:
        """One clip, in as many rows as there are choices, after the manipulation of each choice.

        Args:
            waveform: The same clip in every row.
            chosen: True for what is chosen.
            units: What `chosen` counts.
            sample_rate: In Hz.
            key: Of the clip, for random numbers; all rows share them.
        """

    def effect(
        self,
        ranking: Ranking,  # noqa: ARG002
        before: float,
        after: Float[np.ndarray, "*shape"],
    ) -> Float[np.ndarray, "*shape"]:
        """What the manipulation was to show; a right explanation makes it large."""
        return np.abs(after - before)


@dataclass(frozen=True)
class Remove(Action):
    """Zeros in place of what is chosen."""

    name: ClassVar[str] = "remove"
    measure: ClassVar[str] = "what the score loses"

    def changed(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        units: Units,
        sample_rate: int,
        key: Key,  # noqa: ARG002
    ) -> Float[Tensor, "rows time"]:
        """The clip without what is chosen."""
        return units.replaced(waveform, chosen, torch.zeros_like(waveform), sample_rate)

    def effect(
        self, ranking: Ranking, before: float, after: Float[np.ndarray, "*shape"]
    ) -> Float[np.ndarray, "*shape"]:
        """What the score loses."""
        return ranking.loss(before, after)


@dataclass(frozen=True)
class Noise(Remove):
    """White Gaussian noise as loud as the clip (RMS) in place of what is chosen."""

    name: ClassVar[str] = "noise"

    def changed(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        units: Units,
        sample_rate: int,
        key: Key,
    ) -> Float[Tensor, "rows time"]:
        """The clip with noise in place of what is chosen."""
        white = draw_normal([generator("manipulation noise", 1, key)], waveform[:1])
        noise = white * (rms(waveform[:1]) / rms(white))[:, None]
        return units.replaced(waveform, chosen, noise.expand_as(waveform), sample_rate)


@dataclass(frozen=True)
class Keep(Action):
    """Zeros in place of all that is not chosen."""

    name: ClassVar[str] = "keep"
    measure: ClassVar[str] = "how little the score loses (the loss, negated)"

    def changed(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        units: Units,
        sample_rate: int,
        key: Key,  # noqa: ARG002
    ) -> Float[Tensor, "rows time"]:
        """Nothing but what is chosen."""
        return units.replaced(waveform, ~chosen, torch.zeros_like(waveform), sample_rate)

    def effect(
        self, ranking: Ranking, before: float, after: Float[np.ndarray, "*shape"]
    ) -> Float[np.ndarray, "*shape"]:
        """The less is lost, the better what was kept."""
        return -ranking.loss(before, after)


@dataclass(frozen=True)
class Scale(Action):
    """What is chosen made louder or softer.

    Attributes:
        decibels: By how much; negative is softer.
    """

    name: ClassVar[str] = "scale"
    decibels: float

    def __post_init__(self) -> None:
        if not isfinite(self.decibels):
            raise ExplanationError(
                f"A level of {self.decibels} dB was given; it must be finite. Use remove for none."
            )

    def changed(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        units: Units,
        sample_rate: int,
        key: Key,  # noqa: ARG002
    ) -> Float[Tensor, "rows time"]:
        """The clip with what is chosen at the other level."""
        gain = 10 ** (self.decibels / 20)
        return units.replaced(waveform, chosen, gain * waveform, sample_rate)


@dataclass(frozen=True)
class Move(Action):
    """What is chosen moved in frequency, all of it by the same number of hertz.

    By the analytic signal (single-sideband modulation): levels are kept, nothing is mirrored, and
    what would leave the range from 0 Hz to half the sample rate is dropped.

    Attributes:
        hertz: How far; negative is down.
    """

    name: ClassVar[str] = "move"
    hertz: float

    def __post_init__(self) -> None:
        if not isfinite(self.hertz):
            raise ExplanationError(f"A move by {self.hertz} Hz was asked for; it must be finite.")

    def changed(
        self,
        waveform: Float[Tensor, "rows time"],
        chosen: Bool[Tensor, "rows units"],
        units: Units,
        sample_rate: int,
        key: Key,  # noqa: ARG002
    ) -> Float[Tensor, "rows time"]:
        """What is not chosen, and what is, at its new place."""
        rest = units.replaced(waveform, chosen, torch.zeros_like(waveform), sample_rate)
        return rest + shifted(waveform - rest, self.hertz, sample_rate)


def shifted(
    waveform: Float[Tensor, "rows time"], hertz: float, sample_rate: int
) -> Float[Tensor, "rows time"]:
    """Every frequency of a clip moved by `hertz`; what leaves the range is dropped."""
    length = waveform.shape[1]
    bins = torch.fft.rfft(waveform)
    places = torch.arange(bins.shape[1], dtype=torch.float64) * sample_rate / length
    stays = (places + hertz >= 0) & (places + hertz <= sample_rate / 2)
    sides = torch.where((places > 0) & (places < sample_rate / 2), 2.0, 1.0)
    weights = (stays * sides).to(bins.real)
    analytic = torch.fft.ifft(bins * weights, n=length)
    # the phase in double precision: after a minute of 8 kHz single precision is off by a tenth
    turns = torch.arange(length, dtype=torch.float64) * hertz / sample_rate
    phase = (2 * torch.pi * (turns % 1)).to(waveform)
    return analytic.real * phase.cos() - analytic.imag * phase.sin()
