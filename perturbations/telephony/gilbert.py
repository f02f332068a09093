"""Which packets a network loses: losses come in bursts, after Gilbert and Elliott."""

import math

import numpy as np
from jaxtyping import Bool, Float

from perturbations.errors import CorruptionError


def lost_packets(
    draws: Float[np.ndarray, " packet"], share: float, mean_burst: float
) -> Bool[np.ndarray, " packet"]:
    """Losses of a Gilbert-Elliott channel: its good state loses nothing, its bad one everything.

    With the probability q = 1 / mean_burst of leaving the bad state and p of leaving the good one,
    the stationary share of losses is p / (p + q) (Gilbert 1960; Elliott 1963). As bursts are no
    shorter than those of independent losses, a packet's draw decides alike whatever is raised: the
    same draws at a higher share lose the same packets, and more.

    Args:
        draws: One number per packet, uniform in [0, 1).
        share: Stationary share of packets lost, 0 up to (not including) 1.
        mean_burst: Mean length of a run of losses, in packets, at least 1 / (1 - share).

    Returns:
        Whether each packet is lost.
    """
    recover = 1 / mean_burst
    fail = share * recover / (1 - share)
    falls = draws < fail
    falls[:1] = draws[:1] < share
    decided = falls | (draws >= 1 - recover)
    last_decision = np.maximum.accumulate(np.where(decided, np.arange(len(draws)), 0))
    return falls[last_decision]


def with_one_heard(
    lost: Bool[np.ndarray, " packet"],
    draws: Float[np.ndarray, " packet"],
    sounding: Bool[np.ndarray, " packet"],
) -> Bool[np.ndarray, " packet"]:
    """The same losses, and the packet with the lowest draw of those that sound.

    At a low share a short clip more often than not loses nothing, or a piece of a pause, and would
    stand unharmed among the corrupted ones. Which packet it is does not depend on the share.
    """
    raised = lost.copy()
    raised[np.argmin(np.where(sounding, draws, 1 + draws))] = True
    return raised


def runs(lost: Bool[np.ndarray, " packet"]) -> list[tuple[int, int]]:
    """Each run of losses as its first packet and the first one after it.

    >>> runs(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(int)))
    return [(int(first), int(after)) for first, after in edges.reshape(-1, 2)]


def check_losses(name: str, percents: tuple[float, ...], mean_burst: float) -> None:
    """Refuse shares and bursts that no channel of this kind has."""
    if not all(0 < percent < 100 for percent in percents):
        raise CorruptionError(
            f"'{name}' was given the losses {percents} %; they must be above 0 and below 100."
        )
    shortest = 1 / (1 - max(percents) / 100)
    if not (math.isfinite(mean_burst) and mean_burst >= shortest):
        raise CorruptionError(
            f"'{name}' was given bursts of {mean_burst:g} packets in the mean; independent losses "
            f"of {max(percents):g} % make bursts of {shortest:.3g}. Give at least that."
        )
