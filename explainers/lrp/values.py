"""Relevance of values, and values under another name."""

import torch
from torch import Tensor

Number = float | int
"""What torch takes where it says float."""


def relevance_of(tensor: Tensor, grad: Tensor) -> Tensor:
    """Activation x gradient; of complex numbers the real part of conjugate x gradient.

    Nothing where no gradient comes back, however large the activation is (a masked logit).
    """
    whole = tensor.is_complex() or grad.is_complex()
    product = (tensor.conj() * grad).real if whole else tensor * grad
    return product.masked_fill(grad == 0, 0.0)


def constant_share(constant: Tensor, grad: Tensor, batch: int) -> Tensor:
    """What a constant takes, summed over the axes along which it does not vary.

    The axis of the clips stays: the first, or where that cannot be, those as long as the batch.
    """
    if constant.is_complex() or grad.is_complex() or grad.ndim < 2:
        return relevance_of(constant.expand(grad.shape), grad)
    lengths = (1,) * (grad.ndim - constant.ndim) + tuple(constant.shape)
    clips_first = grad.shape[0] % batch == 0
    alike = [
        axis
        for axis in range(1, grad.ndim)
        if lengths[axis] == 1 and (clips_first or grad.shape[axis] != batch)
    ]
    summed = grad.sum(dim=alike, keepdim=True) if alike else grad
    return relevance_of(constant, summed)


def alias(tensor: Tensor) -> Tensor:
    """The same values as a tensor that is nobody's view, which autograd lets a model write to."""
    result: Tensor = torch.ops.aten._unsafe_view(tensor, tensor.shape)
    return result
