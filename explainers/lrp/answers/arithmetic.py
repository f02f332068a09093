"""Sums, differences, quotients and multiples."""

from typing import Any

import torch
from torch import Tensor

from explainers.lrp.answers.products import shared_product
from explainers.lrp.calls import Call
from explainers.lrp.levels import as_level, handed_on, is_level, is_statistic, still_level
from explainers.lrp.notes import common_role, role, with_role
from explainers.lrp.registry import answer
from explainers.lrp.shadows import remember_move
from explainers.lrp.values import Number


@answer("add", "__add__", "__radd__")
def add(call: Call, input: Any, other: Any, *, alpha: Number = 1) -> Tensor:
    """Each summand takes the relevance of what it contributes; a level only changes its unit."""
    scale = {} if alpha == 1 else {"alpha": alpha}
    for level, shift in ((input, other), (other, input)):
        if is_level(call, level) and _shifts(call, level, shift):
            return handed_on(call, level, lambda: call.native(input, other, **scale))
    result: Tensor = call.native(input, other, **scale)
    if not _on_path(input):
        call.constant(result, input)
    if not _on_path(other):
        call.constant(result, other if alpha == 1 else other * alpha)
    return with_role(result, common_role(call.path))


@answer("sub", "subtract", "__sub__")
def subtract(call: Call, input: Any, other: Any, *, alpha: Number = 1) -> Tensor:
    """A sum with the second term's sign turned."""
    scale = {} if alpha == 1 else {"alpha": alpha}
    if is_level(call, input) and _shifts(call, input, other):
        return handed_on(call, input, lambda: call.native(input, other, **scale))
    result: Tensor = call.native(input, other, **scale)
    if not _on_path(input):
        call.constant(result, input)
    if not _on_path(other):
        call.constant(result, -alpha * other)
    return with_role(result, common_role(call.path))


@answer("rsub", "__rsub__")
def subtract_from(call: Call, input: Any, other: Any, *, alpha: Number = 1) -> Tensor:
    """The second term minus the first."""
    scale = {} if alpha == 1 else {"alpha": alpha}
    result: Tensor = call.native(input, other, **scale)
    if not _on_path(other):
        call.constant(result, other)
    if not _on_path(input):
        call.constant(result, -alpha * input)
    return with_role(result, common_role(call.path))


@answer("mul", "multiply", "__mul__", "__rmul__")
def multiply(call: Call, input: Any, other: Any) -> Tensor:
    """By a constant all relevance follows; two factors share it by their roles."""
    if len(call.path) == 2:
        return shared_product(call, call.native, input, other)
    result: Tensor = call.native(input, other)
    if result.shape == call.path[0].shape:
        remember_move(call.run, result, call.path[0], lambda one: one)
    return still_level(call, with_role(result, common_role(call.path)))


@answer("div", "divide", "true_divide", "__truediv__", "__rtruediv__", "__rdiv__")
def divide(call: Call, input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """The dividend takes all: a divisor sets a scale, as a normalisation does."""
    if rounding_mode is not None:
        result: Tensor = call.native(input, other, rounding_mode=rounding_mode)
        return result.detach()
    if call.name in ("__rtruediv__", "__rdiv__"):
        input, other = other, input
    if _on_path(other) and call.composite.normalisation != "nothing":
        other = other.detach()
    result = torch.div(input, other)
    if _on_path(input):
        if result.shape == input.shape and not isinstance(other, Tensor):
            remember_move(call.run, result, input, lambda one: one)
        return as_level(result) if is_level(call, input) else with_role(result, role(input))
    return result


@answer("addcmul")
def add_product(
    call: Call, input: Tensor, first: Tensor, second: Tensor, *, value: Number = 1
) -> Any:
    """A sum and a product."""
    product = call.through(torch.mul, first, second)
    return call.through(
        torch.add, input, product if value == 1 else call.through(torch.mul, product, value)
    )


@answer("addcdiv")
def add_quotient(
    call: Call, input: Tensor, first: Tensor, second: Tensor, *, value: Number = 1
) -> Any:
    """A sum and a quotient."""
    quotient = call.through(torch.div, first, second)
    return call.through(
        torch.add, input, quotient if value == 1 else call.through(torch.mul, quotient, value)
    )


@answer("sign", "sgn", "heaviside")
def step(call: Call, *args: Any) -> Tensor:
    """A constant wherever it has a slope: it gives a direction, and carries nothing."""
    result: Tensor = call.native(*args)
    return result.detach()


@answer("lerp")
def interpolate(call: Call, start: Tensor, end: Tensor, weight: Any) -> Any:
    """``start + weight (end - start)``."""
    step = call.through(torch.sub, end, start)
    return call.through(torch.add, start, call.through(torch.mul, step, weight))


@answer("var")
def variance(call: Call, *args: Any, **kwargs: Any) -> Tensor:
    """Of degree two: half its own gradient hands on what it has."""
    from explainers.lrp.answers.products import weighed

    result: Tensor = call.native(*args, **kwargs)
    return weighed(result, _half(call))


@answer("var_mean")
def variance_and_mean(call: Call, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """The variance as above; the mean is a sum."""
    from explainers.lrp.answers.products import weighed

    spread, middle = call.native(*args, **kwargs)
    return weighed(spread, _half(call)), middle


def _half(call: Call) -> float:
    """Of the gradient of what is of degree two; all of it where the plain gradient is wanted."""
    return 1.0 if call.composite.normalisation == "nothing" else 0.5


def _on_path(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _shifts(call: Call, level: Tensor, shift: Any) -> bool:
    """Whether adding it moves the level as a whole: a constant, or a statistic of levels."""
    if not isinstance(shift, Tensor):
        return True
    fits = torch.broadcast_shapes(level.shape, shift.shape) == level.shape
    return fits and (not shift.requires_grad or is_statistic(call, shift))
