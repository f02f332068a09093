"""Removal behind a model's front end: what it looks at is masked, not computed again.

The front end is any named layer whose last axis is time. It runs once on the clip and once on what
stands in; every coalition then mixes the two along time and goes through the rest of the model.
This answers another question than removal from the samples: no frame sees both sides of a joint.
"""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from explainers.errors import ExplanationError
from explainers.explainer import ExplainableModel, FrameEvidence
from explainers.rebuilding import rebuilt
from explainers.removal.mixing import owners, stand_in_remover
from explainers.removal.parts import Filling, Parts, Remover, TimeParts
from perturbations.fills import fills

TOLERANCE = 1e-4


class BehindLayer:
    """A model from behind one of its layers: takes what the layer gives, answers logits.

    The module itself is never touched: a shallow copy that shares all parameters has the layer
    replaced.

    Attributes:
        sample_rate: The model's.
        labels: The model's.
        module: None: there are no gradients back to the waveform.
        layers: None can be tapped.
        default_target: The model's.
    """

    module: nn.Module | None = None
    layers: tuple[str, ...] = ()

    def __init__(self, model: ExplainableModel, layer: str, clip: Float[Tensor, " time"]) -> None:
        """Split a model.

        Args:
            model: With a module.
            layer: Its front end, as in ``module.named_modules()``.
            clip: One that will be explained, on the model's device.

        Raises:
            ExplanationError: The model has no such layer, uses it more than once, or prepares
                clips outside its module.
        """
        if model.module is None or layer not in model.layers:
            known = ", ".join(name for name in model.layers if "." not in name)
            raise ExplanationError(
                f"This model has no layer '{layer}' to remove behind; there are: {known or 'none'}."
            )
        self.sample_rate, self.labels = model.sample_rate, model.labels
        self.default_target, self._model = model.default_target, model
        self._decoy = -clip[None].flip(1) / 2
        front_end = model.module.get_submodule(layer)
        self._recorder, self._given = _Recorder(front_end), _Given(front_end)
        self._whole, self._rest = (
            rebuilt(model, with_layer_replaced(model.module, layer, other))
            for other in (self._recorder, self._given)
        )
        self._check(model, layer, clip[None])

    def features(self, waveform: Float[Tensor, "batch time"]) -> Tensor:
        """What the layer gives for clips, one after the other."""
        found = []
        for clip in waveform.split(1):
            with torch.no_grad():
                self._whole(clip)
            found.append(self._recorder.given)
        return torch.cat(found)

    def heard(self, length: int) -> Int[Tensor, " heard"]:
        """Which sample of a clip each sample of the module's input is; `length` for none of them.

        A model may repeat, cut or pad a clip before its module hears it.
        """
        ear = _Ear(len(self.labels))
        places = torch.arange(1, length + 1, dtype=torch.float32, device=self._decoy.device)
        with torch.no_grad():
            rebuilt(self._model, ear)(places[None])
        heard = ear.heard[0].round().long()
        return torch.where(heard > 0, heard - 1, length)

    def __call__(self, waveform: Tensor) -> Float[Tensor, "batch classes"]:
        """The logits for what the layer would give, which takes the waveform's place here.

        The model is fed another clip, so that nothing of this one can get round the layer.
        """
        self._given.features = waveform
        return self._rest(self._decoy.expand(len(waveform), -1))

    def frame_evidence(
        self,
        waveform: Float[Tensor, "batch time"],  # noqa: ARG002
    ) -> FrameEvidence | None:
        """None: evidence belongs to waveforms."""
        return None

    def _check(self, model: ExplainableModel, layer: str, clip: Float[Tensor, "1 time"]) -> None:
        with torch.no_grad():
            expected = model(clip)
            self._whole(clip)
            features = self._recorder.given
            one = isinstance(features, Tensor) and features.ndim > 1 and len(features) == 1
            found = self(features) if one else torch.full_like(expected, torch.nan)
        near = torch.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
        if not near or self._recorder.calls != 1:
            raise ExplanationError(
                f"Nothing can be removed behind the layer '{layer}': it is not used once for a "
                "clip, its answer is not one picture of the whole clip, or the model also looks "
                "past it. Name the front end, give a clip of the length the model takes, or leave "
                "out 'behind'."
            )


class _InPlace(nn.Module):
    """Stands where a layer was, and has all that the layer has."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def __getattr__(self, name: str) -> Any:
        layer = super().__getattr__("layer")
        return layer if name == "layer" else getattr(layer, name)


class _Recorder(_InPlace):
    """Keeps what the layer gives."""

    given: Any = None
    calls: int = 0

    def forward(self, *inputs: Any, **named: Any) -> Any:
        self.calls += 1
        self.given = self.layer(*inputs, **named)
        return self.given


class _Given(_InPlace):
    """Gives what it was told in place of what the layer would give."""

    features: Tensor

    def forward(self, *_: Any, **__: Any) -> Tensor:
        return self.features


class _Ear(nn.Module):
    """Stands where a whole module was, keeps what it hears and says nothing."""

    heard: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, waveform: Tensor) -> Tensor:
        self.heard = waveform
        return waveform.new_zeros(len(waveform), self.classes)


def with_layer_replaced(module: nn.Module, layer: str, other: nn.Module) -> nn.Module:
    """A copy of a module that shares everything with it but one layer; the module is left alone."""
    name, _, rest = layer.partition(".")
    replica = copy.copy(module)
    replica._modules = dict(module._modules)
    inner = module.get_submodule(name)
    replica._modules[name] = with_layer_replaced(inner, rest, other) if rest else other
    return replica


@dataclass(frozen=True, eq=False)
class FeatureRemover:
    """Parts of a clip taken away from what the front end gives.

    Attributes:
        behind: The model behind its front end.
        parts: What can be taken away: stretches of time, without overlap.
    """

    behind: BehindLayer
    parts: Parts

    def remover(self, clip: Float[Tensor, " time"], filling: Filling) -> Remover:
        """From coalitions to features ``[rows, ..., frames]``.

        Frames divide what the module hears evenly; each belongs to the part that holds its centre.
        """
        if not isinstance(self.parts, TimeParts) or len(self.parts.families) > 1:
            raise ExplanationError(
                "Behind a front end only stretches of time can be taken away, and none that "
                "overlap; give windows side by side, runs or words."
            )
        own = sorted(
            (stretch, part) for part, all_ in enumerate(self.parts.stretches) for stretch in all_
        )
        stretches = [stretch for stretch, _ in own]
        fill = fills.get(filling.name)
        stand_in = fill(clip[None], self.parts.sample_rate, [filling.key], stretches)
        content, filled = (self.behind.features(one)[0] for one in (clip[None], stand_in))
        owner = owners(
            [(part, stretch) for stretch, part in own], self.parts.length, len(self.parts)
        )
        heard = self.behind.heard(self.parts.length).cpu()
        centres = (torch.arange(content.shape[-1]) + 0.5) * len(heard) / content.shape[-1]
        everywhere = torch.cat([owner, torch.tensor([len(self.parts)])])
        return stand_in_remover(content, [(filled, everywhere[heard[centres.long()]])])
