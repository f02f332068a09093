"""What every classifier promises, as one check that adapters and other packages' models pass."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.errors import UserError
from xaudio.classifiers.classifier import Classifier
from xaudio.errors import AudioError, ModelError
from xaudio.models.weights import fingerprint

TOLERANCE = 1e-4


def check_classifier(
    classifier: Classifier, waveform: Float[Tensor, "batch time"] | None = None
) -> None:
    """Check the promises of a classifier on two clips.

    They are: one finite logit per label; a clip's logits do not depend on the rest of the batch;
    the same question gets the same answer; the gradient reaches the samples where there is a
    module; the module stays in evaluation mode with its weights untouched; a clip with NaN is
    refused.

    Args:
        classifier: What is checked.
        waveform: At least two clips at its sample rate; two seconds of noise when not given.

    Raises:
        ModelError: Names the first promise that is broken.
    """
    clips = _noise(classifier.sample_rate) if waveform is None else waveform
    before = _state(classifier)
    for check in _CHECKS:
        check(classifier, clips)
    if classifier.module is not None and classifier.module.training:
        raise _broken(classifier, "its module is in training mode")
    if _state(classifier) != before:
        raise _broken(classifier, "answering changed its weights")


def _shape(classifier: Classifier, clips: Tensor) -> None:
    logits = classifier.logits(clips)
    if tuple(logits.shape) != (len(clips), len(classifier.labels)):
        raise _broken(classifier, f"{len(clips)} clips gave logits of {tuple(logits.shape)}")
    if not torch.isfinite(logits).all():
        raise _broken(classifier, "its logits are not all finite")


def _alone_and_together(classifier: Classifier, clips: Tensor) -> None:
    with torch.no_grad():
        together = classifier.logits(clips)
        alone = torch.cat([classifier.logits(clip) for clip in clips.split(1)])
    off = (together - alone).abs().max().item()
    if off > TOLERANCE:
        raise _broken(classifier, f"a clip's logits differ by {off:.2g} alone and in a batch")


def _again(classifier: Classifier, clips: Tensor) -> None:
    with torch.no_grad():
        off = (classifier.logits(clips) - classifier.logits(clips)).abs().max().item()
    if off > TOLERANCE:
        raise _broken(classifier, f"the same clips gave logits that differ by {off:.2g}")


def _gradient(classifier: Classifier, clips: Tensor) -> None:
    if classifier.module is None:
        return
    samples = clips.clone().requires_grad_()
    logits = classifier.logits(samples)
    if not logits.requires_grad:
        raise _broken(classifier, "its logits carry no gradient; something inside detaches them")
    (gradient,) = torch.autograd.grad(logits[:, 0].sum(), samples, allow_unused=True)
    if gradient is None or not torch.isfinite(gradient).all() or not gradient.any(dim=1).all():
        raise _broken(classifier, "no finite gradient reaches the samples of every clip")


def _refusal(classifier: Classifier, clips: Tensor) -> None:
    spoiled = clips.clone()
    spoiled[0, clips.shape[1] // 2] = float("nan")
    try:
        classifier.logits(spoiled)
    except AudioError:
        return
    except UserError as error:
        raise _broken(classifier, f"a NaN in a clip is not called by its name: {error}") from None
    raise _broken(classifier, "it judges a clip that holds NaN")


_CHECKS: tuple[Callable[[Classifier, Tensor], None], ...] = (
    _shape,
    _again,
    _alone_and_together,
    _gradient,
    _refusal,
)


def _state(classifier: Classifier) -> str:
    return "" if classifier.module is None else fingerprint(classifier.module.state_dict())


def _noise(sample_rate: int) -> Float[Tensor, "2 time"]:
    generator = torch.Generator().manual_seed(0)
    return 0.1 * torch.randn(2, 2 * sample_rate, generator=generator)


def _broken(classifier: Classifier, promise: str) -> ModelError:
    return ModelError(f"The classifier '{classifier.name}' breaks its contract: {promise}.")
