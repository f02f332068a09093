"""Figures with what they come to in every bootstrap draw, and the intervals that gives."""

from dataclasses import dataclass, replace
from math import hypot, inf

import numpy as np
from jaxtyping import Bool, Float, Int

from xaudio.metrics.intervals import SHARES, Interval, ValueRange, range_of_sum
from xaudio.metrics.uncertainty.bootstrap import DISCORDANT, Bootstrap, influence
from xaudio.sweeps.tables.draws import Draws

# Ours: an interval from fewer would be about the draws, not the clips.
FEWEST_DRAWS = 0.5


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure and what it comes to when speakers are drawn again.

    Attributes:
        value: Of the clips as they are.
        drawn: Of each draw; not a number where nothing was drawn that the figure is about. The
            draws are the same for all models and conditions of a sweep.
        draws: Of the clips of the sweep.
        value_range: Where such values lie.
        clusters: On how many speakers it rests; of two classes the fewer.
        most_freedom: Degrees of freedom of its standard error, at most.
        one_clip: As `xaudio.metrics.uncertainty.bootstrap.one_clip`.
    """

    value: float
    drawn: Float[np.ndarray, " draw"]
    draws: Draws
    value_range: ValueRange
    clusters: int
    most_freedom: float = inf
    one_clip: float = 0.0

    @property
    def bootstrap(self) -> Bootstrap | None:
        """Value and spread, as `xaudio.metrics.uncertainty` has them.

        None where hardly any draw has a value.
        """
        return self.with_unseen(0.0)

    def with_unseen(self, unseen: float) -> Bootstrap | None:
        """The same of a difference, of which clips that were not given add to the spread."""
        replicates = self.drawn[: self.draws.samples]
        there = ~np.isnan(replicates)
        if there.mean() < FEWEST_DRAWS:
            return None
        deleted = self.drawn[self.draws.samples :]
        found = influence(np.where(np.isnan(deleted), self.value, deleted), self.draws.deletions)
        freedom = min(found.degrees_of_freedom, self.most_freedom)
        return Bootstrap(
            self.value,
            replicates[there],
            replace(found, degrees_of_freedom=freedom),
            self.value_range,
            self.clusters,
            unseen,
        )

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval; None where there is no bootstrap."""
        found = self.bootstrap
        return None if found is None else found.interval()


@dataclass(frozen=True, eq=False)
class Share:
    """Of which rows something is a share.

    Attributes:
        hit: Of which rows it is true.
        among: Which rows it is asked about.
    """

    hit: Bool[np.ndarray, " row"]
    among: Bool[np.ndarray, " row"]

    @property
    def value(self) -> float | None:
        """The share; None where it is asked about no row."""
        return float(np.mean(self.hit[self.among])) if self.among.any() else None


def share_figures(
    shares: dict[str, Share], clip: Int[np.ndarray, " row"], draws: Draws
) -> dict[str, Figure]:
    """A figure for every share that is asked about at least one row.

    Args:
        shares: By name.
        clip: Which clip of the sweep each row is about.
        draws: Of the clips of the sweep.
    """
    asked = {name: share for name, share in shares.items() if share.among.any()}
    if not asked:
        return {}
    counted = [mask for share in asked.values() for mask in (share.hit & share.among, share.among)]
    drawn = draws.sums(clip, np.stack(counted).astype(np.float64))
    with np.errstate(invalid="ignore"):
        ratios = drawn[::2] / drawn[1::2]
    return {
        name: _share_figure(share, ratio, clip, draws)
        for (name, share), ratio in zip(asked.items(), ratios, strict=True)
    }


def _share_figure(
    share: Share,
    drawn: Float[np.ndarray, " draw"],
    clip: Int[np.ndarray, " row"],
    draws: Draws,
) -> Figure:
    clusters = draws.count(clip[share.among])
    return Figure(
        float(np.mean(share.hit[share.among])),
        drawn,
        draws,
        SHARES,
        clusters,
        # A few speakers stay few, however many others the draws are about.
        most_freedom=max(1.0, clusters - 1.0),
        one_clip=1.0 / (len(np.unique(clip[share.among])) + 2),
    )


def combined(
    factors: dict[str, float],
    figures: dict[str, Figure],
    start: float = 0.0,
    value_range: ValueRange = SHARES,
) -> Figure:
    """A weighted sum of figures, draw by draw.

    Args:
        factors: Of the figures, by name.
        figures: At least those.
        start: What is added to the sum.
        value_range: Where the sum lies.
    """
    parts = [(factor, figures[name]) for name, factor in factors.items()]
    drawn = np.sum([factor * part.drawn for factor, part in parts], axis=0)
    return Figure(
        start + sum(factor * part.value for factor, part in parts),
        start + drawn,
        parts[0][1].draws,
        value_range,
        min(part.clusters for _, part in parts),
        sum(part.most_freedom for _, part in parts),
        hypot(*(factor * part.one_clip for factor, part in parts)),
    )


def difference(one: Figure, other: Figure) -> Bootstrap | None:
    """One figure minus another, draw by draw: the same speakers stand on both sides.

    None where hardly any draw has both.
    """
    apart = replace(
        one,
        value=one.value - other.value,
        drawn=one.drawn - other.drawn,
        value_range=range_of_sum([1.0, -1.0], [one.value_range, other.value_range]),
        clusters=min(one.clusters, other.clusters),
        most_freedom=max(one.most_freedom, other.most_freedom),
    )
    return apart.with_unseen(DISCORDANT * max(one.one_clip, other.one_clip))
