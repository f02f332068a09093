"""A classifier in the form that scores fastest on a CPU, where a sweep asks for nothing else."""

import copy
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from xaudio.classifiers.classifier import Classifier

TOLERANCE = 5e-6  # of a logit, so that a difference of two is within 1e-5
PROBES = (1.0, 2.3)  # seconds


@runtime_checkable
class HasScoringForm(Protocol):
    """A part of a module that knows a faster way to the same values, without gradients."""

    def scoring_form(self) -> nn.Module:
        """What to put in its place; it shares nothing with this part that could be changed."""
        ...


def scoring_form(classifier: Classifier) -> Classifier:
    """The classifier itself, or one with the same scores (within 1e-5) that finds them sooner.

    The faster one works on a copy of the module: parts that have a `scoring_form` of their own are
    replaced by it, and two-dimensional convolutions keep their channels last in memory, where
    PyTorch convolves and pools faster. It has no gradients, and is for logits and scores only:
    what the model is called, is made of and shows over time, ask the original.

    The original is given back, untouched, wherever there is nothing to gain (functions, ONNX,
    models without such parts, models on a GPU), where a hook listens to the module, and where the
    copy does not answer as the original does on noise. A clip that the copy refuses goes to the
    original.

    >>> classifier = Classifier(nn.Linear(8, 2), "linear", 16000, ("spoof", "bonafide"))
    >>> scoring_form(classifier) is classifier
    True
    """
    module = classifier.module
    if module is None or classifier.device.type != "cpu" or not _has_something_to_gain(module):
        return classifier
    try:
        with torch.random.fork_rng(devices=[]):
            faster = _faster(module)
            if not _agree(classifier, classifier.with_module(faster)):
                return classifier
    except Exception:  # whatever odd modules do when they are copied, changed or asked
        return classifier
    return classifier.with_module(_WithRecourse(faster, module))


class _WithRecourse(nn.Module):
    """A faster module, and the one it was made from for what it cannot do."""

    def __init__(self, faster: nn.Module, original: nn.Module):
        super().__init__()
        self.faster = faster
        # A bare function, so that moving this module or its mode leaves the original alone.
        self._original: Callable[[Tensor], Tensor] = original.__call__

    @torch.no_grad()
    def forward(self, waveform: Float[Tensor, "batch time"]) -> Tensor:
        try:
            return self.faster(waveform)
        except Exception:
            return self._original(waveform)


def _has_something_to_gain(module: nn.Module) -> bool:
    """Whether convolutions follow each other, or parts know a faster form; never with hooks.

    A single convolution is a transformer's first layer: a copy of the whole would gain nothing.
    """
    parts = list(module.modules())
    if any(part._forward_hooks or part._forward_pre_hooks for part in parts):
        return False
    convolutions = sum(type(part) is nn.Conv2d for part in parts)
    return convolutions > 1 or any(isinstance(part, HasScoringForm) for part in parts)


def _faster(module: nn.Module) -> nn.Module:
    copied = copy.deepcopy(module).requires_grad_(False)
    for parent in list(copied.modules()):
        for name, part in list(parent.named_children()):
            if isinstance(part, HasScoringForm):
                setattr(parent, name, part.scoring_form())
    for parameter in copied.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return copied


def _agree(one: Classifier, other: Classifier) -> bool:
    """Whether both give the same logits for noise of two lengths, alone and two at once."""
    needed = max(getattr(one.fit, name, 0) for name in ("length", "minimum"))
    lengths = {max(round(seconds * one.sample_rate), needed) for seconds in PROBES}
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for length in sorted(lengths):
            clips = 0.1 * torch.randn(2, length, generator=generator)
            expected, found = one.logits(clips), other.logits(clips)
            alone = other.logits(clips[:1])
            if (found - expected).abs().max() > TOLERANCE:
                return False
            if (alone - expected[:1]).abs().max() > TOLERANCE:
                return False
    return True
