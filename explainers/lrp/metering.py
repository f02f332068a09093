"""How much relevance every operation is given and hands on, for those who check the accounts."""

import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.lrp.answers.moving import VIEWS
from explainers.lrp.ledger import Flow
from explainers.lrp.naming import FUNCTIONAL
from explainers.lrp.notes import UNMETERED, copy_notes, read_note, write_note
from explainers.lrp.saving import Saved
from explainers.lrp.shadows import remember_move
from explainers.lrp.values import alias, relevance_of

if TYPE_CHECKING:
    from explainers.lrp.mode import LRP

NOT_CUT_OFF = frozenset({*VIEWS, "dropout"})
"""What may give a view, which a meter would cut off from its base; it hands on all it is given."""


def can_be_metered(name: str) -> bool:
    """Whether the operation's input may be replaced by one that tells."""
    return name.removeprefix(FUNCTIONAL) not in NOT_CUT_OFF


class Meters:
    """The meters of one run."""

    def __init__(self, run: "LRP") -> None:
        self._run: LRP = weakref.proxy(run)

    def inlet(self, flow: Flow, tensor: Tensor) -> Tensor:
        """The tensor, which tells the flow what it is handed; constants as they are."""
        if not tensor.requires_grad:
            return tensor
        measured: Tensor = Metered.apply(
            tensor, lambda amounts: flow.hand_on(self._run.per_clip(amounts))
        )
        self._run.note([measured], flow, [tensor])
        copy_notes(tensor, measured)
        remember_move(self._run, measured, tensor, lambda one: one)
        write_note(measured, UNMETERED, tensor)
        return measured

    def inlet_anew(self, flow: Flow, tensor: Tensor) -> Tensor:
        """The input of an earlier operation, for the flow that takes that one's place."""
        bare = read_note(tensor, UNMETERED)
        return self.inlet(flow, tensor if bare is None else bare)

    def outlets(self, flow: Flow, outputs: Iterable[Tensor]) -> None:
        """Have the flow told what arrives at these tensors."""
        for output in outputs:
            if output.requires_grad:
                kept = self._run.saved.pack(output.detach())
                output.register_hook(partial(self._arrived, flow, kept))

    def _arrived(self, flow: Flow, kept: Saved, grad: Tensor | None) -> None:
        # One of several outputs may not be used at all.
        if grad is not None:
            flow.arrive(self._run.per_clip(relevance_of(kept.tensor, grad)))


class Metered(torch.autograd.Function):
    """The same values; the backward pass reports activation x gradient."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, report: Callable[[Tensor], None]) -> Tensor:
        """The tensor under another name."""
        ctx.save_for_backward(tensor)
        ctx.report = report
        return alias(tensor)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Report, and pass the gradient on."""
        (tensor,) = ctx.saved_tensors
        ctx.report(relevance_of(tensor, grad))
        return grad, None
