"""Explaining by what a layer shows: class activation maps, carried back to the clip's time."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.arrays import to_array
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer, Task, register_explainer
from explainers.projection import regrid
from explainers.taps import find_layer, last_convolution, tapped, time_axis


@register_explainer
@dataclass(frozen=True)
class GradCam(Explainer):
    """Grad-CAM (Selvaraju et al. 2017, eqs. 1 and 2) of one layer, over the clip's time.

    The layer's frames divide what reaches the module evenly; a frame's relevance is spread evenly
    over its samples and carried back to the clip's own, whether the clip was tiled, cropped, padded
    or cut in windows to meet the module's length. Other axes of the layer are summed: their place
    in hertz is not known.

    Attributes:
        layer: Its name in the model; empty for the last convolution.
    """

    layer: str = ""

    name: ClassVar[str] = "grad-cam"
    signed: ClassVar[bool] = False
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = "Where a layer's channels that raise the score are active, over time."

    def attribute(self, task: Task) -> list[Attribution]:
        """The rectified map on samples; it is as coarse as the layer's frames."""
        model, module = task.scoring.model, task.scoring.model.module
        assert module is not None
        name = self.layer or last_convolution(model)
        layer = find_layer(model, name)
        axis = time_axis(model, module, layer, task.waveform, name)
        task.progress(0.2)

        clips = task.waveform.clone().requires_grad_()
        with torch.enable_grad(), tapped(module, layer) as tap:
            score = task.scoring(clips)
        if len(tap.inputs) != len(tap.outputs):
            raise ExplanationError(
                f"The layer '{name}' runs {len(tap.outputs)} times for {len(tap.inputs)} passes of "
                "the model; Grad-CAM needs a layer that runs once in each."
            )
        slopes = torch.autograd.grad(score.sum(), tap.outputs, retain_graph=True)
        maps = [
            spread(activation_map(output.detach(), slope, axis), fitted.shape[-1])
            for output, slope, fitted in zip(tap.outputs, slopes, tap.inputs, strict=True)
        ]
        for fitted, samples in zip(tap.inputs, maps, strict=True):
            if fitted.shape != samples.shape:
                raise ExplanationError(
                    f"The layer '{name}' gives {len(samples)} maps for {len(fitted)} clips; "
                    "Grad-CAM needs one for each."
                )
        (relevance,) = torch.autograd.grad(
            tap.inputs, clips, [samples.to(clips.dtype) for samples in maps]
        )
        task.progress(1.0)
        frame = tap.inputs[0].shape[-1] / tap.outputs[0].shape[axis] / model.sample_rate
        findings = {"layer": name, "frame_seconds": frame}
        return [Attribution(to_array(row), findings=findings) for row in relevance]


def activation_map(
    activations: Float[Tensor, "batch *axes"], slopes: Float[Tensor, "batch *axes"], time: int
) -> Float[Tensor, "batch frames"]:
    """Channels weighted by their mean slope, summed, rectified, and summed to the time axis.

    Channels are axis 1, or axis 2 where axis 1 is time.
    """
    channel = 2 if time == 1 else 1
    places = [axis for axis in range(1, activations.ndim) if axis != channel]
    weights = slopes.mean(dim=places, keepdim=True)
    cam = (weights * activations).sum(dim=channel, keepdim=True).relu()
    others = [axis for axis in range(1, activations.ndim) if axis != time]
    return cam.sum(dim=others)


def spread(frames: Float[Tensor, "batch frames"], samples: int) -> Float[Tensor, "batch samples"]:
    """Every frame's value shared evenly among the samples it covers; totals kept.

    >>> spread(torch.tensor([[2.0, 4.0]]), 3)
    tensor([[1.3333, 2.0000, 2.6667]])
    """
    edges = np.linspace(0, samples, frames.shape[1] + 1)
    shared = regrid(to_array(frames), edges, np.arange(samples + 1.0))
    return torch.from_numpy(shared).to(frames)
