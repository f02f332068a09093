"""What weights do not say about a model: how it is put together, and what it answers."""

import hashlib
import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from perturbations.errors import UserError
from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps.scoring import LACKS_OF_MEMORY, lack_of_memory

SECONDS = 2.0
STEPS = 10  # into which the largest logit's order of magnitude is divided


def behaviour(classifier: Classifier) -> str:
    """SHA-256 of a model's settings and of its coarse answer to a fixed clip.

    Settings are the plain attributes of its modules, hashed exactly. The answer tells apart what
    settings cannot: code. It is rounded to a tenth of the largest logit's order of magnitude,
    thousands of times coarser than what devices and thread counts change, and so differs between
    them only in the rare case that a logit lies on the edge of a step; then cells are scored once
    more, never mixed up.
    """
    answer = _coarse_answer(classifier)  # first: some modules keep notes when they are called
    parts = [*_settings(classifier.module), answer]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _coarse_answer(classifier: Classifier) -> str:
    """The rounded logits; a model that refuses the clip or answers by chance has none."""
    clip = _probe(classifier)
    try:
        with torch.no_grad():
            first, second = (classifier.logits(clip)[0].double().cpu() for _ in range(2))
    except LACKS_OF_MEMORY as error:
        raise lack_of_memory(error) from error
    except UserError:
        return "refused"
    step = _step(first)
    if (first - second).abs().max() > step / 100:
        return "by chance"
    return f"{step:g}: {' '.join(str(round(value / step)) for value in first.tolist())}"


def _step(logits: Float[Tensor, "classes"]) -> float:
    """A tenth of the order of magnitude of the largest logit."""
    largest = float(logits.abs().max())
    return 10.0 ** math.floor(math.log10(largest)) / STEPS if largest > 0 else 1.0


def _probe(classifier: Classifier) -> Float[Tensor, "1 time"]:
    """Swelling noise off the zero line, as long as the model takes at least."""
    needed = max(getattr(classifier.fit, name, 0) for name in ("length", "minimum"))
    length = max(round(SECONDS * classifier.sample_rate), needed)
    noise = torch.randn(1, length, generator=torch.Generator().manual_seed(0))
    return 0.02 + 0.1 * torch.linspace(0, 1, length) * noise


def _settings(module: nn.Module | None) -> list[str]:
    """Class and plain attributes of every part of a module, without where it lies and runs."""
    if module is None:
        return []
    return [
        f"{name} {type(part).__qualname__} {setting}={value!r}"
        for name, part in module.named_modules()
        for setting, value in [("", None), *sorted(vars(part).items())]
        if _is_plain(value) and not setting.startswith("_") and setting not in _PLACES
    ]


_PLACES = ("training", "device", "name_or_path")


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_plain(one) for one in value)
    return value is None or isinstance(value, bool | int | float | str)
