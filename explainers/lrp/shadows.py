"""Relevance that is not activation x coefficient, carried to the input all the same.

Rules such as flat give relevance where the input is zero, where no coefficient can. A shadow is a
leaf of the input's shape whose gradient is relevance itself. Between the input and the layer there
may be operations that only move values about or scale them; they are repeated on the shadow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.lrp.notes import MOVED, read_note, write_note

if TYPE_CHECKING:
    from explainers.lrp.mode import LRP


Report = Callable[[Tensor], None]


@dataclass(frozen=True)
class Moved:
    """How a tensor was made of another by moving its values about.

    Attributes:
        source: The other tensor.
        repeat: Does the same to a tensor of its shape.
    """

    source: Tensor
    repeat: Callable[[Tensor], Tensor]


def remember_move(run: "LRP", output: Tensor, source: Tensor, move: Callable[..., Tensor]) -> None:
    """Note on the output how it came from the source, where that leads back to the input."""
    if run.gives_relevance and _leads_back(run, source):
        write_note(output, MOVED, Moved(source, move))


def shadow_of(run: "LRP", tensor: Tensor, lost: Report) -> Tensor | None:
    """The shadow of a tensor, differentiable to the input's; None where none can be made.

    Args:
        run: The run.
        tensor: The input of a layer.
        lost: Told what ends at a tap, where the activation is zero.
    """
    if id(tensor) in run.inputs:
        if id(tensor) not in run.shadows:
            run.shadows[id(tensor)] = torch.zeros_like(tensor).requires_grad_()
        return run.shadows[id(tensor)]
    tapped = run.taps.source(tensor)
    if tapped is not None:
        shadow: Tensor = Shadow.apply(tensor, tapped.add, lost)
        return shadow
    moved: Moved | None = read_note(tensor, MOVED)
    if moved is None:
        return None
    source = shadow_of(run, moved.source, lost)
    return None if source is None else moved.repeat(source)


def _leads_back(run: "LRP", tensor: Tensor) -> bool:
    return (
        id(tensor) in run.inputs
        or run.taps.source(tensor) is not None
        or read_note(tensor, MOVED) is not None
    )


class Shadow(torch.autograd.Function):
    """The shadow of a tensor inside the model, which hands relevance back as a coefficient."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, tapped: Report, lost: Report) -> Tensor:
        """Zeros."""
        ctx.save_for_backward(tensor)
        ctx.tapped, ctx.lost = tapped, lost
        return torch.zeros_like(tensor)

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[Tensor, None, None]:
        """Relevance of an activation that is zero is seen by the tap, and ends there."""
        (tensor,) = ctx.saved_tensors
        coefficient, silent = as_coefficient(tensor, relevance)
        ctx.tapped(silent)
        ctx.lost(silent)
        return coefficient, None, None


def as_coefficient(x: Tensor, relevance: Tensor) -> tuple[Tensor, Tensor]:
    """``relevance / x``, and the relevance of what is zero, which has no coefficient."""
    silent = x == 0
    coefficient = torch.where(silent, 0.0, relevance / torch.where(silent, 1.0, x))
    return coefficient.to(relevance.dtype), torch.where(silent, relevance, 0.0)
