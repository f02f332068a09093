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
    return torch.where(grad == 0, torch.zeros_like(product), product)


def alias(tensor: Tensor) -> Tensor:
    """The same values as a tensor that is nobody's view, which autograd lets a model write to."""
    result: Tensor = torch.ops.aten._unsafe_view(tensor, tensor.shape)
    return result
