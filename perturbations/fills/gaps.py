"""Filling each stretch of each clip from what lies on its two sides."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key, generator
from perturbations.fills.registry import Stretch

JOINT_SECONDS = 0.005


@dataclass(frozen=True, eq=False)
class Gap:
    """A stretch that is taken away from one clip.

    Attributes:
        before: All the clip has before it; empty where it begins with the gap.
        after: All the clip has after it; empty where it ends with the gap.
        length: Of the gap in samples, at least one.
        random: Its own random numbers, from the clip's key and the gap's place.
    """

    before: Float[np.ndarray, " before"]
    after: Float[np.ndarray, " after"]
    length: int
    random: np.random.Generator


FillGaps = Callable[[Sequence[Gap]], Iterable[Float[np.ndarray, " length"]]]


def fill_gaps(
    name: str,
    waveform: Float[Tensor, "batch time"],
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
    fill: FillGaps,
) -> Float[Tensor, "batch time"]:
    """The clips with every stretch filled; the rest is untouched, to the last bit.

    Args:
        name: Of the fill, for its random numbers.
        waveform: The clips; the work is done on the CPU, one clip after the other.
        keys: One per clip.
        stretches: (start, stop) in samples, sorted and disjoint.
        fill: From all gaps of one clip to the samples that go there, gap by gap. It is not asked
            about a gap that is the whole clip: there is nothing to fill it from, so it is silent.
    """
    length = waveform.shape[1]
    if list(stretches) == [(0, length)]:
        return torch.zeros_like(waveform)
    filled = waveform.detach().cpu().numpy().copy()
    for row, key in zip(filled, keys, strict=True):
        clip = row.astype(np.float64)
        gaps = [
            Gap(clip[:start], clip[stop:], stop - start, _random(name, key, start, stop))
            for start, stop in stretches
        ]
        for (start, stop), found in zip(stretches, fill(gaps), strict=True):
            row[start:stop] = found
    return torch.from_numpy(filled).to(waveform.device)


def mirror_image(side: Float[np.ndarray, " samples"], length: int) -> Float[np.ndarray, " length"]:
    """What follows `side` if it is played backwards from its end, to and fro if it is short.

    >>> mirror_image(np.array([1.0, 2.0, 3.0]), 5)
    array([3., 2., 1., 1., 2.])
    """
    near = side[-length:]
    return np.pad(near, (0, length), mode="symmetric")[len(near) :]


def meet_neighbours(
    fill: Float[np.ndarray, " length"], gap: Gap, sample_rate: int
) -> Float[np.ndarray, " length"]:
    """The fill faded in from the mirror image of what lies before, and out into that after.

    A mirror image continues its neighbour without a jump. A fade lasts 5 ms, or half the gap.
    """
    size = min(max(1, round(JOINT_SECONDS * sample_rate)), (gap.length + 1) // 2)
    share = np.sin(np.pi / 2 * np.arange(size) / size) ** 2
    faded = fill.copy()
    if len(gap.before):
        faded[:size] += (1 - share) * (mirror_image(gap.before, size) - faded[:size])
    if len(gap.after):
        last = faded[::-1][:size]
        last += (1 - share) * (mirror_image(gap.after[::-1], size) - last)
    return faded


def _random(name: str, key: Key, start: int, stop: int) -> np.random.Generator:
    """Of the key and the gap's place, so that a gap is filled alike whatever else is taken away."""
    return generator(f"{name} fill from {start} to {stop}", 1, key)
