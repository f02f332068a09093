"""How alike two maps of relevance are, row by row, in torch: the cosine has gradients."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from perturbations.errors import CorruptionError

TOP_SHARE = 0.1


def cosine_similarity(
    first: Float[Tensor, "some cells"], second: Float[Tensor, "some cells"]
) -> Float[Tensor, " some"]:
    """Cosine of the angle between two maps, -1 to 1; 0 where one is zero throughout.

    >>> cosine_similarity(torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 4.0]]))
    tensor([0.6000])
    """
    return (_direction(first) * _direction(second)).sum(dim=1)


def top_overlap(
    first: Float[Tensor, "some cells"],
    second: Float[Tensor, "some cells"],
    share: float = TOP_SHARE,
) -> Float[Tensor, " some"]:
    """Share of the cells of largest magnitude that two maps have in common, 0 to 1.

    By chance it is `share`.

    >>> top_overlap(torch.tensor([[3.0, -4.0, 1.0]]), torch.tensor([[0.0, 2.0, 1.0]]), 0.6)
    tensor([0.5000])
    """
    both = strongest_cells(first, share) & strongest_cells(second, share)
    return both.sum(dim=1) / _count(first.shape[1], share)


def strongest_cells(
    relevance: Float[Tensor, "some cells"], share: float = TOP_SHARE
) -> Bool[Tensor, "some cells"]:
    """Where the cells of largest magnitude are: that share of all, rounded up; the first of equals.

    Raises:
        CorruptionError: The share is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise CorruptionError(f"A share of {share} was given; it must be above 0 and at most 1.")
    count = _count(relevance.shape[1], share)
    order = relevance.abs().argsort(dim=1, descending=True, stable=True)[:, :count]
    return torch.zeros_like(relevance, dtype=torch.bool).scatter(1, order, True)


def rank_correlation(
    first: Float[Tensor, "some cells"], second: Float[Tensor, "some cells"]
) -> Float[Tensor, " some"]:
    """Spearman's correlation of the magnitudes, -1 to 1; 0 where a map is even throughout."""
    return correlation(middle_ranks(first.abs()), middle_ranks(second.abs()))


def correlation(
    first: Float[Tensor, "some cells"], second: Float[Tensor, "some cells"]
) -> Float[Tensor, " some"]:
    """Pearson's correlation, -1 to 1; 0 where a map has one value throughout."""
    return cosine_similarity(_centred(first), _centred(second))


def middle_ranks(values: Float[Tensor, "some cells"]) -> Float[Tensor, "some cells"]:
    """Ranks from 1 up; equal values share the middle of theirs.

    >>> middle_ranks(torch.tensor([[5.0, 2.0, 5.0]]))
    tensor([[2.5000, 1.0000, 2.5000]])
    """
    values = values.contiguous()
    ordered = values.sort(dim=1).values
    below = torch.searchsorted(ordered, values)
    up_to = torch.searchsorted(ordered, values, right=True)
    return (below + up_to + 1).to(values) / 2


def _centred(values: Float[Tensor, "some cells"]) -> Float[Tensor, "some cells"]:
    """From the mean; none in a map of one value, whatever the rounding of its mean."""
    even = values.amax(dim=1, keepdim=True) == values.amin(dim=1, keepdim=True)
    return torch.where(even, 0.0, values - values.mean(dim=1, keepdim=True))


def _direction(relevance: Float[Tensor, "some cells"]) -> Float[Tensor, "some cells"]:
    """Of length one; relative to the largest first, which faint relevance needs."""
    largest = relevance.detach().abs().amax(dim=1, keepdim=True)
    scaled = relevance / torch.where(largest > 0, largest, 1.0)
    return scaled / scaled.norm(dim=1, keepdim=True).clamp(min=0.5)


def _count(cells: int, share: float) -> int:
    return max(1, math.ceil(round(share * cells, 6)))
