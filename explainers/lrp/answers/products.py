"""Products of two tensors that both carry relevance, shared by what each of them is.

A tensor that weighs others (a gate, attention weights) is known by its role; see `calls.role`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from explainers.lrp.calls import Call
from explainers.lrp.composites import Composite
from explainers.lrp.notes import ATTENTION, role, with_role
from explainers.lrp.registry import answer
from explainers.lrp.values import Number, alias


class _Weighed(torch.autograd.Function):
    """The same values, a share of the gradient."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return alias(tensor)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad * ctx.weight, None


def weighed(tensor: Tensor, weight: float) -> Tensor:
    """The tensor, taking this share of the relevance that comes back to it."""
    if weight == 1 or not tensor.requires_grad:
        return tensor
    if weight == 0:
        return tensor.detach()
    result: Tensor = _Weighed.apply(tensor, weight)
    return result


def shares(composite: Composite, first: Tensor, second: Tensor) -> tuple[float, float]:
    """How two factors share the relevance of their product."""
    roles = role(first), role(second)
    if (roles[0] is None) == (roles[1] is None):
        return composite.product
    weighing = roles[0] or roles[1]
    signal, weight = composite.attention if weighing == ATTENTION else composite.gate
    return (signal, weight) if roles[0] is None else (weight, signal)


def shared_product(
    call: Call, product: Callable[[Tensor, Tensor], Tensor], first: Tensor, second: Tensor
) -> Tensor:
    """A product of two tensors on the path."""
    one, other = shares(call.composite, first, second)
    result = product(weighed(first, one), weighed(second, other))
    both = role(first) is not None and role(second) is not None
    return with_role(result, role(first) if both else None)


@answer("matmul", "__matmul__", "mm", "bmm", "mv", "dot", "vdot", "inner", "outer", "kron")
def matrix_product(call: Call, input: Tensor, other: Tensor) -> Tensor:
    """By a constant matrix it is a linear layer without a bias."""
    if len(call.path) == 2:
        return shared_product(call, call.native, input, other)
    result: Tensor = call.native(input, other)
    return result


@answer("__rmatmul__")
def reversed_matrix_product(call: Call, input: Tensor, other: Tensor) -> Tensor:
    """The second times the first."""
    result: Tensor = call.through(torch.matmul, other, input)
    return result


@answer("einsum")
def einstein_sum(call: Call, equation: str, *operands: Any) -> Tensor:
    """One operand on the path is linear; two share by their roles; more share evenly."""
    tensors = (
        list(operands[0])
        if len(operands) == 1 and not isinstance(operands[0], Tensor)
        else list(operands)
    )
    places = [place for place, one in enumerate(tensors) if one.requires_grad]
    weights: Sequence[float]
    if len(places) == 2:
        weights = shares(call.composite, tensors[places[0]], tensors[places[1]])
    else:
        weights = (1 / len(places),) * len(places)
    for place, weight in zip(places, weights, strict=True):
        tensors[place] = weighed(tensors[place], weight)
    result: Tensor = call.native(equation, *tensors)
    return result


@answer("bilinear")
def bilinear(
    call: Call, first: Tensor, second: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Any:
    """``first W second`` for every output."""
    one, other = shares(call.composite, first, second)
    inputs = weighed(first, one), weighed(second, other)
    if len(call.path) == 1:
        inputs = first, second
    result: Tensor = call.native(*inputs, weight, bias)
    if bias is not None:
        call.watch(result, "bias", lambda grad: grad * bias)
    return result


@answer("tensordot")
def tensor_product(call: Call, a: Tensor, b: Tensor, dims: Any = 2, out: None = None) -> Tensor:
    """As a matrix product."""
    if len(call.path) == 2:
        return shared_product(call, lambda one, other: call.native(one, other, dims), a, b)
    result: Tensor = call.native(a, b, dims)
    return result


@answer("baddbmm", "addbmm")
def sum_and_product(
    call: Call, input: Tensor, first: Tensor, second: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Any:
    """``beta input + alpha first @ second``."""
    product = call.through(torch.matmul, first, second)
    if call.name == "addbmm":
        product = call.through(torch.sum, product, 0)
    product = product if alpha == 1 else call.through(torch.mul, product, alpha)
    return call.through(torch.add, product, input if beta == 1 else input * beta)
