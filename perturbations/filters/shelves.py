"""Bass and treble turned up or down: shelving filters of the second order.

After R. Bristow-Johnson's "Cookbook formulae for audio equalizer biquad filter coefficients", which
sox and audiomentations follow too.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Complex
from torch import Tensor

from perturbations.corruption import register_corruption
from perturbations.errors import CorruptionError
from perturbations.filters.designed import HIGHEST_SHARE_OF_NYQUIST, DesignedFilter
from perturbations.filters.linear import AnalogueDesign, warped

LARGEST_GAIN_DB = 60.0
LOWEST_HZ = 10.0
FLATTEST, STEEPEST = 0.1, 1.0


@dataclass(frozen=True)
class ShelfDesign(AnalogueDesign):
    """A shelf; `frequency` is where half of the gain (in dB) is reached.

    Attributes:
        frequency: As a share of the Nyquist frequency.
        gain_db: Of the shelf; elsewhere it is 0 dB.
        slope: Steepness; 1 is the steepest shelf without a hump.
    """

    frequency: float
    gain_db: float
    slope: float

    @property
    def amplitude(self) -> float:
        """A of the cookbook: the square root of the shelf's gain."""
        return float(10 ** (self.gain_db / 40))

    @property
    def damping(self) -> float:
        """sqrt(A) / Q of the cookbook, Q from the slope."""
        amplitude = self.amplitude
        inverse_q = ((amplitude + 1 / amplitude) * (1 / self.slope - 1) + 2) ** 0.5
        return float(amplitude**0.5 * inverse_q)

    def low_shelf(
        self, numerator: Complex[Tensor, "point"], denominator: Complex[Tensor, "point"]
    ) -> Complex[Tensor, "point"]:
        """The low shelf about 1 rad/s, at ``numerator / denominator``."""
        high, middle, low = (
            numerator.square(),
            self.damping * numerator * denominator,
            denominator.square(),
        )
        amplitude = self.amplitude
        return amplitude * (high + middle + amplitude * low) / (amplitude * high + middle + low)

    def roots(self) -> Complex[Tensor, "2"]:
        """The poles of the low shelf about 1 rad/s."""
        amplitude, damping = self.amplitude, self.damping
        root = torch.tensor(damping**2 - 4 * amplitude, dtype=torch.complex128).sqrt()
        return torch.stack([-damping + root, -damping - root]) / (2 * amplitude)


class LowShelfDesign(ShelfDesign):
    """Below the frequency there is the gain."""

    def at(self, s: Complex[Tensor, "point"]) -> Complex[Tensor, "point"]:
        """With s / frequency for s."""
        return self.low_shelf(s, torch.full_like(s, warped(self.frequency)))

    def poles(self) -> Complex[Tensor, "pole"]:
        """Those about 1 rad/s, further out."""
        return self.roots() * warped(self.frequency)


class HighShelfDesign(ShelfDesign):
    """Above the frequency there is the gain."""

    def at(self, s: Complex[Tensor, "point"]) -> Complex[Tensor, "point"]:
        """With frequency / s for s."""
        return self.low_shelf(torch.full_like(s, warped(self.frequency)), s)

    def poles(self) -> Complex[Tensor, "pole"]:
        """The inverse of those about 1 rad/s, further out."""
        return warped(self.frequency) / self.roots()


@dataclass(frozen=True)
class Shelf(DesignedFilter):
    """Bass or treble turned up, or down where the gain is negative.

    The gains are those of Speech Robust Bench, arXiv 2403.07937; the frequency and the slope those
    of sox, which it uses. Sox clips what gets too loud; here such a clip is turned down as a whole.

    Attributes:
        frequency_hz: Where half of the gain is reached; held at 0.9 of the Nyquist frequency.
        slope: Steepness, above 0; 1 is the steepest without a hump.
    """

    quantity: ClassVar[str] = "gain_db"
    primary: ClassVar[str] = "log_spectral_distance_db"
    shelf: ClassVar[type[ShelfDesign]]

    frequency_hz: float = 100.0
    slope: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(abs(gain) <= LARGEST_GAIN_DB for gain in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; a gain must be from "
                f"{-LARGEST_GAIN_DB:g} to {LARGEST_GAIN_DB:g} dB."
            )
        if not (self.frequency_hz >= LOWEST_HZ and FLATTEST <= self.slope <= STEEPEST):
            raise CorruptionError(
                f"'{self.name}' was given {self.frequency_hz} Hz and a slope of {self.slope}; the "
                f"frequency must be at least {LOWEST_HZ:g} Hz, the slope from {FLATTEST} to "
                f"{STEEPEST:g}."
            )

    def design(self, level: float, sample_rate: int) -> ShelfDesign:
        """See `DesignedFilter.design`."""
        frequency = min(self.frequency_hz / (sample_rate / 2), HIGHEST_SHARE_OF_NYQUIST)
        return self.shelf(frequency, level, self.slope)


@register_corruption
@dataclass(frozen=True)
class LowShelf(Shelf):
    """See `Shelf`."""

    name: ClassVar[str] = "low-shelf"
    summary: ClassVar[str] = "Turns the bass up."
    shelf: ClassVar[type[ShelfDesign]] = LowShelfDesign

    levels: tuple[float, ...] = (10.0, 20.0, 30.0, 40.0, 50.0)


@register_corruption
@dataclass(frozen=True)
class HighShelf(Shelf):
    """See `Shelf`."""

    name: ClassVar[str] = "high-shelf"
    summary: ClassVar[str] = "Turns the treble up."
    shelf: ClassVar[type[ShelfDesign]] = HighShelfDesign

    levels: tuple[float, ...] = (10.0, 20.0, 30.0, 40.0, 50.0)
    frequency_hz: float = 3000.0
