"""Who is drawn together: clusters, their strata, bootstrap weights and jackknife deletions.

A unit is what always gets one weight: a cluster, or with two crossed factors a pair of levels
(everything one speaker said under one attack). All weights are [replicate, unit].
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from xaudio.errors import MetricError
from xaudio.metrics.uncertainty.cluster_names import Names, numbered

NUMBERS_AT_ONCE = 1_000_000
EXACT_NUMBERS = 20_000_000  # replicates times clusters, or times clips: beyond it is too slow
MOST_LEVELS = 2_000
DELETIONS = 100


@dataclass(frozen=True)
class Factor:
    """One thing that clusters clips, such as the speaker.

    Attributes:
        level: Per unit: which level it belongs to, -1 where the factor does not apply.
        stratum: Per level: levels are drawn among those of their own stratum.
    """

    level: Int[np.ndarray, " units"]
    stratum: Int[np.ndarray, " levels"]

    def over_units(
        self, weights: Float[np.ndarray, "rows levels"]
    ) -> Float[np.ndarray, "rows units"]:
        """Weights of levels as weights of units, 1 where the factor does not apply."""
        if np.array_equal(self.level, np.arange(len(self.stratum))):
            return weights
        found = weights[:, self.level]
        found[:, self.level < 0] = 1.0
        return found


@dataclass(frozen=True)
class Resampling:
    """A plan of the bootstrap: the same for every score of the same clips.

    Attributes:
        unit: Per clip: its unit.
        factors: One, or two that are crossed.
        samples: Replicates.
        seed: Of the random numbers.
        clusters: How many independent ones hold bona fide clips, and how many hold spoofs: the
            fewest levels of any factor.
    """

    unit: Int[np.ndarray, " clips"]
    factors: tuple[Factor, ...]
    samples: int
    seed: int
    clusters: tuple[int, int]

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.factors[0].level)

    def weights(self) -> Iterator[Float[np.ndarray, "replicates units"]]:
        """Blocks of bootstrap weights, `samples` rows in all.

        One factor: whole clusters are drawn with replacement, each stratum from itself, and the
        weight is how often (Efron 1979; Field and Welsh, JRSS B 69, 2007). Two factors: each
        level of each gets an exponential weight of mean 1, a unit the product of its two (Owen and
        Eckles, Bootstrapping data arrays of arbitrary order, 2012): never zero, so no class is ever
        empty, and if anything too wide.
        """
        random = np.random.default_rng(self.seed)
        block = max(1, NUMBERS_AT_ONCE // self.units)
        draw = _drawn if len(self.factors) == 1 else _exponential
        for start in range(0, self.samples, block):
            rows = min(block, self.samples - start)
            found = np.ones((1, 1))
            for factor in self.factors:
                found = found * factor.over_units(draw(factor.stratum, rows, random))
            yield found

    def deletions(self) -> list["Deletions"]:
        """The jackknife: per factor and stratum, everything but one group of clusters."""
        random = np.random.default_rng(self.seed)
        crossed = len(self.factors) > 1
        return [
            _without_groups(factor, int(stratum), random, crossed)
            for factor in self.factors
            for stratum in np.unique(factor.stratum)
            if (factor.stratum == stratum).sum() > 1
        ]


@dataclass(frozen=True)
class Deletions:
    """Weights with one group of one stratum's clusters left out.

    Attributes:
        weights: Of the units; what is left of the stratum counts more, so it keeps its size.
        clusters: In the stratum.
        shortfall: Share of the variance that the bootstrap sees on average: drawing n of n
            clusters makes (n - 1) / n of it.
    """

    weights: Float[np.ndarray, "groups units"]
    clusters: int
    shortfall: float


def plan_resampling(
    is_bonafide: Bool[np.ndarray, " clips"],
    clusters: Names | None = None,
    crossed_with: Names | None = None,
    samples: int = 1000,
    seed: int = 0,
) -> Resampling:
    """Who is drawn with whom.

    Clusters with only bona fide clips, only spoofed ones, or both are three strata, each drawn
    from itself: no replicate lacks a class. A stratum that is one single cluster shows no
    spread between clusters and is drawn clip by clip, which understates the uncertainty.
    More than some thousand clusters are first put at random into groups of about equal number:
    the spread between groups is as large, and drawing them is quick.

    Args:
        is_bonafide: Per clip.
        clusters: Per clip: a name, usually its speaker. None stands alone; without names all do.
        crossed_with: Per clip: the name of a second factor that crosses the first, such as
            the attack. None where it does not apply, as to a bona fide clip.
        samples: Replicates.
        seed: Of the random numbers.

    Raises:
        MetricError: Names and clips differ in number, or no replicate is asked for.
    """
    if samples < 1:
        raise MetricError(f"A bootstrap needs at least one replicate, not {samples}.")
    first = numbered(clusters, len(is_bonafide))
    second = numbered(crossed_with, len(is_bonafide))
    if (second < 0).all():
        level = _alone(first, first < 0)
        level, stratum = _split_single_clusters(is_bonafide, level)
        held = _fewest(is_bonafide, [level])
        unit, stratum = _grouped(level, stratum, samples, seed)
        factors: tuple[Factor, ...] = (Factor(np.arange(len(stratum)), stratum),)
        return Resampling(unit, factors, samples, seed, held)
    levels = [_alone(first, (first < 0) & (second < 0)), second]
    held = _fewest(is_bonafide, levels)
    strata = [_classes_held(is_bonafide[level >= 0], level[level >= 0]) for level in levels]
    levels[0], strata[0] = _grouped(levels[0], strata[0], samples, seed)
    width = len(strata[1]) + 1
    pairs, unit = np.unique((levels[0] + 1) * width + levels[1] + 1, return_inverse=True)
    of_unit = (pairs // width - 1, pairs % width - 1)
    factors = tuple(Factor(level, of) for level, of in zip(of_unit, strata, strict=True))
    return Resampling(unit, factors, samples, seed, held)


def _alone(
    level: Int[np.ndarray, " clips"], alone: Bool[np.ndarray, " clips"]
) -> Int[np.ndarray, " clips"]:
    """The clips that stand alone get levels of their own, after all others."""
    found = level.copy()
    found[alone] = level.max(initial=-1) + 1 + np.arange(alone.sum())
    return found


def _split_single_clusters(
    is_bonafide: Bool[np.ndarray, " clips"], level: Int[np.ndarray, " clips"]
) -> tuple[Int[np.ndarray, " clips"], Int[np.ndarray, " levels"]]:
    """Level per clip and stratum per level, single clusters of a stratum split clip by clip."""
    stratum = _classes_held(is_bonafide, level)
    single = [kind for kind in (1, 2, 3) if (stratum == kind).sum() == 1]
    if single:
        level = _alone(level, np.isin(stratum, single)[level])
        level = np.unique(level, return_inverse=True)[1]
        stratum = _classes_held(is_bonafide, level)
    return level, stratum


def _classes_held(
    is_bonafide: Bool[np.ndarray, " clips"], level: Int[np.ndarray, " clips"]
) -> Int[np.ndarray, " levels"]:
    """Per level: 1 for bona fide alone, 2 for spoof alone, 3 for both."""
    bonafide = np.bincount(level, weights=is_bonafide) > 0
    spoof = np.bincount(level, weights=~is_bonafide) > 0
    return bonafide + 2 * spoof


def _fewest(
    is_bonafide: Bool[np.ndarray, " clips"], levels: list[Int[np.ndarray, " clips"]]
) -> tuple[int, int]:
    """The fewest levels of any factor that applies, among bona fide clips and among spoofs."""

    def of(inside: Bool[np.ndarray, " clips"]) -> int:
        counts = [np.count_nonzero(np.bincount(one[inside & (one >= 0)])) for one in levels]
        return min([int(count) for count in counts if count], default=0)

    return of(is_bonafide), of(~is_bonafide)


def _grouped(
    level: Int[np.ndarray, " clips"], stratum: Int[np.ndarray, " levels"], samples: int, seed: int
) -> tuple[Int[np.ndarray, " clips"], Int[np.ndarray, " groups"]]:
    """Levels put into groups where there are too many to draw: group per clip, stratum per group.

    With 2,000 groups the estimated variance is off by 3 % (the square root of 2 in 2,000), no more
    than with 2,000 replicates.
    """
    if max(samples, DELETIONS) * len(stratum) <= EXACT_NUMBERS:
        return level, stratum
    random = np.random.default_rng(seed)
    group, strata = np.empty(len(stratum), dtype=np.int64), np.empty(0, dtype=np.int64)
    for kind in np.unique(stratum):
        inside = np.flatnonzero(stratum == kind)
        groups = min(len(inside), MOST_LEVELS)
        group[inside] = len(strata) + random.permutation(np.arange(len(inside)) % groups)
        strata = np.append(strata, np.full(groups, kind))
    return np.where(level < 0, -1, group[level]), strata


def _drawn(
    stratum: Int[np.ndarray, " levels"], rows: int, random: np.random.Generator
) -> Float[np.ndarray, "rows levels"]:
    """How often each level is drawn; each stratum keeps its size."""
    counts = np.empty((rows, len(stratum)))
    for kind in np.unique(stratum):
        members = np.flatnonzero(stratum == kind)
        draws = random.integers(len(members), size=(rows, len(members)))
        draws += np.arange(rows)[:, None] * len(members)
        drawn = np.bincount(draws.ravel(), minlength=draws.size)
        counts[:, members] = drawn.reshape(draws.shape)
    return counts


def _exponential(
    stratum: Int[np.ndarray, " levels"], rows: int, random: np.random.Generator
) -> Float[np.ndarray, "rows levels"]:
    """Exponential weights of mean exactly 1 in every stratum."""
    weights = random.standard_exponential((rows, len(stratum)))
    for kind in np.unique(stratum):
        inside = stratum == kind
        weights[:, inside] /= weights[:, inside].mean(axis=1, keepdims=True)
    return weights


def _without_groups(
    factor: Factor, stratum: int, random: np.random.Generator, crossed: bool
) -> Deletions:
    members = np.flatnonzero(factor.stratum == stratum)
    size = len(members)
    groups = min(size, DELETIONS)
    weights = np.ones((groups, len(factor.stratum)))
    group = random.permutation(np.arange(size) % groups)
    inside = group == np.arange(groups)[:, None]
    weights[:, members] = np.where(inside, 0.0, size / (size - inside.sum(axis=1))[:, None])
    shortfall = (size - 1) / (size + 1) if crossed else (size - 1) / size
    return Deletions(factor.over_units(weights), size, shortfall)
