"""Looking at what a layer gives while the model runs; nothing stays behind in the module."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from explainers.errors import ExplanationError
from explainers.explainer import ExplainableModel

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass
class Tap:
    """What was seen in one run: one entry per call of the module and of the layer.

    Attributes:
        inputs: The waveforms that reached the module, after clips were fitted to its length.
        outputs: What the layer gave.
    """

    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)


def find_layer(model: ExplainableModel, name: str) -> nn.Module:
    """The layer of that name.

    Raises:
        ExplanationError: There is none; the message lists those there are.
    """
    module = model.module
    assert module is not None
    layers = dict(module.named_modules())
    if not name or name not in layers or name not in model.layers:
        known = ", ".join(model.layers) or "none"
        raise ExplanationError(f"The model has no layer '{name}'. Its layers are: {known}.")
    return layers[name]


def last_convolution(model: ExplainableModel) -> str:
    """Name of the last convolution among the model's layers, in the order they were defined."""
    assert model.module is not None
    names = [
        name
        for name, layer in model.module.named_modules()
        if isinstance(layer, CONVOLUTIONS) and name in model.layers
    ]
    if not names:
        known = ", ".join(model.layers) or "none"
        raise ExplanationError(
            f"The model has no convolution to look at; name a layer, one of: {known}."
        )
    return names[-1]


@contextmanager
def tapped(module: nn.Module, layer: nn.Module) -> Iterator[Tap]:
    """Record what this thread's runs of the module put through the layer."""
    tap, thread = Tap(), threading.get_ident()

    def see_input(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if threading.get_ident() == thread and inputs:
            tap.inputs.append(inputs[0])

    def see_output(_: nn.Module, __: object, output: object) -> None:
        if threading.get_ident() == thread and isinstance(output, Tensor):
            tap.outputs.append(output)

    hooks = [
        module.register_forward_pre_hook(see_input),
        layer.register_forward_hook(see_output),
    ]
    try:
        yield tap
    finally:
        for hook in hooks:
            hook.remove()


def time_axis(
    run: Callable[[Float[Tensor, "batch time"]], object],
    module: nn.Module,
    layer: nn.Module,
    waveform: Float[Tensor, "batch time"],
    name: str,
) -> int:
    """Which axis of the layer's output runs along time: the last one of a 1-D convolution.

    Of other layers it is found by asking. Noise, and the same noise with a second half drawn anew,
    are put through the model; along the time axis the change is where the halves differ, along any
    other it is anywhere. Both are equally loud, so a normalisation over the clip changes nothing.

    Raises:
        ExplanationError: No axis of the layer follows time.
    """
    if isinstance(layer, nn.Conv1d):
        return 2
    random = torch.Generator().manual_seed(0)
    noise, other = 0.1 * torch.randn(2, 1, waveform.shape[1], generator=random).to(waveform)
    half = waveform.shape[1] // 2
    changed = torch.cat([noise[:, :half], other[:, half:]], dim=1)
    with torch.no_grad(), tapped(module, layer) as tap:
        run(noise)
        run(changed)
    if not tap.outputs or len(tap.outputs) % 2:
        raise ExplanationError(f"The layer '{name}' gives no tensor when the model runs.")
    before, after = tap.outputs[0], tap.outputs[len(tap.outputs) // 2]
    heard = (tap.inputs[0] - tap.inputs[len(tap.inputs) // 2]).abs().mean(dim=0)
    fits = {
        axis: _follows(heard, (before - after).abs().transpose(0, axis).flatten(1).mean(dim=1))
        for axis in range(2 if isinstance(layer, CONVOLUTIONS) else 1, before.ndim)
        if before.ndim > 2 and before.shape[axis] > 1
    }
    best = max(fits, key=lambda axis: fits[axis], default=0)
    if not fits or fits[best] < 0.5:
        raise ExplanationError(
            f"The layer '{name}' gives {list(before.shape)} per clip, and none of its axes runs "
            "along time; name another layer, one before the pooling."
        )
    return best


def _follows(heard: Float[Tensor, " samples"], change: Float[Tensor, " cells"]) -> float:
    """Correlation between where the input changed and where the output did."""
    pooled = nn.functional.adaptive_avg_pool1d(heard[None], len(change))[0]
    both = torch.stack([pooled, change.to(pooled)]).double()
    both = both - both.mean(dim=1, keepdim=True)
    norms = both.norm(dim=1)
    return float(both[0] @ both[1] / norms.prod()) if norms.min() > 0 else 0.0
