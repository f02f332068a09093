"""The tensors among an operation's arguments and results."""

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor


def changed(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same nest of lists, tuples and dictionaries with every tensor changed."""
    if isinstance(value, Tensor):
        return change(value)
    if type(value) in (list, tuple):
        return type(value)(changed(part, change) for part in value)
    if type(value) is dict:
        return {name: changed(part, change) for name, part in value.items()}
    return value


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Every tensor in a nest of lists, tuples and dictionaries."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Tensor):
            yield one
        elif isinstance(one, list | tuple):
            waiting.extend(reversed(one))
        elif type(one) is dict:
            waiting.extend(reversed(one.values()))
