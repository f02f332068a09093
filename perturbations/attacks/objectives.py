"""What an attack optimises: a goal (where the decision shall go) and a loss that leads there."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from perturbations.errors import CorruptionError

Logits = Callable[[Float[Tensor, "batch time"]], Float[Tensor, "batch classes"]]
LOSSES = ("margin", "cross-entropy", "dlr")


@dataclass(frozen=True, eq=False)
class Goal(ABC):
    """Where the decision about each clip shall go.

    Attributes:
        labels: One class index per clip.
        threshold: The goal is reached where the margin exceeds it. Zero is the decision by the
            largest logit; a detector that decides at another score has that score here.
    """

    labels: Int[Tensor, " batch"]
    threshold: float = 0.0

    @abstractmethod
    def margin(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """How far beyond the goal the logits are; negative before it. `rows` names the clips."""

    @abstractmethod
    def cross_entropy(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The logarithmic loss, larger nearer the goal."""

    @abstractmethod
    def dlr(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The difference of logits ratio (Croce and Hein 2020, equations 6 and 7)."""

    def reached(self, margin: Float[Tensor, " some"]) -> Bool[Tensor, " some"]:
        """Where the margin is enough."""
        return margin > self.threshold

    def loss(
        self, name: str, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """One of `LOSSES`, each larger nearer the goal.

        Raises:
            CorruptionError: There is no such loss, or it is not for so few classes.
        """
        match name:
            case "margin":
                return self.margin(logits, rows)
            case "cross-entropy":
                return self.cross_entropy(logits, rows)
            case "dlr":
                return self.dlr(logits, rows)
        raise CorruptionError(f"There is no loss named '{name}'. There are: {', '.join(LOSSES)}.")

    def _of(self, rows: Int[Tensor, " some"]) -> Int[Tensor, " some 1"]:
        return self.labels.to(rows.device)[rows, None]


@dataclass(frozen=True, eq=False)
class AwayFrom(Goal):
    """Any class but each clip's label (an untargeted attack)."""

    def margin(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The best other logit minus the label's."""
        return -_lead(logits, self._of(rows))

    def cross_entropy(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """Minus the logarithm of the label's probability."""
        return -_log_probability(logits, self._of(rows))

    def dlr(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The margin over the distance from the first to the third logit."""
        ordered = _ordered(logits, 3)
        scale = ordered[:, 0] - ordered[:, 2]
        return self.margin(logits, rows) / _above_zero(scale)


@dataclass(frozen=True, eq=False)
class Towards(Goal):
    """The class named for each clip (a targeted attack)."""

    def margin(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The label's logit minus the best other: towards bona fide, a detector's score."""
        return _lead(logits, self._of(rows))

    def cross_entropy(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The logarithm of the label's probability."""
        return _log_probability(logits, self._of(rows))

    def dlr(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The margin over the distance from the first logit to the mean of third and fourth.

        Where the paper has the true class stands the strongest class that is not the target.
        """
        ordered = _ordered(logits, 4)
        scale = ordered[:, 0] - ordered[:, 2:4].mean(dim=1)
        return self.margin(logits, rows) / _above_zero(scale)


def _lead(
    logits: Float[Tensor, "some classes"], label: Int[Tensor, " some 1"]
) -> Float[Tensor, " some"]:
    """The label's logit minus the best other."""
    if logits.shape[1] < 2:
        raise CorruptionError(
            f"The classifier answers {logits.shape[1]} logit per clip; an attack needs at least "
            "two, one per class. Put the score and its negative side by side."
        )
    if not 0 <= int(label.min()) <= int(label.max()) < logits.shape[1]:
        raise CorruptionError(
            f"The labels go from {int(label.min())} to {int(label.max())}; the classifier has the "
            f"classes 0 to {logits.shape[1] - 1}."
        )
    others = logits.scatter(1, label, -torch.inf).amax(dim=1)
    return logits.gather(1, label)[:, 0] - others


def _log_probability(
    logits: Float[Tensor, "some classes"], label: Int[Tensor, " some 1"]
) -> Float[Tensor, " some"]:
    return logits.log_softmax(dim=1).gather(1, label)[:, 0]


def _ordered(logits: Float[Tensor, "some classes"], least: int) -> Float[Tensor, "some classes"]:
    if logits.shape[1] < least:
        raise CorruptionError(
            f"The loss 'dlr' needs {least} classes and the classifier has {logits.shape[1]}; use "
            "'margin'."
        )
    return logits.sort(dim=1, descending=True).values


def _above_zero(scale: Float[Tensor, " some"]) -> Float[Tensor, " some"]:
    return scale.clamp(min=torch.finfo(scale.dtype).eps)


@dataclass(frozen=True, eq=False)
class Appraisal:
    """What an objective says about some waveforms.

    Attributes:
        loss: What is climbed, one value per clip; differentiable where the classifier is.
        margin: How far beyond the goal each clip is; decides what is best so far.
    """

    loss: Float[Tensor, " some"]
    margin: Float[Tensor, " some"]


class Objective(ABC):
    """Anything an attack can climb: the decision here, an explanation elsewhere."""

    threshold: float = 0.0

    @abstractmethod
    def __call__(
        self, waveform: Float[Tensor, "some time"], rows: Int[Tensor, " some"]
    ) -> Appraisal:
        """Loss and margin of some clips; `rows` says which of the batch they are."""


@dataclass(frozen=True, eq=False)
class DecisionObjective(Objective):
    """Move a classifier's decision.

    Attributes:
        logits: The classifier, differentiable for white-box attacks.
        goal: Where the decision shall go.
        name: The loss, one of `LOSSES`.
    """

    logits: Logits
    goal: Goal
    name: str = "margin"

    @property
    def threshold(self) -> float:  # type: ignore[override]
        """The margin that must be exceeded."""
        return self.goal.threshold

    def __call__(
        self, waveform: Float[Tensor, "some time"], rows: Int[Tensor, " some"]
    ) -> Appraisal:
        """See `Objective`."""
        logits = self.logits(waveform)
        rows = rows.to(logits.device)
        margin = self.goal.margin(logits, rows)
        return Appraisal(self.goal.loss(self.name, logits, rows), margin.detach())
