"""Which number is explained: a logit, a contrast of two, or log-odds; never a probability.

Probabilities saturate: where the model is sure, their gradient and every drop in them vanish.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError

LOG_ODDS = "log-odds:"
DECIDED = "decided"


@dataclass(frozen=True)
class Target(ABC):
    """One number per clip, read from the logits.

    Attributes:
        spec: How it is written: ``spoof``, ``spoof - bonafide``, ``log-odds:spoof``.
    """

    spec: str

    @abstractmethod
    def __call__(self, logits: Float[Tensor, "batch classes"]) -> Float[Tensor, " batch"]:
        """The number for each clip; differentiable."""


@dataclass(frozen=True)
class Logit(Target):
    """The logit of one label."""

    label: int

    def __call__(self, logits: Float[Tensor, "batch classes"]) -> Float[Tensor, " batch"]:
        """The label's logit."""
        return logits[:, self.label]


@dataclass(frozen=True)
class Contrast(Target):
    """The logit of one label minus that of another: evidence for the one against the other."""

    label: int
    against: int

    def __call__(self, logits: Float[Tensor, "batch classes"]) -> Float[Tensor, " batch"]:
        """The difference of the two logits."""
        return logits[:, self.label] - logits[:, self.against]


@dataclass(frozen=True)
class LogOdds(Target):
    """log p / (1 - p) for a softmax over the labels: the label against all others together."""

    label: int

    def __call__(self, logits: Float[Tensor, "batch classes"]) -> Float[Tensor, " batch"]:
        """The label's logit minus the log-sum-exp of the others."""
        others = torch.cat([logits[:, : self.label], logits[:, self.label + 1 :]], dim=1)
        return logits[:, self.label] - others.logsumexp(dim=1)


def parse_target(spec: str, labels: Sequence[str]) -> Target:
    """The target that `spec` names for a model with these labels.

    Args:
        spec: A label, ``label - other`` (spaces optional), or ``log-odds:label``.
        labels: The model's labels, in the order of its logits; they may contain dashes.

    Raises:
        ExplanationError: It names no label of the model; the message lists those there are.

    >>> parse_target("spoof-bonafide", ["bonafide", "spoof"])
    Contrast(spec='spoof - bonafide', label=1, against=0)
    """
    wanted = spec.strip()
    names = list(labels)
    if wanted in names:
        return Logit(wanted, names.index(wanted))
    if wanted.startswith(LOG_ODDS):
        return _log_odds(wanted.removeprefix(LOG_ODDS).strip(), names)
    pairs = _contrasts(wanted, names)
    if len(pairs) == 1:
        label, against = pairs[0]
        return Contrast(f"{label} - {against}", names.index(label), names.index(against))
    if pairs:
        readings = " or ".join(f"'{label}' minus '{against}'" for label, against in pairs)
        raise ExplanationError(f"The target '{spec}' can be read as {readings}; name one label.")
    if wanted == DECIDED:
        raise ExplanationError(
            "The target 'decided' depends on the clip; resolve it with "
            "explainers.targets.resolve_targets, which looks at the logits."
        )
    raise _unknown(wanted, names)


def resolve_targets(
    spec: str, labels: Sequence[str], logits: Float[Tensor, "batch classes"]
) -> list[Target]:
    """One target per clip: as `parse_target`, where ``decided`` is each clip's highest logit."""
    if spec.strip() != DECIDED or DECIDED in labels:
        return [parse_target(spec, labels)] * len(logits)
    return [Logit(labels[index], index) for index in logits.argmax(dim=1).tolist()]


def _log_odds(label: str, labels: list[str]) -> Target:
    if label not in labels:
        raise _unknown(label, labels)
    if len(labels) < 2:
        raise ExplanationError("Log-odds need a model with two labels or more; use its one logit.")
    return LogOdds(f"{LOG_ODDS}{label}", labels.index(label))


def _contrasts(spec: str, labels: list[str]) -> list[tuple[str, str]]:
    """Every way to read `spec` as one label minus a different one."""
    dashes = [place for place, letter in enumerate(spec) if letter == "-"]
    splits = [(spec[:place].strip(), spec[place + 1 :].strip()) for place in dashes]
    return [
        (label, against)
        for label, against in splits
        if label in labels and against in labels and label != against
    ]


def _unknown(name: str, labels: list[str]) -> ExplanationError:
    return ExplanationError(
        f"The target '{name}' names no label of this model. Its labels are: {', '.join(labels)}. "
        "Give one of them, a contrast 'one - other', or 'log-odds:one'."
    )
