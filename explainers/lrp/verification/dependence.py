"""Which part of a model lets the clips of a batch see each other."""

import copy
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.explainer import ExplainableModel

Outputs = list[tuple[str, Tensor]]


def first_dependent_part(
    model: ExplainableModel, clips: Float[Tensor, "batch time"], tolerance: float
) -> str:
    """The first part whose output for the first clip differs alone and in the batch.

    Looked for on a copy; what the model computes outside its parts is told as the model itself.
    """
    try:
        copied = copy.deepcopy(model)
    except Exception:  # whatever a model does when it is copied
        return "a part that cannot be named, since the model cannot be copied"
    together, alone = _outputs(copied, clips), _outputs(copied, clips[:1])
    for (name, many), (other, one) in zip(together, alone, strict=False):
        if name != other or many.shape[1:] != one.shape[1:] or len(many) < len(one):
            break
        off = (many[: len(one)] - one).abs().max() / one.abs().max().clamp(min=1e-30)
        if not off <= tolerance:
            return f"the output of '{name}'"
    return "the model itself"


def _outputs(model: ExplainableModel, clips: Float[Tensor, "batch time"]) -> Outputs:
    """What every part gives, in the order in which the parts end."""
    found: Outputs = []
    assert model.module is not None
    hooks = [
        part.register_forward_hook(lambda _, __, output, name=name: _keep(found, name, output))
        for name, part in model.module.named_modules()
        if name
    ]
    with torch.no_grad():
        model(clips)
    for hook in hooks:
        hook.remove()
    return found


def _keep(found: Outputs, name: str, output: Any) -> None:
    if isinstance(output, Tensor) and output.is_floating_point() and output.ndim:
        found.append((name, output.clone()))
