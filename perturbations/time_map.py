"""Where each instant of a clip went, so that relevance can be carried back to the original."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from perturbations.errors import CorruptionError

Seconds = TypeVar("Seconds", float, np.ndarray)


@dataclass(frozen=True)
class TimeMap:
    """A piecewise linear, increasing map from seconds in the source to seconds in the result.

    Beyond its first and last points it goes on with the slope of its first and last piece.

    Attributes:
        source: Instants before, increasing, at least two.
        target: The same instants after, increasing.
    """

    source: tuple[float, ...]
    target: tuple[float, ...]

    def __post_init__(self) -> None:
        points = (self.source, self.target)
        if len(self.source) != len(self.target) or len(self.source) < 2:
            raise CorruptionError(
                "A time map needs two or more source instants, each with a target."
            )
        if not all(np.isfinite(p).all() and (np.diff(p) > 0).all() for p in points):
            raise CorruptionError("The instants of a time map must be finite and increasing.")

    @classmethod
    def identity(cls) -> "TimeMap":
        """Nothing moves."""
        return cls((0.0, 1.0), (0.0, 1.0))

    @classmethod
    def speed(cls, rate: float) -> "TimeMap":
        """Everything runs `rate` times as fast.

        >>> TimeMap.speed(2.0).forward(3.0)
        1.5
        """
        return cls((0.0, rate), (0.0, 1.0))

    @property
    def is_identity(self) -> bool:
        """Whether nothing moves."""
        return self.source == self.target

    def forward(self, seconds: Seconds) -> Seconds:
        """Instants in the source -> instants in the result."""
        return interpolate(seconds, self.source, self.target)

    def inverse(self, seconds: Seconds) -> Seconds:
        """Instants in the result -> instants in the source."""
        return interpolate(seconds, self.target, self.source)


def interpolate(seconds: Seconds, source: tuple[float, ...], target: tuple[float, ...]) -> Seconds:
    """Piecewise linear interpolation, with the outer slopes kept outside."""
    x, y = np.asarray(source), np.asarray(target)
    piece = np.clip(np.searchsorted(x, seconds, side="right") - 1, 0, len(x) - 2)
    share = (np.asarray(seconds) - x[piece]) / (x[piece + 1] - x[piece])
    moved = y[piece] + share * (y[piece + 1] - y[piece])
    return moved if isinstance(seconds, np.ndarray) else float(moved)
