"""The architectures this project builds itself, by name; other packages join by entry point."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from perturbations.registry import Registry
from xaudio.errors import ModelError


@dataclass(frozen=True, eq=False)
class ModelSource:
    """A module with its weights in it, and what one must know to feed it and read it.

    Attributes:
        module: From waveform ``[batch, time]`` to logits ``[batch, classes]``, its front end
            inside. One that also has ``frame_logits(waveform) -> FrameEvidence`` shows its own
            evidence over time.
        sample_rate: The rate it expects, in hertz.
        labels: One name per logit. A detector of synthetic speech uses ``spoof``, ``bonafide``.
        summary: One line for people.
        fit: How clips meet its input length: ``any``, or ``tile:64600`` and the like
            (`xaudio.classifiers.fit`).
        weights: The file its weights came from.
    """

    module: nn.Module
    sample_rate: int
    labels: tuple[str, ...]
    summary: str
    fit: str = "any"
    weights: Path | None = None


ModelBuilder = Callable[[Path | None], ModelSource]

models: Registry[ModelBuilder] = Registry(
    "model", "xaudio.models", ("xaudio.models.lcnn", "xaudio.models.aasist"), ModelError
)


def register_model(name: str) -> Callable[[ModelBuilder], ModelBuilder]:
    """Decorator that files a function ``(weights: Path | None) -> ModelSource`` under `name`.

    The function's first docstring line is what ``xaudio models`` shows.
    """
    return models.register(name)
