"""Clips with parts taken away, many coalitions at once, on the clip's device."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Layer = tuple[Float[Tensor, "*content"], Int[Tensor, " time"]]
"""What stands in for each place, and the part that each step of the last axis belongs to."""


def owners(
    stretches: Sequence[tuple[int, tuple[int, int]]], length: int, nobody: int
) -> Int[Tensor, "{length}"]:
    """The number of the part that each sample belongs to.

    Args:
        stretches: Pairs of a part's number and its (start, stop) in samples; none overlap.
        length: Samples in the clip.
        nobody: The number for samples of no part.

    >>> owners([(0, (1, 2)), (1, (2, 4))], 5, nobody=9).tolist()
    [9, 0, 1, 1, 9]
    """
    owner = torch.full((length,), nobody)
    for part, (start, stop) in stretches:
        owner[start:stop] = part
    return owner


def stand_in_remover(
    content: Float[Tensor, "*content"], layers: Sequence[Layer], joint: int = 0
) -> Callable[[Tensor], Float[Tensor, "rows *content"]]:
    """Mixes in what stands in for the parts that are gone.

    Args:
        content: A clip's samples, or any other picture of it.
        layers: What stands in, and whose place each is; the number of parts means nobody's. Several
            layers, one after the other, where parts overlap.
        joint: Places over which a stand-in fades out beside its own part, along the last axis.
    """
    device, between = content.device, (1,) * (content.ndim - 1)
    prepared = [
        (stand_in, owner.to(device), [_moved(one, device) for one in _joints(owner, joint)])
        for stand_in, owner in layers
    ]

    def remove(coalitions: Tensor) -> Float[Tensor, "rows *content"]:
        gone = torch.nn.functional.pad(1 - coalitions.to(content.dtype), (0, 1))
        left = content.expand(len(gone), *content.shape)
        for stand_in, owner, joints in prepared:
            share = gone.index_select(1, owner)
            for places, neighbours, fade in joints:
                faded = fade * gone.index_select(1, neighbours)
                share[:, places] = torch.maximum(share[:, places], faded)
            left = torch.lerp(left, stand_in, share.view(len(gone), *between, -1))
        return left

    return remove


@dataclass(frozen=True, eq=False)
class Block:
    """What is added to a stretch of a clip when something in it goes; changes add up.

    Attributes:
        offset: Where the stretch begins, in samples.
        changes: One per atom, a piece that goes as a whole.
        parts: The numbers of the parts that hold any of the atoms.
        covered: Which of these parts holds which atom; an atom goes when any of them does.
    """

    offset: int
    changes: Float[Tensor, "atoms stretch"]
    parts: Int[Tensor, " parts"]
    covered: Bool[Tensor, "parts atoms"]


def change_remover(
    clip: Float[Tensor, " time"], blocks: Sequence[Block]
) -> Callable[[Tensor], Float[Tensor, "rows time"]]:
    """Adds what changes when something is gone.

    Args:
        clip: Its samples.
        blocks: What may change.
    """

    def remove(coalitions: Tensor) -> Float[Tensor, "rows time"]:
        gone = 1 - coalitions.to(clip.dtype)
        left = clip.repeat(len(gone), 1)
        for block in blocks:
            here = gone.index_select(1, block.parts)
            atoms = (here[:, :, None] * block.covered).amax(dim=1)
            stretch = left[:, block.offset : block.offset + block.changes.shape[1]]
            stretch.addmm_(atoms, block.changes)
        return left

    return remove


def _joints(
    owner: Int[Tensor, " time"], joint: int
) -> list[tuple[Int[Tensor, " places"], Int[Tensor, " places"], Float[Tensor, " places"]]]:
    """Where stand-ins fade: the places, the part next door, and how much of it is left there.

    One list for neighbours before, one for neighbours behind, so that no place is in a list twice.
    """
    length = len(owner)
    if joint < 1 or length < 2:
        return []
    fade = torch.hann_window(2 * joint + 3, periodic=False)[joint + 2 : -1]
    edges = (owner[1:] != owner[:-1]).nonzero()[:, 0] + 1
    starts = torch.cat([torch.zeros(1, dtype=edges.dtype), edges])
    stops = torch.cat([edges, torch.full((1,), length, dtype=edges.dtype)])
    behind, before = [], []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        count = min(joint, stop - start)
        steps = torch.arange(count)
        if start > 0:
            before.append((start + steps, owner[start - 1].expand(count), fade[:count]))
        if stop < length:
            behind.append((stop - 1 - steps, owner[stop].expand(count), fade[:count]))
    return [
        (torch.cat(places), torch.cat(neighbours), torch.cat(fades))
        for places, neighbours, fades in (
            zip(*found, strict=True) for found in (before, behind) if found
        )
    ]


def _moved(
    joint: tuple[Tensor, Tensor, Tensor], device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    places, neighbours, fade = joint
    return places.to(device), neighbours.to(device), fade.to(device)
