"""ONNX files as classifiers, run by onnxruntime: no gradients, no foreign code."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xaudio.classifiers.adapters.fixed_batch import in_batches
from xaudio.errors import ModelError


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """An opened ONNX model with one waveform input.

    Attributes:
        session: The onnxruntime session.
        input_name: Its waveform input, of shape [batch, time] or [time].
        output_name: Its logits.
        rank: Axes of the input.
        batch: Clips it takes at a time, if that is fixed.
        length: Samples it takes, if that is fixed.
        digest: SHA-256 of the file and of the weight files it refers to.
    """

    session: Any
    input_name: str
    output_name: str
    rank: int
    batch: int | None
    length: int | None
    digest: str

    def __call__(self, waveform: Tensor) -> Tensor:
        """Logits ``[batch, classes]`` for ``[batch, time]``."""
        return in_batches(self._run, waveform.detach(), 1 if self.rank == 1 else self.batch)

    def _run(self, waveform: Tensor) -> Tensor:
        array = waveform.cpu().numpy().astype(np.float32)
        given = array[0] if self.rank == 1 else array
        try:
            answer = self.session.run([self.output_name], {self.input_name: given})[0]
        except Exception as error:  # onnxruntime has a class for every way to fail
            raise ModelError(
                f"The ONNX model cannot take {array.shape[1]} samples: {str(error).splitlines()[0]}"
            ) from None
        return torch.from_numpy(answer).reshape(len(array), -1).to(waveform.device)


def read_onnx(path: Path) -> OnnxModel:
    """Open an ONNX model.

    Raises:
        ModelError: onnxruntime is missing, the file cannot be read, or its inputs and outputs are
            not one waveform and one row of logits.
    """
    session = _session(path)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(inputs[0].shape) not in (1, 2) or inputs[0].type != "tensor(float)":
        seen = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        raise ModelError(
            f"'{path}' takes {seen}; expected one float input of shape [batch, time] or [time], "
            "the waveform, with the front end inside the model."
        )
    shape = inputs[0].shape
    return OnnxModel(
        session=session,
        input_name=inputs[0].name,
        output_name=_logits_name([one.name for one in outputs], path),
        rank=len(shape),
        batch=shape[0] if len(shape) == 2 and isinstance(shape[0], int) else None,
        length=shape[-1] if isinstance(shape[-1], int) else None,
        digest=_digest(path),
    )


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ModelError(
            "ONNX models need onnxruntime: install xaudio with the extra 'onnx'."
        ) from None
    if not path.is_file():
        raise ModelError(f"There is no model file '{path}'.")
    try:
        return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for every way to fail
        reason = str(error).splitlines()[0]
        raise ModelError(f"'{path}' is not an ONNX model that can be run: {reason}") from None


def _digest(path: Path) -> str:
    """SHA-256 of the model and of the files its large tensors lie in."""
    model = path.read_bytes()
    # An external tensor's entry in protobuf: key "location", then the value with its length.
    found = re.finditer(rb"\n\x08location\x12(.)", model, re.DOTALL)
    names = {model[one.end() : one.end() + one.group(1)[0]] for one in found}
    files = sorted(path.parent / name.decode(errors="replace") for name in names)
    digest = hashlib.sha256(model)
    for file in files:
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def _logits_name(names: list[str], path: Path) -> str:
    if len(names) == 1 or "logits" in names:
        return "logits" if "logits" in names else names[0]
    raise ModelError(
        f"'{path}' has the outputs {', '.join(names)}; expected one, or one called 'logits'."
    )
