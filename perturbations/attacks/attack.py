"""What an attack is, and those there are by name."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from perturbations.attacks.attacked import Attacked
from perturbations.attacks.budgets import Ball, Budget, check_range
from perturbations.attacks.objectives import (
    LOSSES,
    DecisionObjective,
    Goal,
    Logits,
    Objective,
)
from perturbations.attacks.trace import Progress, Trace
from perturbations.corruption import Key, check_input, generator, of_kind
from perturbations.errors import CorruptionError
from perturbations.registry import Registry
from perturbations.waveform import check_finite


@dataclass(frozen=True)
class Attack(ABC):
    """A search for a small perturbation that moves a decision.

    A subclass is a frozen dataclass whose fields are its settings and fills in `search`.

    Attributes:
        name: What it is called, ``like-this``.
        version: Raised when the same key would give other samples than before.
        summary: What it does, in one line for people.
        needs_gradients: Whether the classifier must be differentiable.
        batch_size: Waveforms the classifier is asked about at once.
        stop_at: A clip is left alone once its margin exceeds the goal's threshold by more than
            this, in logits; a very large number uses up all steps.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    summary: ClassVar[str]
    needs_gradients: ClassVar[bool] = True

    batch_size: int = 16
    stop_at: float = 0.0

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise CorruptionError(f"A batch size of {self.batch_size} was given; give 1 or more.")
        if not self.stop_at >= 0:
            raise CorruptionError(
                f"'{self.name}' was told to stop at {self.stop_at} beyond the goal; give 0 or more."
            )

    @abstractmethod
    def search(self, trace: Trace, ball: Ball, generators: Sequence[np.random.Generator]) -> None:
        """Judge perturbations within the ball through the trace, which keeps the best."""

    def run(
        self,
        logits: Logits,
        waveform: Float[Tensor, "batch time"],
        goal: Goal,
        budget: Budget,
        sample_rate: int,
        keys: Sequence[Key],
        progress: Progress | None = None,
        earlier: Attacked | None = None,
    ) -> Attacked:
        """Attack the decision about a batch of clips.

        Args:
            logits: The classifier, ``[batch, time] -> [batch, classes]``.
            waveform: The clips, within [-1, 1].
            goal: `AwayFrom` or `Towards` one label per clip.
            budget: How much may change.
            sample_rate: In hertz.
            keys: One per clip; they decide the random numbers.
            progress: Told the share done and a function that gives the result so far; it may
                raise to stop the work.
            earlier: A result for the same clips to go on from; it may come from `progress`.

        Raises:
            CorruptionError: The clips, the goal or the earlier result do not fit, or the
                classifier gives no gradients where they are needed.
        """
        if len(goal.labels) != len(waveform):
            raise CorruptionError(
                f"There are {len(waveform)} clips and {len(goal.labels)} labels; give one each."
            )
        objective = self.objective(logits, goal)
        return self.pursue(objective, waveform, budget, sample_rate, keys, progress, earlier)

    def pursue(
        self,
        objective: Objective,
        waveform: Float[Tensor, "batch time"],
        budget: Budget,
        sample_rate: int,
        keys: Sequence[Key],
        progress: Progress | None = None,
        earlier: Attacked | None = None,
    ) -> Attacked:
        """The same for any objective; arguments as in `run`."""
        check_input(waveform, sample_rate, keys)
        check_finite(waveform)
        check_range(waveform)
        trace = self.trace(objective, waveform, progress)
        ball = budget.around(waveform, sample_rate)
        if earlier is not None:
            trace.take_up(earlier, ball)
        self.search(trace, ball, [generator(self.name, self.version, key) for key in keys])
        trace.tell(1.0)
        return trace.result()

    def objective(self, logits: Logits, goal: Goal) -> Objective:
        """What is climbed; the margin unless a subclass says otherwise."""
        return DecisionObjective(logits, goal)

    def trace(
        self,
        objective: Objective,
        waveform: Float[Tensor, "batch time"],
        progress: Progress | None,
    ) -> Trace:
        """The record of one run."""
        return Trace(objective, waveform, self.batch_size, self.stop_at, progress)


@dataclass(frozen=True)
class LossAttack(Attack):
    """An attack that climbs one of several losses.

    Attributes:
        loss: ``margin``, ``cross-entropy`` or ``dlr`` (three classes or more).
    """

    loss: str = "margin"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss not in LOSSES:
            raise CorruptionError(
                f"There is no loss named '{self.loss}'. There are: {', '.join(LOSSES)}."
            )

    def objective(self, logits: Logits, goal: Goal) -> Objective:
        """See `Attack`."""
        return DecisionObjective(logits, goal, self.loss)


def at_least(name: str, least: int, **counts: int) -> None:
    """Refuse counts below a least one."""
    for what, count in counts.items():
        if count < least:
            raise CorruptionError(f"'{name}' was given {count} {what}; give {least} or more.")


def above(name: str, **values: float) -> None:
    """Refuse values that are not above zero and finite."""
    for what, value in values.items():
        if not 0 < value < math.inf:
            raise CorruptionError(f"'{name}' was given {what}={value}; it must be above 0.")


attacks: Registry[type[Attack]] = Registry(
    "attack",
    "xaudio.attacks",
    (
        "perturbations.attacks.gradient",
        "perturbations.attacks.minimal",
        "perturbations.attacks.universal",
        "perturbations.attacks.square",
    ),
    CorruptionError,
)

Kind = TypeVar("Kind", bound=type[Attack])


def register_attack(kind: Kind) -> Kind:
    """Decorator that files an attack under its own name."""
    attacks.register(kind.name)(kind)
    return kind


def load_attack(name: str, **settings: Any) -> Attack:
    """A registered attack, with its defaults unless told otherwise.

    Raises:
        CorruptionError: No such attack or no such setting, where those there are get named; or a
            value of another kind than the setting's default, or out of its range.

    >>> load_attack("pgd", steps=10).steps
    10
    """
    kind = attacks.get(name)
    defaults = {field.name: field.default for field in fields(kind)}
    unknown = [setting for setting in settings if setting not in defaults]
    if unknown:
        raise CorruptionError(
            f"'{name}' has no setting '{unknown[0]}'. There are: {', '.join(defaults)}."
        )
    fitting = {
        setting: of_kind(f"'{setting}' of '{name}'", value, defaults[setting])
        for setting, value in settings.items()
    }
    return kind(**fitting)
