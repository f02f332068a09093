"""Weights: read without running anybody's code, fitted strictly, known by a fingerprint."""

import hashlib
import os
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from xaudio.errors import ModelError

StateDict = dict[str, Tensor]

_NESTS = ("state_dict", "model_state_dict", "model", "module")
_PREFIX = "module."  # left by DataParallel


def read_state_dict(path: str | os.PathLike[str]) -> StateDict:
    """Tensors by name from a ``.safetensors`` file or a PyTorch file.

    PyTorch files are read with ``weights_only=True``. A state dict inside a training checkpoint
    (under ``state_dict``, ``model`` and the like) is found, and the ``module.`` that
    ``DataParallel`` puts before every name is taken off.

    Raises:
        ModelError: The file is missing, is not a weights file, or is a pickle that would have to
            run code.
    """
    file = Path(path)
    if not file.is_file():
        raise ModelError(f"There is no weights file '{file}'.")
    content = _safetensors(file) if file.suffix == ".safetensors" else _pytorch(file)
    state = _without_prefix(_unnested(content))
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ModelError(
            f"'{file}' holds no state dict: a mapping of names to tensors was expected."
        )
    return state


def load_strictly(module: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Put `state` into `module`, which must have exactly these names and shapes.

    Nothing is loaded unless everything fits.

    Args:
        module: What receives the weights.
        state: Tensors by name.
        source: Where they came from, for the message.

    Raises:
        ModelError: Names the first entry that is missing, unexpected or of another shape.
    """
    expected = module.state_dict()
    faults = [fault for name in expected if (fault := _fault(name, expected[name], state))]
    faults += [f"it holds '{name}', which has no place" for name in state if name not in expected]
    if faults:
        rest = f" ({len(faults) - 1} more entries differ)" if len(faults) > 1 else ""
        raise ModelError(
            f"The weights of '{source}' do not fit {type(module).__name__}: {faults[0]}{rest}. "
            "Choose the model they were trained as."
        )
    module.load_state_dict(dict(state))


def fingerprint(state: Mapping[str, Tensor]) -> str:
    """SHA-256, in hexadecimal, over names, types, shapes and bytes; the order does not matter.

    >>> fingerprint({"a": torch.zeros(2)}) == fingerprint({"a": torch.zeros(1, 2)})
    False
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _fault(name: str, expected: Tensor, state: Mapping[str, Tensor]) -> str | None:
    if name not in state:
        return f"it lacks '{name}'"
    if state[name].shape != expected.shape:
        given, wanted = tuple(state[name].shape), tuple(expected.shape)
        return f"its '{name}' has shape {given}, expected {wanted}"
    return None


def _safetensors(file: Path) -> StateDict:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except SafetensorError as error:
        raise ModelError(f"'{file}' is not a readable safetensors file: {error}.") from None


def _pytorch(file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters about the file is raised
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ModelError(
            f"'{file}' is refused: it is no plain state dict, and reading it could run code. Save "
            "the weights again with safetensors, or with torch.save(model.state_dict(), ...)."
        ) from None
    except Exception as error:  # torch.load reports damage in many classes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"'{file}' is not a readable weights file: {reason}") from None


def _unnested(content: Any) -> dict[str, Any]:
    """The state dict inside a training checkpoint, or the content itself."""
    if not isinstance(content, Mapping):
        return {}
    for nest in _NESTS:
        if isinstance(content.get(nest), Mapping):
            return _unnested(content[nest])
    return {str(name): value for name, value in content.items()}


def _without_prefix(state: dict[str, Any]) -> dict[str, Any]:
    if not all(name.startswith(_PREFIX) for name in state):
        return state
    return {name.removeprefix(_PREFIX): value for name, value in state.items()}
