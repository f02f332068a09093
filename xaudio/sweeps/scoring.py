"""What a classifier says about some waveforms, each alone or many at once.

How many at once plays no part in the result beyond rounding. On a processor one clip at a time is
as fast as many and keeps caches small; on a device clips of one length go together.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.errors import UserError
from xaudio.classifiers.classifier import Classifier
from xaudio.classifiers.labels import BONAFIDE, SPOOF
from xaudio.errors import ModelError, SweepError

MOST_AT_ONCE = 64
LACKS_OF_MEMORY = (MemoryError, torch.OutOfMemoryError)
PRECISIONS = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


class Judged(NamedTuple):
    """What a model said about a clip, or why it said nothing.

    Attributes:
        score: Of a detector, the logit of bona fide minus that of spoof; of any other classifier,
            the logit of the clip's own label minus the largest of the others.
        decided: The label with the largest logit.
        error: None where there is a score.
    """

    score: float | None
    decided: str | None
    error: str | None = None


def judge(
    waveforms: Sequence[Float[Tensor, "1 _"]],
    labels: Sequence[str],
    classifier: Classifier,
    precision: str = "float32",
) -> list[Judged]:
    """The classifier's scores, in the order of the waveforms.

    Args:
        waveforms: At the classifier's rate, of any lengths.
        labels: Each clip's own label, of which a classifier that is no detector tells its margin.
        classifier: What judges.
        precision: Of its arithmetic, one of `PRECISIONS`.
    """
    judged: list[Judged | None] = [None] * len(waveforms)
    for places in _together(waveforms, classifier):
        answers = _logits([waveforms[place] for place in places], classifier, precision)
        for place, answer in zip(places, answers, strict=True):
            judged[place] = _judged(answer, labels[place], classifier)
    return [one for one in judged if one is not None]


def check_precision(precision: str) -> None:
    """Refuse a precision there is not.

    Raises:
        ModelError: It is none of `PRECISIONS`.
    """
    if precision not in PRECISIONS:
        raise ModelError(
            f"The precision '{precision}' is not known; there are {', '.join(PRECISIONS)}."
        )


def reason(error: Exception) -> str:
    """What a failed row says.

    Raises:
        SweepError: It is a lack of memory: the machine's fault, not the clip's.
    """
    if isinstance(error, LACKS_OF_MEMORY):
        raise lack_of_memory(error) from error
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def lack_of_memory(error: BaseException) -> SweepError:
    """What to do about one of `LACKS_OF_MEMORY`."""
    said = str(error).strip().partition("\n")[0] or type(error).__name__
    return SweepError(
        f"Memory ran out ({said}). Finished cells are kept: start the same sweep again with fewer "
        "workers, or on a machine with more memory."
    )


def _together(
    waveforms: Sequence[Float[Tensor, "1 _"]], classifier: Classifier
) -> Iterator[list[int]]:
    """Places of waveforms that go through the model at once: those of one length."""
    by_length: dict[int, list[int]] = {}
    for place, waveform in enumerate(waveforms):
        by_length.setdefault(waveform.shape[1], []).append(place)
    for places in by_length.values():
        rest = iter(places)
        while block := list(islice(rest, _at_once(classifier))):
            yield block


def _at_once(classifier: Classifier) -> int:
    return 1 if classifier.device.type == "cpu" else MOST_AT_ONCE


def _logits(
    waveforms: Sequence[Float[Tensor, "1 time"]], classifier: Classifier, precision: str
) -> list[Tensor | str]:
    """Logits per waveform, or why there are none; what fails together is tried one by one."""
    try:
        with torch.inference_mode(), _arithmetic(classifier, precision):
            answers = classifier.logits(_on_device(waveforms, classifier.device))
        return list(answers.double().cpu())
    except torch.OutOfMemoryError as error:
        if len(waveforms) == 1:
            return [reason(error)]
        middle = len(waveforms) // 2
        halves = waveforms[:middle], waveforms[middle:]
        return [one for half in halves for one in _logits(half, classifier, precision)]
    except Exception as error:
        if len(waveforms) == 1:
            return [reason(error)]
        return [_logits([waveform], classifier, precision)[0] for waveform in waveforms]


def _on_device(
    waveforms: Sequence[Float[Tensor, "1 time"]], device: torch.device
) -> Float[Tensor, "batch time"]:
    """One batch; pinned, so that a GPU can fetch it while the processor goes on."""
    batch = torch.cat(list(waveforms))
    if device.type != "cuda":
        return batch.to(device)
    return batch.pin_memory().to(device, non_blocking=True)


def _arithmetic(classifier: Classifier, precision: str) -> AbstractContextManager:
    if precision == "float32":
        return nullcontext()
    return torch.autocast(classifier.device.type, PRECISIONS[precision])


def _judged(answer: Tensor | str, label: str, classifier: Classifier) -> Judged:
    if isinstance(answer, str):
        return Judged(None, None, answer)
    labels = classifier.labels
    decided = labels[int(answer.argmax())]
    if classifier.is_detector:
        score = answer[labels.index(BONAFIDE)] - answer[labels.index(SPOOF)]
        return Judged(float(score), decided)
    if label not in labels:
        return Judged(None, None, f"The clip's label '{label}' is none of the model's.")
    own = labels.index(label)
    others = torch.cat([answer[:own], answer[own + 1 :]])
    margin = answer[own] - others.max() if len(others) else answer[own]
    return Judged(float(margin), decided)
