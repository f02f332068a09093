"""Each class's weight at every score, from weights of units: clip by clip, or bin by bin.

Clip by clip is exact and costs replicates times clips. Beyond `EXACT_NUMBERS` of them the scores
are put into bins, and a matrix product of weights [replicate, unit] with counts [unit, bin] takes
the clips' place: 10^7 clips cost what 10^5 do, apart from sorting them once.

Bins have about equal counts of each class. Around the threshold that decides (the equal error
rate's, the cheapest one's) they are narrower, in steps that grow with the distance in rank: a
replicate whose threshold lies some way off meets bins of 4 % of that way, so binning moves it by
at most 2 % of how far resampling moved it, however many clips there are.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from xaudio.metrics.det import first_of_ties
from xaudio.metrics.uncertainty.resampling import NUMBERS_AT_ONCE

EQUAL_BINS = 256  # per class
NARROW_BINS = 384  # per class and side of the threshold


@dataclass(frozen=True)
class ClassWeights:
    """Both classes' weights at ascending scores, tied scores together."""

    bonafide: Float[np.ndarray, "replicates scores"]
    spoof: Float[np.ndarray, "replicates scores"]

    @classmethod
    def of_clips(
        cls, ascending: Float[np.ndarray, " clips"], is_bonafide: Bool[np.ndarray, " clips"]
    ) -> "ClassWeights":
        """One row: every clip weighs one."""
        return _merged(is_bonafide, first_of_ties(ascending), np.ones((1, len(ascending))))

    def false_rejection(self) -> Float[np.ndarray, "replicates scores"]:
        """Share of bona fide weight rejected when this score and all below are."""
        rejected = np.cumsum(self.bonafide, axis=1)
        rejected /= rejected[:, -1:].copy()
        return rejected

    def false_acceptance(self) -> Float[np.ndarray, "replicates scores"]:
        """Share of spoof weight still accepted then."""
        rejected = np.cumsum(self.spoof, axis=1)
        total = rejected[:, -1:].copy()
        np.subtract(total, rejected, out=rejected)
        rejected /= total
        return rejected


@dataclass(frozen=True)
class ClipWeigher:
    """The weight at every distinct score, exactly.

    Attributes:
        is_bonafide: Per clip, by ascending score.
        unit: Per clip, by ascending score: its unit.
        first: Where each distinct score begins.
    """

    is_bonafide: Bool[np.ndarray, " clips"]
    unit: Int[np.ndarray, " clips"]
    first: Int[np.ndarray, " scores"]

    @property
    def columns(self) -> int:
        """How many clips are gathered per replicate."""
        return len(self.unit)

    def __call__(self, weights: Float[np.ndarray, "replicates units"]) -> ClassWeights:
        """Both classes' weights at every distinct score."""
        return _merged(self.is_bonafide, self.first, weights[:, self.unit])


@dataclass(frozen=True)
class BinWeigher:
    """The weight in every bin, from each unit's clips counted there."""

    bonafide: Float[np.ndarray, "units bins"]
    spoof: Float[np.ndarray, "units bins"]

    @classmethod
    def of_clips(
        cls,
        bins: Int[np.ndarray, " clips"],
        is_bonafide: Bool[np.ndarray, " clips"],
        unit: Int[np.ndarray, " clips"],
        units: int,
    ) -> "BinWeigher":
        """Counts of the clips whose bins are given."""
        width = int(bins.max()) + 1
        place = unit * width + bins

        def counts(inside: np.ndarray) -> np.ndarray:
            found = np.bincount(place[inside], minlength=units * width)
            return found.reshape(units, width).astype(np.float32)

        return cls(counts(is_bonafide), counts(~is_bonafide))

    @property
    def columns(self) -> int:
        """How many bins."""
        return self.bonafide.shape[1]

    def __call__(self, weights: Float[np.ndarray, "replicates units"]) -> ClassWeights:
        """Both classes' weights in every bin."""
        return ClassWeights(_product(weights, self.bonafide), _product(weights, self.spoof))


Weigher = ClipWeigher | BinWeigher


def bin_edges(
    ascending: Float[np.ndarray, " clips"],
    is_bonafide: Bool[np.ndarray, " clips"],
    critical: int | None = None,
) -> Float[np.ndarray, " edges"]:
    """Ascending scores at which a new bin begins, the lowest score not among them."""
    near: np.ndarray = np.empty(0, dtype=np.int64)
    if critical is not None:
        near = np.append(first_of_ties(ascending), len(ascending))[critical][None]
    edges = []
    for inside in (is_bonafide, ~is_bonafide):
        own = ascending[inside]
        ranks = [np.arange(1, EQUAL_BINS) * len(own) // EQUAL_BINS]
        if near.size:
            centre = np.count_nonzero(inside[: near[0]])
            steps = np.append(0, np.rint(np.geomspace(1, len(own), NARROW_BINS)).astype(np.int64))
            ranks += [centre - steps, centre + steps]
        chosen = np.unique(np.concatenate(ranks))
        edges.append(own[chosen[(chosen >= 0) & (chosen < len(own))]])
    return np.unique(np.concatenate([*edges, ascending[near[near < len(ascending)]]]))


def _merged(
    is_bonafide: Bool[np.ndarray, " clips"],
    first: Int[np.ndarray, " scores"],
    weights: Float[np.ndarray, "replicates clips"],
) -> ClassWeights:
    bonafide = weights * is_bonafide
    spoof = weights - bonafide
    if len(first) < len(is_bonafide):
        bonafide = np.add.reduceat(bonafide, first, axis=1)
        spoof = np.add.reduceat(spoof, first, axis=1)
    return ClassWeights(bonafide, spoof)


def _product(
    weights: Float[np.ndarray, "replicates units"], counts: Float[np.ndarray, "units bins"]
) -> Float[np.ndarray, "replicates bins"]:
    """Their product; counts stand in half the memory and are widened a block at a time."""
    block = max(1, NUMBERS_AT_ONCE // counts.shape[1])
    found = np.zeros((len(weights), counts.shape[1]))
    for start in range(0, len(counts), block):
        rows = slice(start, start + block)
        found += weights[:, rows] @ counts[rows].astype(np.float64)
    return found
