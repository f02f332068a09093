"""Any Python function as a classifier: first-class, though without gradients."""

import functools
import hashlib
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xaudio.errors import ModelError
from xaudio.models.weights import fingerprint


def tensor_function(function: Callable[..., Any]) -> Callable[[Tensor], Tensor]:
    """A function of arrays ``[batch, time]`` as a function of tensors, without gradients.

    It is given float32 NumPy, or a tensor if its first parameter is annotated as one or it
    complains about being given NumPy. Any other error of its own stands.

    >>> tensor_function(lambda x: np.stack([x.min(axis=1), x.max(axis=1)], axis=1))(torch.eye(2))
    tensor([[0., 1.],
            [0., 1.]])
    """

    def call(waveform: Tensor) -> Tensor:
        with torch.no_grad():
            answer = _answer(function, waveform.detach())
        if not isinstance(answer, Tensor | np.ndarray | list):
            raise ModelError(
                f"The function answered {type(answer).__name__}; expected logits as an array or "
                "tensor of shape [batch, classes]."
            )
        return torch.as_tensor(answer, dtype=torch.float32, device=waveform.device)

    return call


def _answer(function: Callable[..., Any], waveform: Tensor) -> Any:
    if _wants_tensor(function):
        return function(waveform)
    try:
        return function(waveform.cpu().numpy())
    except (TypeError, AttributeError) as error:
        if not _ABOUT_NUMPY.search(str(error)):
            raise
    return function(waveform)


# What torch says of an array it was given, and NumPy of torch's words for an axis.
_ABOUT_NUMPY = re.compile(r"\bndarray\b|'(dim|keepdim)'")


def _wants_tensor(function: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    return bool(parameters) and "Tensor" in str(parameters[0].annotation)


def function_digest(function: Callable[..., Any]) -> str:
    """SHA-256 over what can be seen of a function: name, source text, and values it holds.

    Those are its defaults, its closure, and a callable object's attributes, as far as they are
    numbers, text, arrays or modules. Global names, files and services cannot be seen.
    """
    seen = function if inspect.isroutine(function) else type(function)
    name = f"{seen.__module__}.{seen.__qualname__}"
    try:
        source = inspect.getsource(seen)
    except (OSError, TypeError):
        source = ""
    held = "\n".join(_known(value) for value in _held(function))
    return hashlib.sha256(f"{name}\n{source}\n{held}".encode()).hexdigest()


def _held(function: Callable[..., Any]) -> list[Any]:
    """The values a function carries with it."""
    if isinstance(function, functools.partial):
        return [function_digest(function.func), function.args, function.keywords]
    if inspect.ismethod(function):
        return [*_held(function.__func__), getattr(function.__self__, "__dict__", {})]
    if not inspect.isfunction(function):
        return [getattr(function, "__dict__", {})]
    cells = inspect.getclosurevars(function).nonlocals
    return [function.__defaults__, function.__kwdefaults__, cells]


def _known(value: Any) -> str:
    """A value in text where it can be told from another, else its type."""
    match value:
        case None | bool() | int() | float() | complex() | str() | bytes():
            return repr(value)
        case nn.Module():
            return f"{type(value).__qualname__} {fingerprint(value.state_dict())}"
        case Tensor():
            return fingerprint({"": value})
        case np.ndarray() if not value.dtype.hasobject:
            return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
        case list() | tuple():
            return f"[{', '.join(_known(one) for one in value)}]"
        case dict():
            entries = (f"{key}: {_known(one)}" for key, one in value.items())
            return f"{{{', '.join(sorted(entries))}}}"
    return type(value).__qualname__
