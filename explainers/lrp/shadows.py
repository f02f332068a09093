"""Relevance that is not activation x coefficient, carried to the input all the same.

Rules such as flat give relevance where the input is zero, where no coefficient can. A shadow is a
leaf of the input's shape whose gradient is relevance itself. Between the input and the layer there
may be operations that only move values about or scale them; they are repeated on the shadow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from explainers.lrp.notes import MOVED, read_note, write_note

if TYPE_CHECKING:
    from explainers.lrp.mode import LRP


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
    if run.linear_layers == 0 and run.gives_relevance and _leads_back(run, source):
        write_note(output, MOVED, Moved(source, move))


def shadow_of(run: "LRP", tensor: Tensor) -> Tensor | None:
    """The shadow of a tensor, differentiable to the input's; None where none can be made."""
    if id(tensor) in run.inputs:
        if id(tensor) not in run.shadows:
            run.shadows[id(tensor)] = torch.zeros_like(tensor).requires_grad_()
        return run.shadows[id(tensor)]
    moved: Moved | None = read_note(tensor, MOVED)
    if moved is None:
        return None
    source = shadow_of(run, moved.source)
    return None if source is None else moved.repeat(source)


def _leads_back(run: "LRP", tensor: Tensor) -> bool:
    return id(tensor) in run.inputs or read_note(tensor, MOVED) is not None
