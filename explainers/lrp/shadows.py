"""Relevance that is not activation x coefficient, carried to the input all the same.

Rules such as flat give relevance where the input is zero, where no coefficient can. A shadow is a
leaf of the input's shape whose gradient is relevance itself. Between the input and the layer there
may be operations that only move values about or scale them; they are repeated on the shadow. What
arrives where they put something that is not of the input, such as padding, ends there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.lrp.notes import MOVED, read_note, write_note
from explainers.lrp.tensors import tensors_in

if TYPE_CHECKING:
    from explainers.lrp.mode import LRP

Report = Callable[[Tensor], None]


@dataclass(frozen=True)
class Moved:
    """How a tensor was made of others by moving their values about.

    Attributes:
        sources: The other tensors.
        repeat: Does the same to tensors of their shapes.
    """

    sources: tuple[Tensor, ...]
    repeat: Callable[..., Tensor]


def remember_move(run: "LRP", output: Tensor, source: Tensor, move: Callable[..., Tensor]) -> None:
    """Note on the output how it came from the source, where that leads back to the input."""
    remember_moves(run, output, [source], move)


def remember_moves(
    run: "LRP", outputs: Any, sources: Sequence[Tensor], move: Callable[..., Any]
) -> None:
    """Note on every output how it came from the sources, where all of those lead to the input."""
    if not run.gives_relevance or not all(_leads_back(run, source) for source in sources):
        return
    for position, output in enumerate(tensors_in(outputs)):

        def repeat(*shadows: Tensor, position: int = position) -> Tensor:
            return next(islice(tensors_in(move(*shadows)), position, None))

        # Some moves hand back the very tensor; of complex numbers it takes two to make a relevance.
        if not any(output is source for source in sources) and not output.is_complex():
            write_note(output, MOVED, Moved(tuple(sources), repeat))


def shadow_of(run: "LRP", tensor: Tensor, lost: Report) -> Tensor | None:
    """The shadow of a tensor, differentiable to the input's; None where none can be made.

    Args:
        run: The run.
        tensor: The input of a layer.
        lost: Told what ends on the way: at a tap where the activation is zero, on padding.
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
    shadows = []
    for source in moved.sources:
        found = shadow_of(run, source, lost)
        if found is None:
            return None
        shadows.append(found)
    return _repeated(moved, shadows, lost)


def _repeated(moved: Moved, shadows: Sequence[Tensor], lost: Report) -> Tensor:
    """The move done to the shadows; no relevance is lost on the way back, and none is doubled."""
    result = moved.repeat(*shadows)
    with torch.no_grad():
        ones, zeros = map(torch.ones_like, shadows), map(torch.zeros_like, shadows)
        # How many values of the sources each value of the result was made of.
        count = (moved.repeat(*ones) - moved.repeat(*zeros)).nan_to_num(0.0)
    if bool((count == 1).all()):
        return result

    def divide(relevance: Tensor) -> Tensor:
        lost(torch.where(count == 0, relevance, 0.0))
        return torch.where(count == 0, 0.0, relevance / count.clamp(min=1))

    result.register_hook(divide)
    return result


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
    """``relevance / x``, and the relevance of what is zero, which has no coefficient.

    The same holds where x is so small that the coefficient is beyond the numbers' range.
    """
    coefficient = relevance / torch.where(x == 0, 1.0, x)
    silent = (x == 0) | coefficient.isinf()
    coefficient = torch.where(silent, 0.0, coefficient)
    return coefficient.to(relevance.dtype), torch.where(silent, relevance, 0.0)
