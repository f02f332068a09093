"""Which coalitions a regression is fitted to: pairs of a coalition and its complement, by size.

The pairs whose smaller side has the same size are a stratum. How many pairs each stratum gives is
settled beforehand, not drawn; within a stratum they are drawn without replacement, so a small one
is soon complete and then adds no chance at all.
"""

from collections.abc import Callable, Mapping
from itertools import combinations
from math import comb

import numpy as np
from jaxtyping import Bool, Float, Int


def kernel_mass(sizes: Int[np.ndarray, "*sizes"], players: int) -> Float[np.ndarray, "*sizes"]:
    """The Shapley kernel summed over the pairs of one size (Lundberg and Lee 2017, theorem 2).

    The kernel itself is (players - 1) / (coalitions of that size x size x (players - size)).
    """
    halved = np.where(2 * sizes == players, 0.5, 1.0)
    return halved * (players - 1) / (sizes * (players - sizes))


def leverage_mass(sizes: Int[np.ndarray, "*sizes"], players: int) -> Float[np.ndarray, "*sizes"]:
    """The leverage scores summed over the pairs of one size (Musco and Witter 2025).

    One coalition's is 1 / (coalitions of that size): every size weighs the same.
    """
    return np.where(2 * sizes == players, 0.5, 1.0)


MASSES: Mapping[str, Callable[..., Float[np.ndarray, "*sizes"]]] = {
    "kernel": kernel_mass,
    "leverage": leverage_mass,
}


def pairs_of_size(players: int, size: int) -> int:
    """How many pairs have a smaller side of this size."""
    return comb(players, size) // (2 if 2 * size == players else 1)


def draw_pairs(
    players: int, pairs: int, sampling: str, random: np.random.Generator
) -> Bool[np.ndarray, "pairs players"]:
    """Draw the smaller sides of pairs, so that any number of the first ones is a balanced sample.

    Args:
        players: How many there are.
        pairs: How many to draw, at most 2^(players - 1) - 1.
        sampling: What the sizes are drawn in proportion to: the Shapley kernel or the leverage.
        random: Where all chance comes from.

    Returns:
        Different coalitions of at most half of the players; the complements are not among them.
    """
    sizes = _schedule(players, pairs, sampling)
    members = np.zeros((pairs, players), dtype=bool)
    for size, count in enumerate(np.bincount(sizes)):
        if count:
            members[sizes == size] = _draw_size(players, size, int(count), random)
    return members


def weights_of(members: Bool[np.ndarray, "pairs players"]) -> Float[np.ndarray, " pairs"]:
    """The Shapley kernel over each pair's chance to be drawn: its stratum's mass, shared out."""
    sizes = members.sum(axis=1)
    return kernel_mass(sizes, members.shape[1]) / np.bincount(sizes)[sizes]


def shares_drawn(members: Bool[np.ndarray, "pairs players"]) -> Float[np.ndarray, " pairs"]:
    """The share of each pair's stratum that was drawn: 1 where it is complete."""
    sizes = members.sum(axis=1)
    counts = np.bincount(sizes)
    shares = [
        int(count) / pairs_of_size(members.shape[1], size) for size, count in enumerate(counts)
    ]
    return np.array(shares)[sizes]


def _schedule(players: int, pairs: int, sampling: str) -> Int[np.ndarray, " pairs"]:
    """The sizes in the order of drawing: next comes that which lags most behind its mass.

    Webster's method of apportionment, until a size has no more pairs to give. Every size comes once
    before any comes twice: one that never came would be missing from the regression.
    """
    sizes = np.arange(1, players // 2 + 1)
    masses = MASSES[sampling](sizes, players)
    turns = [np.arange(min(pairs_of_size(players, int(size)), pairs)) for size in sizes]
    urgencies = [
        np.where(turn == 0, np.inf, mass / (turn + 0.5))
        for mass, turn in zip(masses, turns, strict=True)
    ]
    order = np.argsort(-np.concatenate([*urgencies, []]), kind="stable")[:pairs]
    return np.repeat(sizes, [len(turn) for turn in turns])[order]


def _draw_size(
    players: int, size: int, count: int, random: np.random.Generator
) -> Bool[np.ndarray, "count players"]:
    """Draw coalitions of one size, no two the same and none another's complement."""
    if pairs_of_size(players, size) <= 4 * count:
        return random.permutation(_all_of_size(players, size))[:count]
    drawn = np.empty((0, players), dtype=bool)
    while len(drawn) < count:
        more = random.random((count, players)).argsort(axis=1) < size
        if 2 * size == players:
            more ^= ~more[:, :1]
        drawn = np.concatenate([drawn, more])
        _, first = np.unique(np.packbits(drawn, axis=1), axis=0, return_index=True)
        drawn = drawn[np.sort(first)]
    return drawn[:count]


def _all_of_size(players: int, size: int) -> Bool[np.ndarray, "count players"]:
    """All coalitions of one size; of half of the players, those with the first one."""
    chosen = np.array(list(combinations(range(players), size)))
    coalitions = np.zeros((len(chosen), players), dtype=bool)
    np.put_along_axis(coalitions, chosen, True, axis=1)
    return coalitions[: pairs_of_size(players, size)]
