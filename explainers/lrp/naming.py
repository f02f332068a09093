"""One name per operation, however it was called: function, method, overload or property."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch

Operation = Callable[..., Any]

FUNCTIONAL = "functional."
GETTER = ".__get__"


@cache
def operation_name(function: Operation) -> str:
    """The name under which the operation is answered.

    ``torch.relu``, ``Tensor.relu`` and ``aten::relu`` are ``relu``; what is written in Python in
    ``torch.nn.functional`` keeps that in front, because its arguments may differ; a property is
    ``real.__get__``; an operation of another library is ``library::name``.

    >>> operation_name(torch.relu), operation_name(torch.nn.functional.relu)
    ('relu', 'functional.relu')
    """
    if isinstance(function, torch._ops.OpOverload):
        function = function.overloadpacket
    if isinstance(function, torch._ops.OpOverloadPacket):
        return str(function._qualified_op_name).removeprefix("aten::")
    name = getattr(function, "__name__", type(function).__name__)
    if name in ("__get__", "__set__", "__delete__"):
        return f"{function.__self__.__name__}.{name}"  # type: ignore[attr-defined]
    module = getattr(function, "__module__", None)
    if module == "torch.nn.functional":
        return FUNCTIONAL + name
    if module == "torch.autograd":
        return f"autograd.{name}"
    return str(name)


def named(text: str) -> tuple[str, ...]:
    """Names parted by blanks, for tables that would fill pages one to a line."""
    return tuple(text.split())
