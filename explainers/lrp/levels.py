"""Levels: values on a logarithmic scale, which have no zero of their own.

Whether a level is 3 or -60 depends on the unit its logarithm was taken in. A rule that shares by
contribution would give the unit most of the relevance: in ``log x - mean(log x)`` both terms are
far from zero and nearly cancel. Shifting a level, by a constant or by a statistic of its own (its
mean over time, a batch norm), changes the unit only, so relevance is handed on whole: ``R_x =
R_y``, as the logarithm itself does.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from explainers.lrp.calls import Call, own
from explainers.lrp.notes import LEVEL, read_note, write_note
from explainers.lrp.shadows import as_coefficient
from explainers.lrp.tensors import tensors_in

VALUE = "value"
STATISTIC = "statistic"


def is_level(call: Call, tensor: Any) -> bool:
    """Whether the tensor holds levels, and the composite treats them as such."""
    return _kind(call, tensor) == VALUE


def is_statistic(call: Call, tensor: Any) -> bool:
    """Whether the tensor is a mean or an extreme of levels."""
    return _kind(call, tensor) == STATISTIC


def as_level(result: Any) -> Any:
    """The result, noted as levels."""
    return _noted(result, VALUE)


def as_statistic(result: Any) -> Any:
    """The result, noted as a statistic of levels."""
    return _noted(result, STATISTIC)


def still_level(call: Call, result: Any) -> Any:
    """The result, noted as levels where all it was made of is."""
    kinds = {_kind(call, one) for one in call.path}
    kind = kinds.pop() if len(kinds) == 1 else None
    return result if kind is None else _noted(result, kind)


def handed_on(call: Call, x: Tensor, value: Callable[[], Tensor]) -> Tensor:
    """A level in another unit: its relevance goes to x whole."""
    result: Tensor = Whole.apply(x, value, call)
    return as_level(result)


class Whole(torch.autograd.Function):
    """Any function of single values with ``R_x = R_y``."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Callable[[], Tensor], call: Call) -> Tensor:
        """The operation's own value."""
        y = own(value())
        ctx.save_for_backward(x, y)
        ctx.call = call
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        """The ratio of the two; what meets a level of exactly zero ends here."""
        x, y = ctx.saved_tensors
        coefficient, silent = as_coefficient(x, grad * y)
        ctx.call.absorb("zero inputs", lambda: silent)
        return coefficient, None, None


def _kind(call: Call, tensor: Any) -> str | None:
    if call.composite.levels == "linear" or not isinstance(tensor, Tensor):
        return None
    found: str | None = read_note(tensor, LEVEL)
    return found


def _noted(result: Any, kind: str) -> Any:
    for one in tensors_in(result):
        write_note(one, LEVEL, kind)
    return result
