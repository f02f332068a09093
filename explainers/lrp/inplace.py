"""How operations say that they write into their input."""

import inspect
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from explainers.lrp.naming import FUNCTIONAL, Operation

NOISE = frozenset(
    {"normal_", "uniform_", "random_", "bernoulli_", "exponential_", "cauchy_", "geometric_"}
)
"""Operations that write random numbers."""
WRITES = frozenset({"__setitem__", "copy_", "fill_", "zero_"}) | NOISE
"""Operations whose meaning is to write."""
RESHAPES = frozenset({"unsqueeze_", "squeeze_", "transpose_", "t_", "swapaxes_", "swapdims_"})
"""Operations that change the shape of their input in place, and no value."""


def is_in_place(name: str) -> bool:
    """Whether the name says that the first argument is written to: ``relu_``."""
    return name.endswith("_") and not name.endswith("__")


@cache
def out_of_place(function: Operation, name: str) -> Operation | None:
    """The same operation giving a new tensor; None where there is none."""
    plain = name.removeprefix(FUNCTIONAL)[:-1]
    if isinstance(function, torch._ops.OpOverload | torch._ops.OpOverloadPacket):
        return getattr(torch.ops.aten, plain, None)
    for home in (torch.Tensor, torch, torch.nn.functional):
        found: Operation | None = getattr(home, plain, None)
        if callable(found):
            return found
    return None


@dataclass(frozen=True)
class InplaceArgument:
    """Where a function keeps its argument ``inplace``.

    Attributes:
        position: Among its arguments.
    """

    position: int


@cache
def inplace_argument(function: Operation) -> InplaceArgument | None:
    """Where the function takes ``inplace``; None where it does not."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
    return InplaceArgument(names.index("inplace")) if "inplace" in names else None


def without_inplace(
    inplace: InplaceArgument, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any], bool]:
    """The arguments asking for a new tensor, and whether a write was asked for."""
    if len(args) > inplace.position:
        asked = bool(args[inplace.position])
        args = (*args[: inplace.position], False, *args[inplace.position + 1 :])
        return args, kwargs, asked
    asked = bool(kwargs.get("inplace", False))
    return args, {key: value for key, value in kwargs.items() if key != "inplace"}, asked
