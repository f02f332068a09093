"""Any number of clips through a model that was frozen with a batch size of its own."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def in_batches(
    forward: Callable[[Tensor], Tensor], waveform: Float[Tensor, "batch time"], size: int | None
) -> Tensor:
    """`forward` on `size` clips at a time, the last batch filled up; all at once for None.

    >>> in_batches(lambda clips: clips.sum(dim=1, keepdim=True), torch.eye(3), 2).shape
    torch.Size([3, 1])
    """
    if size is None:
        return forward(waveform)
    missing = -len(waveform) % size
    filled = torch.cat([waveform, waveform[:1].expand(missing, -1)])
    return torch.cat([forward(clips) for clips in filled.split(size)])[: len(waveform)]
