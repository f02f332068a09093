"""A gap filled with short windows of its neighbourhood in random order."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.fills.gaps import Gap, fill_gaps, meet_neighbours
from perturbations.fills.registry import Stretch, check_fill, fills

WINDOW_SECONDS = 0.03


@fills.register("shuffled")
def shuffled_neighbours(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
) -> Float[Tensor, "batch time"]:
    """Overlapping windows of 30 ms from both sides of each stretch, in random order.

    They are taken from as far as the stretch is long on each side, and at least one from each. What
    is shorter than a window (the sounds) stays, what is longer (their order) goes.
    """
    check_fill(waveform, sample_rate, keys, stretches)
    size = max(2, round(WINDOW_SECONDS * sample_rate))
    return fill_gaps(
        "shuffled",
        waveform,
        keys,
        stretches,
        lambda gaps: (meet_neighbours(shuffle(gap, size), gap, sample_rate) for gap in gaps),
    )


def shuffle(gap: Gap, size: int) -> Float[np.ndarray, " length"]:
    """Windows of `size` samples, or as long as the longer side, overlapping by half.

    The squares of the windows' weights add up to one, which keeps the level of noise where unlike
    windows meet; the neighbourhood's mean is left out of that and put back.
    """
    reach = max(gap.length, size)
    sides = [gap.before[-reach:], gap.after[:reach]]
    middle = np.concatenate(sides).mean()
    hop = min(size, max(map(len, sides))) // 2
    if hop == 0:
        return np.full(gap.length, middle)
    grains = np.concatenate([windows(side - middle, hop) for side in sides])
    count = math.ceil(gap.length / hop) + 1
    rounds = [gap.random.permutation(len(grains)) for _ in range(math.ceil(count / len(grains)))]
    weight = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
    chosen = grains[np.concatenate(rounds)[:count]] * weight
    overlapped = chosen[1:, :hop] + chosen[:-1, hop:]
    return middle + overlapped.ravel()[: gap.length]


def windows(
    samples: Float[np.ndarray, " samples"], hop: int
) -> Float[np.ndarray, "windows {2*hop}"]:
    """All whole windows of twice `hop`, every `hop` samples; none if there are too few samples."""
    if len(samples) < 2 * hop:
        return np.empty((0, 2 * hop))
    return np.lib.stride_tricks.sliding_window_view(samples, 2 * hop)[::hop]
