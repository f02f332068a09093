"""Operations that write: what is overwritten keeps nothing, what is written takes all."""

from typing import Any

import torch
from torch import Tensor

from explainers.lrp.calls import Call
from explainers.lrp.inplace import NOISE
from explainers.lrp.registry import answer
from explainers.lrp.values import relevance_of


@answer("__setitem__")
def set_item(call: Call, target: Tensor, index: Any, value: Any) -> None:
    """Part of a tensor replaced."""
    constants = torch.zeros_like(target) if target.requires_grad else target.detach().clone()
    constants[index] = 0.0 if _on_path(value) else value
    call.native(target, index, value)
    _watch_constants(call, target, constants)


@answer("copy_")
def copy(call: Call, target: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
    """All of it replaced."""
    call.native(target, source)
    if not source.requires_grad:
        _watch_constants(call, target, target.detach().clone())
    return target


@answer("fill_", "zero_")
def fill(call: Call, target: Tensor, value: Any = 0.0) -> Tensor:
    """All of it replaced by one value."""
    if _on_path(value):
        target.fill_(value)
        return target
    target.fill_(value)
    _watch_constants(call, target, target.detach().clone())
    return target


@answer(*NOISE)
def noise(call: Call, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """All of it replaced by random numbers."""
    call.native(target, *args, **kwargs)
    _watch_constants(call, target, target.detach().clone())
    return target


@answer("unsqueeze_", "squeeze_", "transpose_", "t_", "swapaxes_", "swapdims_")
def reshape(call: Call, *args: Any, **kwargs: Any) -> Tensor:
    """The same values in another shape."""
    result: Tensor = call.native(*args, **kwargs)
    return result


def _watch_constants(call: Call, target: Tensor, constants: Tensor) -> None:
    """Enter what constants in a tensor take; gradients of a view arrive at what it is a view of."""
    if not bool((constants != 0).any()):
        return
    base = target if target._base is None else target._base
    if base is not target:
        constants = _where_it_lies(target, base, constants)
    call.watch(base, "constants", lambda grad: relevance_of(constants, grad))


def _where_it_lies(view: Tensor, base: Tensor, values: Tensor) -> Tensor:
    """Zeros of the base's shape, with the values where the view lies in it."""
    whole = torch.empty_strided(
        base.shape, base.stride(), dtype=values.dtype, device=values.device
    ).zero_()
    offset = view.storage_offset() - base.storage_offset()
    whole.as_strided(view.shape, view.stride(), offset).copy_(values)
    return whole


def _on_path(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad
