"""Where each instant of a clip went, so that relevance can be carried back to the original."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

from perturbations.errors import CorruptionError

CLOSEST_SECONDS = 1e-9

Seconds = TypeVar("Seconds", float, np.ndarray)


@dataclass(frozen=True)
class TimeMap:
    """A piecewise linear map from seconds in the source to seconds in the result.

    It rises throughout, or falls throughout where a clip is played backwards. Beyond its first and
    last points it goes on with the slope of its first and last piece. Instants may lie outside
    the clip: what was cut off the beginning goes to negative seconds.

    Attributes:
        source: Instants before, increasing, at least two.
        target: The same instants after, increasing, or all decreasing.
    """

    source: tuple[float, ...]
    target: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target) or len(self.source) < 2:
            raise CorruptionError(
                "A time map needs two or more source instants, each with a target."
            )
        falls = self.target[-1] < self.target[0]
        finite = all(map(math.isfinite, (*self.source, *self.target)))
        if not finite or not rising(self.source) or not rising(self.target[:: -1 if falls else 1]):
            raise CorruptionError(
                "The instants of a time map must be finite, the source rising and the target "
                "rising or falling throughout."
            )

    @classmethod
    def identity(cls) -> "TimeMap":
        """Nothing moves."""
        return NOTHING_MOVES

    @classmethod
    def speed(cls, rate: float) -> "TimeMap":
        """Everything runs `rate` times as fast.

        >>> TimeMap.speed(2.0).forward(3.0)
        1.5
        """
        return cls((0.0, rate), (0.0, 1.0))

    @classmethod
    def later(cls, seconds: float) -> "TimeMap":
        """Everything comes so many seconds later, or earlier where negative.

        >>> TimeMap.later(0.5).forward(3.0)
        3.5
        """
        return cls((0.0, 1.0), (seconds, 1.0 + seconds))

    @property
    def is_identity(self) -> bool:
        """Whether nothing moves."""
        return self.source == self.target

    def forward(self, seconds: Seconds) -> Seconds:
        """Instants in the source -> instants in the result."""
        return interpolate(seconds, self.source, self.target)

    def inverse(self, seconds: Seconds) -> Seconds:
        """Instants in the result -> instants in the source."""
        if self.target[-1] < self.target[0]:
            return interpolate(seconds, self.target[::-1], self.source[::-1])
        return interpolate(seconds, self.target, self.source)

    def then(self, following: "TimeMap") -> "TimeMap":
        """This map and, after it, another.

        >>> TimeMap.later(1.0).then(TimeMap.speed(2.0)).forward(3.0)
        2.0
        """
        if self.is_identity:
            return following
        if following.is_identity:
            return self
        bends = {*self.source, *(self.inverse(instant) for instant in following.source)}
        source = np.array(sorted(bends))
        source = source[np.append(True, np.diff(source) > CLOSEST_SECONDS)]
        target = following.forward(self.forward(source))
        return TimeMap(tuple(source.tolist()), tuple(target.tolist()))


def rising(instants: tuple[float, ...]) -> bool:
    """Whether each instant is later than the one before."""
    return all(earlier < later for earlier, later in pairwise(instants))


def interpolate(seconds: Seconds, source: tuple[float, ...], target: tuple[float, ...]) -> Seconds:
    """Piecewise linear interpolation, with the outer slopes kept outside."""
    x, y = np.asarray(source), np.asarray(target)
    piece = np.clip(np.searchsorted(x, seconds, side="right") - 1, 0, len(x) - 2)
    share = (np.asarray(seconds) - x[piece]) / (x[piece + 1] - x[piece])
    moved = y[piece] + share * (y[piece + 1] - y[piece])
    return moved if isinstance(seconds, np.ndarray) else float(moved)


NOTHING_MOVES = TimeMap((0.0, 1.0), (0.0, 1.0))
