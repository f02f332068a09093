"""What changes in a clip when a rectangle of its short-time spectrum goes, kept where it changes.

A change is as long as its rectangle and the windows that reach into it, so an hour cut into patches
takes hardly more memory than its samples by the number of bands.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.removal.mixing import Block
from perturbations.masking import Patch, SpectrumGrid, patch_extents

REACH = 4
"""Frames beside a stretch of frames whose windows overlap with it."""


def patch_blocks(
    clip: Float[Tensor, " time"],
    stand_in: Float[Tensor, " time"],
    patches: Sequence[Patch],
    grid: SpectrumGrid,
) -> list[Block]:
    """For every stretch of time between edges of patches, what its bands change.

    Args:
        clip: Its samples.
        stand_in: What is put in its place.
        patches: They may overlap.
        grid: The transform that patches are cut on.
    """
    in_band, in_time = patch_extents(patches, len(clip), grid)
    bins = grid.transform((stand_in - clip)[None])[0]
    blocks = []
    for first, last in _runs(in_time):
        there = in_time[:, first].nonzero()[:, 0]
        bands = [run for run in _runs(in_band[there]) if in_band[there, run[0]].any()]
        if not bands:
            continue
        covered = torch.stack([in_band[there, low] for low, _ in bands], dim=1)
        start, stop = max(0, first - REACH), min(bins.shape[1], last + REACH)
        cells = torch.zeros(len(bands), len(bins), stop - start, dtype=bins.dtype)
        cells = cells.to(bins.device)
        for cell, (low, high) in zip(cells, bands, strict=True):
            cell[low:high, first - start : last - start] = bins[low:high, first:last]
        offset = start * grid.hop
        end = len(clip) if stop == bins.shape[1] else (stop - 1) * grid.hop
        changes = grid.inverse(cells, end - offset)
        blocks.append(Block(offset, changes, there.to(clip.device), covered.to(clip.device)))
    return blocks


def overlap(patches: Sequence[Patch], length: int, grid: SpectrumGrid) -> bool:
    """Whether a cell of the transform belongs to two patches or more."""
    in_band, in_time = patch_extents(patches, length, grid)
    return any(
        bool((in_band[in_time[:, first]].sum(dim=0) > 1).any()) for first, _ in _runs(in_time)
    )


def _runs(covered: Bool[Tensor, "patches steps"]) -> Iterator[tuple[int, int]]:
    """Stretches of steps that the same patches cover, as (first, behind the last)."""
    changes = (covered[:, 1:] != covered[:, :-1]).any(dim=0).nonzero()[:, 0] + 1
    edges = [0, *changes.tolist(), covered.shape[1]]
    yield from pairwise(edges)
