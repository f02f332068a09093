"""What can be resampled: a function of scores, classes and weights, once per replicate.

A `Statistic` is computed for all replicates at once. There are two kinds, by what they need of
the clips. A `MeanStatistic` is a quotient of sums: each unit's clips are summed up once, so it is
exact and quick at any size. A `RankingStatistic` needs the weight at every distinct score, or in
every bin of scores where there are many (`binning`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from xaudio.errors import MetricError
from xaudio.metrics.det import first_of_ties
from xaudio.metrics.intervals import SHARES, ValueRange
from xaudio.metrics.uncertainty.binning import (
    BinWeigher,
    ClassWeights,
    ClipWeigher,
    Weigher,
    bin_edges,
)
from xaudio.metrics.uncertainty.resampling import EXACT_NUMBERS, NUMBERS_AT_ONCE

OfUnits = Callable[[np.ndarray], np.ndarray]  # weights [replicate, unit] -> values [replicate]


@runtime_checkable
class Statistic(Protocol):
    """What a bootstrap asks of a metric.

    Attributes:
        value_range: Where its values lie.
        lower_is_better: Whether a better detector has a lower value.
        classes: Whether it depends on bona fide clips, and whether on spoofs.
        shares: What bona fide clips that are all decided wrongly add to it, and what spoofs do.
    """

    @property
    def value_range(self) -> ValueRange: ...  # noqa: D102

    @property
    def lower_is_better(self) -> bool: ...  # noqa: D102

    @property
    def classes(self) -> tuple[bool, bool]: ...  # noqa: D102

    @property
    def shares(self) -> tuple[float, float]: ...  # noqa: D102

    def __call__(
        self,
        scores: Float[np.ndarray, " clips"],
        is_bonafide: Bool[np.ndarray, " clips"],
        weights: Float[np.ndarray, "replicates clips"],
    ) -> Float[np.ndarray, " replicates"]:
        """Its value once per row of weights."""

    def over_units(
        self,
        scores: Float[np.ndarray, " clips"],
        is_bonafide: Bool[np.ndarray, " clips"],
        unit: Int[np.ndarray, " clips"],
        units: int,
        samples: int,
    ) -> tuple[float, OfUnits]:
        """Its value, and the function from weights of units to replicates."""


class MeanStatistic(ABC):
    """A statistic that is a function of sums over clips."""

    value_range = ValueRange()
    lower_is_better = True
    classes = (True, True)
    shares = (0.5, 0.5)

    @abstractmethod
    def columns(
        self, scores: Float[np.ndarray, " clips"], is_bonafide: Bool[np.ndarray, " clips"]
    ) -> Float[np.ndarray, "clips columns"]:
        """What is summed over clips."""

    @abstractmethod
    def of_sums(self, sums: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, " rows"]:
        """The value that sums make."""

    def __call__(
        self,
        scores: Float[np.ndarray, " clips"],
        is_bonafide: Bool[np.ndarray, " clips"],
        weights: Float[np.ndarray, "replicates clips"],
    ) -> Float[np.ndarray, " replicates"]:
        """Its value once per row of weights."""
        return self.of_sums(weights @ self.columns(scores, is_bonafide))

    def over_units(
        self,
        scores: Float[np.ndarray, " clips"],
        is_bonafide: Bool[np.ndarray, " clips"],
        unit: Int[np.ndarray, " clips"],
        units: int,
        samples: int,  # noqa: ARG002 - sums are as exact for many replicates
    ) -> tuple[float, OfUnits]:
        """Its value, and the function from weights of units to replicates."""
        columns = self.columns(scores, is_bonafide).T
        value = float(self.of_sums(columns.sum(axis=1)[None])[0])
        sums = np.stack([np.bincount(unit, column, units) for column in columns], axis=1)
        return value, lambda weights: self.of_sums(weights @ sums)


class RankingStatistic(ABC):
    """A statistic that depends on how the classes lie along the scores."""

    value_range = SHARES
    lower_is_better = True
    classes = (True, True)
    shares = (0.5, 0.5)

    @abstractmethod
    def of_weights(self, weights: ClassWeights) -> Float[np.ndarray, " replicates"]:
        """The value once per row, from each class's weight at every score, ascending."""

    def critical_threshold(self, weights: ClassWeights) -> int | None:  # noqa: ARG002
        """How many of the lowest distinct scores its threshold rejects; None without threshold."""
        return None

    def __call__(
        self,
        scores: Float[np.ndarray, " clips"],
        is_bonafide: Bool[np.ndarray, " clips"],
        weights: Float[np.ndarray, "replicates clips"],
    ) -> Float[np.ndarray, " replicates"]:
        """Its value once per row of weights."""
        units = len(scores)
        _, of_units = self.over_units(scores, is_bonafide, np.arange(units), units, 1)
        return of_units(weights)

    def over_units(
        self,
        scores: Float[np.ndarray, " clips"],
        is_bonafide: Bool[np.ndarray, " clips"],
        unit: Int[np.ndarray, " clips"],
        units: int,
        samples: int,
    ) -> tuple[float, OfUnits]:
        """Its value, and the function from weights of units to replicates.

        The value is that of all scores; replicates from binned scores are moved by what binning
        did to it.
        """
        check_both_classes(is_bonafide, type(self).__name__)
        order = np.argsort(scores, kind="stable")
        ascending, classes = scores[order], is_bonafide[order]
        one = ClassWeights.of_clips(ascending, classes)
        value = float(self.of_weights(one)[0])
        if samples * len(scores) <= EXACT_NUMBERS:
            weigh: Weigher = ClipWeigher(classes, unit[order], first_of_ties(ascending))
            return value, self._by_blocks(weigh)
        edges = bin_edges(ascending, classes, self.critical_threshold(one))
        bins = np.searchsorted(edges, scores, side="right")
        weigh = BinWeigher.of_clips(bins, is_bonafide, unit, units)
        replicates = self._by_blocks(weigh)
        moved = value - float(replicates(np.ones((1, units)))[0])
        return value, lambda weights: replicates(weights) + moved

    def _by_blocks(self, weigh: Weigher) -> OfUnits:
        rows = max(1, NUMBERS_AT_ONCE // weigh.columns)

        def replicates(weights: np.ndarray) -> np.ndarray:
            parts = [weights[start : start + rows] for start in range(0, len(weights), rows)]
            return np.concatenate([self.of_weights(weigh(part)) for part in parts])

        return replicates


def check_both_classes(is_bonafide: Bool[np.ndarray, " clips"], name: str) -> None:
    """Raises a MetricError where a class is empty."""
    if is_bonafide.all() or not is_bonafide.any():
        raise MetricError(
            f"{name} compares bona fide clips with spoofed ones; given {is_bonafide.sum()} and "
            f"{(~is_bonafide).sum()}."
        )
