"""Operations that write: what is overwritten keeps nothing, what is written takes all."""

from typing import Any

import torch
from torch import Tensor

from explainers.lrp.calls import Call
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


@answer("unsqueeze_", "squeeze_", "transpose_", "t_", "swapaxes_", "swapdims_")
def reshape(call: Call, *args: Any, **kwargs: Any) -> Tensor:
    """The same values in another shape."""
    result: Tensor = call.native(*args, **kwargs)
    return result


def _watch_constants(call: Call, target: Tensor, constants: Tensor) -> None:
    if bool((constants != 0).any()):
        call.watch(target, "constants", lambda grad: relevance_of(constants, grad))


def _on_path(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad
