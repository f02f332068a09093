"""Programs saved by ``torch.export``: a graph of operations, not pickled code."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor, nn

from xaudio.classifiers.adapters.fixed_batch import in_batches
from xaudio.classifiers.adapters.program_safety import refuse_code
from xaudio.errors import ModelError


class ExportedModel(nn.Module):
    """An exported program with its weights; gradients pass where its operations have them."""

    def __init__(self, program: torch.export.ExportedProgram, batch: int | None):
        super().__init__()
        self.graph = program.module()
        self.batch = batch

    def forward(self, waveform: Tensor) -> Tensor:
        """Whatever the program answers."""
        return in_batches(self.graph, waveform, self.batch)

    def eval(self) -> "ExportedModel":
        """Itself: whether it was exported for training or evaluation is in its graph."""
        self.training = False
        return self

    def train(self, mode: bool = True) -> "ExportedModel":
        """Refused, except to say that it does not train."""
        if mode:
            raise ModelError("An exported program cannot be trained; export it again.")
        return self.eval()


def read_exported(path: Path) -> tuple[ExportedModel, int | None, str]:
    """An exported program, the number of samples it takes if that is fixed, and its SHA-256.

    Raises:
        ModelError: The file is missing, cannot be read, or takes anything but one waveform.
    """
    if not path.is_file():
        raise ModelError(f"There is no model file '{path}'.")
    refuse_code(path)
    try:
        program = torch.export.load(path)
    except Exception as error:  # a damaged archive fails in many classes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"'{path}' is not an exported program: {reason}") from None
    inputs = program.graph_signature.user_inputs
    nodes = {node.name: node for node in program.graph.nodes}
    shapes = [tuple(nodes[str(name)].meta["val"].shape) for name in inputs]
    if len(shapes) != 1 or len(shapes[0]) != 2:
        raise ModelError(
            f"'{path}' takes inputs of shapes {shapes}; expected one waveform [batch, time]."
        )
    batch, length = (size if isinstance(size, int) else None for size in shapes[0])
    return ExportedModel(program, batch), length, hashlib.sha256(path.read_bytes()).hexdigest()
