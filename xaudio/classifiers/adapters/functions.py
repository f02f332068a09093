"""Any Python function as a classifier: first-class, though without gradients."""

import hashlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xaudio.errors import ModelError


def tensor_function(function: Callable[..., Any]) -> Callable[[Tensor], Tensor]:
    """A function of arrays ``[batch, time]`` as a function of tensors, without gradients.

    It is given float32 NumPy, or a tensor if its first parameter is annotated as one or it cannot
    take NumPy.

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
    except (TypeError, AttributeError):
        return function(waveform)


def _wants_tensor(function: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    return bool(parameters) and "Tensor" in str(parameters[0].annotation)


def function_digest(function: Callable[..., Any]) -> str:
    """SHA-256 over what can be seen of a function: its name and source text.

    What it refers to (a model in a closure, a file, a service) cannot be seen.
    """
    seen = function if inspect.isroutine(function) else type(function)
    name = f"{seen.__module__}.{seen.__qualname__}"
    try:
        source = inspect.getsource(seen)
    except (OSError, TypeError):
        source = ""
    return hashlib.sha256(f"{name}\n{source}".encode()).hexdigest()
