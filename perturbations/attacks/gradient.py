"""White-box attacks within a budget: one step, many, with momentum, with adapting steps."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from perturbations.attacks.attack import LossAttack, above, at_least, register_attack
from perturbations.attacks.budgets import Ball
from perturbations.attacks.stepping import AdaptiveWalk, MomentumWalk, SteadyWalk, Walk, ascend
from perturbations.attacks.trace import Trace


@register_attack
@dataclass(frozen=True)
class Fgsm(LossAttack):
    """The fast gradient sign method (Goodfellow et al. 2015): one step to the budget's edge.

    In a ball that is no cube the step goes along that ball's steepest ascent.
    """

    name: ClassVar[str] = "fgsm"
    summary: ClassVar[str] = "One step along the gradient, as far as the budget goes."

    def search(
        self,
        trace: Trace,
        ball: Ball,
        generators: Sequence[np.random.Generator],  # noqa: ARG002
    ) -> None:
        """See `Attack`."""
        ascend(trace, SteadyWalk(ball, 1.0), ball.project(trace.best), steps=1)


@dataclass(frozen=True)
class Iterated(LossAttack):
    """Many steps from the clip itself, then from random starts for clips that hold out.

    Attributes:
        steps: Gradients per start.
        restarts: Random starts after the first.
    """

    steps: int = 40
    restarts: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self.name, 1, steps=self.steps)
        at_least(self.name, 0, restarts=self.restarts)

    @abstractmethod
    def walk(self, ball: Ball) -> Walk:
        """The stepping rule of one start."""

    def search(self, trace: Trace, ball: Ball, generators: Sequence[np.random.Generator]) -> None:
        """See `Attack`."""
        share = 1 / (self.restarts + 1)
        ascend(trace, self.walk(ball), ball.project(trace.best), self.steps, share=share)
        for restart in range(1, self.restarts + 1):
            start = ball.draw(generators)
            ascend(trace, self.walk(ball), start, self.steps, restart * share, share)


@register_attack
@dataclass(frozen=True)
class Pgd(Iterated):
    """Projected gradient descent (Madry et al. 2018).

    Attributes:
        reach: How many radii all steps of one start could walk together; 2.5 is Madry et al.'s.
    """

    name: ClassVar[str] = "pgd"
    summary: ClassVar[str] = "Many small steps along the gradient, each brought back into budget."

    reach: float = 2.5

    def __post_init__(self) -> None:
        super().__post_init__()
        above(self.name, reach=self.reach)

    def walk(self, ball: Ball) -> Walk:
        """See `Iterated`."""
        return SteadyWalk(ball, self.reach / self.steps)


@register_attack
@dataclass(frozen=True)
class MomentumPgd(Pgd):
    """Steps along a decaying sum of gradients (Dong et al. 2018), which carries over better.

    Attributes:
        decay: What is left of older gradients at each step; 1 is Dong et al.'s.
    """

    name: ClassVar[str] = "momentum-pgd"
    summary: ClassVar[str] = "As pgd, along a running sum of the gradients."

    decay: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        above(self.name, decay=self.decay)

    def walk(self, ball: Ball) -> Walk:
        """See `Iterated`."""
        return MomentumWalk(ball, self.reach / self.steps, self.decay)


@register_attack
@dataclass(frozen=True)
class Apgd(Iterated):
    """Auto-PGD (Croce and Hein 2020): no step size to choose, ends at the best point it saw.

    The loss `dlr` needs three classes (four with a target); a detector has two, for which the
    margin of logits is the same thing unscaled.
    """

    name: ClassVar[str] = "apgd"
    summary: ClassVar[str] = "As pgd, with steps that halve when they stop getting on."

    steps: int = 100

    def walk(self, ball: Ball) -> Walk:
        """See `Iterated`."""
        return AdaptiveWalk(ball, self.steps)
