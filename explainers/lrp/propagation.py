"""A linear layer whose gradient is a relevance rule."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explainers.lrp.calls import Call, own
from explainers.lrp.layers import LinearLayer
from explainers.lrp.notes import APPLIED, read_note, write_note
from explainers.lrp.rules import LinearRule, Passage
from explainers.lrp.shadows import as_coefficient, shadow_of


@dataclass(frozen=True)
class Applied:
    """A layer that was just applied, remembered on its output for a batch norm that follows.

    Attributes:
        layer: The layer.
        rule: Its rule.
        x: Its input.
        call: The operation.
    """

    layer: LinearLayer
    rule: LinearRule
    x: Tensor
    call: Call


def propagate(
    call: Call, layer: LinearLayer, rule: LinearRule, x: Tensor, value: Callable[[], Tensor]
) -> Tensor:
    """The layer's value, with the rule for a gradient."""
    shadow = None
    if rule.gives_relevance:
        shadow = shadow_of(call.run, x, lambda amounts: _end(call, amounts))
    if shadow is not None:
        # All relevance goes by the shadow; nothing comes back along the input itself.
        x = x.detach()
    result: Tensor = Propagate.apply(x, shadow, value, layer, rule, call)
    return result


def _end(call: Call, amounts: Tensor) -> None:
    """Relevance of a shadow that ends before the input: the layer did not hand it on after all."""
    call.absorb("zero inputs", lambda: amounts)
    if call.run.meters is not None:
        call.flow.hand_on(-call.run.per_clip(amounts))


def remember(applied: Applied, output: Tensor) -> Tensor:
    """Note on the output which layer made it, where what follows may be folded into the layer.

    A batch norm counts its channels along the second axis.
    """
    channels_second = output.ndim == 2 or not applied.layer.channels_last
    if applied.rule.splits_weights and channels_second:
        write_note(output, APPLIED, applied)
    return output


def applied_layer(tensor: Tensor) -> Applied | None:
    """The layer that made the tensor, where it may be folded with what follows."""
    found: Applied | None = read_note(tensor, APPLIED)
    return found


class Propagate(torch.autograd.Function):
    """The value of an operation, and a linear rule on the way back."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        shadow: Tensor | None,
        value: Callable[[], Tensor],
        layer: LinearLayer,
        rule: LinearRule,
        call: Call,
    ) -> Tensor:
        """The operation's own value."""
        z = own(value())
        kept_input = x if rule.keeps_input or (rule.gives_relevance and shadow is None) else None
        ctx.save_for_backward(kept_input, z if rule.keeps_output else None)
        ctx.layer, ctx.rule, ctx.call = layer, rule, call
        ctx.shape, ctx.shadowed = x.shape, shadow is not None
        return z

    @staticmethod
    def backward(
        ctx: Any, grad: Tensor
    ) -> tuple[Tensor | None, Tensor | None, None, None, None, None]:
        """Coefficient of the input, or relevance of its shadow."""
        x, z = ctx.saved_tensors
        found = ctx.rule.propagate(Passage(ctx.layer, x, z, grad, ctx.shape, ctx.call.absorb))
        if ctx.shadowed:
            if ctx.call.run.meters is not None:
                ctx.call.flow.hand_on(ctx.call.run.per_clip(found))
            return None, found, None, None, None, None
        if ctx.rule.gives_relevance:
            # Relevance of an input that is zero has no coefficient and cannot go further back.
            found, silent = as_coefficient(x, found)
            ctx.call.absorb("zero inputs", lambda: silent)
        return found, None, None, None, None, None
