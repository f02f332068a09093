"""Bands taken away: above a cutoff, below it, outside a band, inside it."""

import math
from dataclasses import dataclass
from typing import ClassVar

from perturbations.corruption import register_corruption
from perturbations.errors import CorruptionError
from perturbations.filters.butterworth import (
    ButterworthBandPass,
    ButterworthBandStop,
    ButterworthHighPass,
    ButterworthLowPass,
)
from perturbations.filters.designed import HIGHEST_SHARE_OF_NYQUIST, DesignedFilter
from perturbations.filters.linear import AnalogueDesign

LOWEST_CUTOFF_HZ = 1.0
NARROWEST_HZ, WIDEST_HZ = 10.0, 100_000.0


@dataclass(frozen=True)
class CutoffFilter(DesignedFilter):
    """A filter whose severity is its cutoff."""

    quantity: ClassVar[str] = "cutoff_hz"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.levels) < LOWEST_CUTOFF_HZ:
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; "
                f"a cutoff is a frequency of at least {LOWEST_CUTOFF_HZ:g} Hz."
            )


@register_corruption
@dataclass(frozen=True)
class LowPass(CutoffFilter):
    """Butterworth low-pass of order 5.

    The levels are those of Li et al., arXiv 2503.17577 (0.5 to 0.1 of the Nyquist frequency at
    16 kHz), in hertz so that they mean the same at every rate. A cutoff at or above the Nyquist
    frequency changes nothing: there is nothing to take away.
    """

    name: ClassVar[str] = "low-pass"
    summary: ClassVar[str] = "Takes away what is above a cutoff (Butterworth, order 5)."
    primary: ClassVar[str] = "highest_hz"

    levels: tuple[float, ...] = (4000.0, 3200.0, 2400.0, 1600.0, 800.0)

    def design(self, level: float, sample_rate: int) -> AnalogueDesign | None:
        """See `DesignedFilter.design`."""
        cutoff = level / (sample_rate / 2)
        return None if cutoff >= 1 else ButterworthLowPass(cutoff)


@register_corruption
@dataclass(frozen=True)
class HighPass(CutoffFilter):
    """Butterworth high-pass of order 5.

    The levels are those of Li et al., arXiv 2503.17577 (0.1 to 0.5 of the Nyquist frequency at
    16 kHz), in hertz. At low sample rates a cutoff is held at 0.9 of the Nyquist frequency, so that
    something is left.
    """

    name: ClassVar[str] = "high-pass"
    summary: ClassVar[str] = "Takes away what is below a cutoff (Butterworth, order 5)."
    primary: ClassVar[str] = "lowest_hz"

    levels: tuple[float, ...] = (800.0, 1600.0, 2400.0, 3200.0, 4000.0)

    def design(self, level: float, sample_rate: int) -> AnalogueDesign:
        """See `DesignedFilter.design`."""
        return ButterworthHighPass(min(level / (sample_rate / 2), HIGHEST_SHARE_OF_NYQUIST))


@dataclass(frozen=True)
class BandFilter(DesignedFilter):
    """A filter whose severity is the width of a band about a centre.

    Attributes:
        centre_hz: The geometric mean of the band's edges. The default is that of the telephone
            band: with a width of 3100 Hz it goes from 300 to 3400 Hz.
    """

    quantity: ClassVar[str] = "bandwidth_hz"

    centre_hz: float = 1010.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(NARROWEST_HZ <= width <= WIDEST_HZ for width in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; a bandwidth must be from "
                f"{NARROWEST_HZ:g} to {WIDEST_HZ:g} Hz."
            )
        if not NARROWEST_HZ <= self.centre_hz <= WIDEST_HZ:
            raise CorruptionError(
                f"'{self.name}' was given a centre of {self.centre_hz} Hz; it must be from "
                f"{NARROWEST_HZ:g} to {WIDEST_HZ:g} Hz."
            )

    def edges(self, width: float, sample_rate: int) -> tuple[float, float]:
        """Both edges as shares of the Nyquist frequency; the upper one may lie above it.

        The lower one is held at 0.9 of the Nyquist frequency.
        """
        low, high = band_edges(self.centre_hz, width)
        nyquist = sample_rate / 2
        return min(low / nyquist, HIGHEST_SHARE_OF_NYQUIST), high / nyquist


def band_edges(centre: float, width: float) -> tuple[float, float]:
    """The edges of a band of a width whose geometric mean is `centre`.

    >>> low, high = band_edges(1010.0, 3100.0)
    >>> round(low), round(high)
    (300, 3400)
    """
    middle = math.hypot(centre, width / 2)
    return middle - width / 2, middle + width / 2


@register_corruption
@dataclass(frozen=True)
class BandPass(BandFilter):
    """Butterworth band-pass of order 5 at each edge.

    Wideband speech, the telephone's 300 to 3400 Hz, and narrower. The widths are ours: no published
    sweep was found. Where the upper edge is not below the Nyquist frequency only the lower one is
    left.
    """

    name: ClassVar[str] = "band-pass"
    summary: ClassVar[str] = (
        "Leaves a band like a telephone's, and narrower (Butterworth, order 5)."
    )
    primary: ClassVar[str] = "bandwidth_hz"

    levels: tuple[float, ...] = (5000.0, 3100.0, 2000.0, 1200.0, 600.0)

    def design(self, level: float, sample_rate: int) -> AnalogueDesign:
        """See `DesignedFilter.design`."""
        low, high = self.edges(level, sample_rate)
        return ButterworthHighPass(low) if high >= 1 else ButterworthBandPass(low, high)


@register_corruption
@dataclass(frozen=True)
class BandStop(BandFilter):
    """Butterworth band-stop of order 5 at each edge.

    The widths are ours: no published sweep was found. Where the upper edge is not below the Nyquist
    frequency, all above the lower one goes.
    """

    name: ClassVar[str] = "band-stop"
    summary: ClassVar[str] = "Takes away a band about 1 kHz (Butterworth, order 5)."
    primary: ClassVar[str] = "log_spectral_distance_db"

    levels: tuple[float, ...] = (200.0, 500.0, 1000.0, 2000.0, 3100.0)

    def design(self, level: float, sample_rate: int) -> AnalogueDesign:
        """See `DesignedFilter.design`."""
        low, high = self.edges(level, sample_rate)
        return ButterworthLowPass(low) if high >= 1 else ButterworthBandStop(low, high)
