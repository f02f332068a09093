"""Attacks that survive what happens to audio: the expectation over transformations (EOT).

`expected_logits` wraps a classifier so that any attack meets the mean over several corruptions
(Athalye et al. 2018, "Synthesizing robust adversarial examples"); `straight_through` lets gradients
pass a corruption that has none, such as a codec (BPDA; Athalye, Carlini and Wagner 2018).
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.attacks.objectives import Logits
from perturbations.corruption import Corruption, Key
from perturbations.errors import CorruptionError
from perturbations.waveform import cut_or_pad

Transformation = Callable[[Float[Tensor, "batch time"]], Float[Tensor, "batch new"]]


def expected_logits(logits: Logits, transformations: Sequence[Transformation]) -> Logits:
    """A classifier that answers with its mean over transformed waveforms.

    The transformations are the same at every call, so that the best so far is truly better. Each
    costs one evaluation of the classifier; an attack counts them all as one.

    Args:
        logits: The classifier.
        transformations: What may happen to the waveform; include `unchanged` where nothing may.

    Raises:
        CorruptionError: There is no transformation.

    >>> steady = expected_logits(lambda waveform: waveform, [unchanged, lambda waveform: -waveform])
    >>> steady(torch.ones(1, 2))
    tensor([[0., 0.]])
    """
    if not transformations:
        raise CorruptionError("An expectation needs at least one transformation.")

    def answer(waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch classes"]:
        total = logits(transformations[0](waveform))
        for transform in transformations[1:]:
            total = total + logits(transform(waveform))
        return total / len(transformations)

    return answer


def unchanged(waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
    """The transformation that is none."""
    return waveform


def corruptions_of(
    corruption: Corruption, sample_rate: int, severity: int, draws: int = 1, clip: str = "attack"
) -> list[Transformation]:
    """A corruption as transformations, one for each draw of its random numbers.

    They are differentiable where the corruption is; pass the others through `straight_through`.

    Args:
        corruption: What happens to the waveform.
        sample_rate: In hertz.
        severity: 1 to 5.
        draws: How many repeats of the random numbers.
        clip: What stands for the clip in the key. All clips of a batch share their random numbers:
            an attacker does not know those of the channel anyhow.
    """
    corruption.parameters(severity)
    level = corruption.levels[severity - 1]

    def repeat(number: int) -> Transformation:
        def transform(waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch new"]:
            keys = [Key(clip, number)] * len(waveform)
            return corruption.corrupt(waveform, sample_rate, level, keys)

        return transform

    return [repeat(number) for number in range(draws)]


def straight_through(transform: Transformation) -> Transformation:
    """The same transformation, whose gradient is taken to be one (BPDA).

    Good for what leaves each sample near where it was: codecs, quantisation. What comes out longer
    or shorter is cut or filled with zeros; what moves in time gets gradients in the wrong place.
    """

    def passed(waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        given = waveform.detach()
        with torch.no_grad():
            length = given.shape[1]
            changed = cut_or_pad(transform(given)[:, :length], length)
        return waveform + (changed - given)

    return passed


def rounded(waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
    """What a 16-bit file keeps of a waveform; its gradient is zero, so pass it straight through.

    >>> (rounded(torch.tensor([[0.4999999, 1.0]])) * 32768).tolist()
    [[16384.0, 32767.0]]
    """
    return (waveform * 32768).round().clamp(-32768, 32767) / 32768
