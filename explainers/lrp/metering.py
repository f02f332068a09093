"""A tensor that passes unchanged and tells how much relevance passes back."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Report = Callable[[Tensor], None]


class Metered(torch.autograd.Function):
    """The same values; the backward pass reports activation x gradient."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, report: Report) -> Tensor:
        """A view of the tensor."""
        ctx.save_for_backward(tensor)
        ctx.report = report
        return alias(tensor)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Report, and pass the gradient on."""
        (tensor,) = ctx.saved_tensors
        ctx.report(relevance_of(tensor, grad))
        return grad, None


def alias(tensor: Tensor) -> Tensor:
    """The same values as a tensor that is nobody's view, which autograd lets a model write to."""
    result: Tensor = torch.ops.aten._unsafe_view(tensor, tensor.shape)
    return result


def relevance_of(tensor: Tensor, grad: Tensor) -> Tensor:
    """Activation x gradient; of complex numbers the real part of conjugate x gradient.

    Where an activation is not finite (a masked logit) its gradient is zero, and so is the product.
    """
    product = (tensor.conj() * grad).real if tensor.is_complex() else tensor * grad
    return torch.where(grad == 0, torch.zeros_like(product), product)
