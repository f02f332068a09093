"""White-box attacks that look for the smallest perturbation (in L2) instead of filling a budget."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from perturbations.attacks.attack import Attack, above, at_least, register_attack
from perturbations.attacks.budgets import Ball, above_zero
from perturbations.attacks.objectives import Objective
from perturbations.attacks.trace import Progress, SmallestTrace, Trace

HALVINGS = 12


@dataclass(frozen=True)
class SmallestAttack(Attack):
    """An attack that keeps the smallest perturbation; the budget is only a limit to it."""

    def trace(
        self,
        objective: Objective,
        waveform: Float[Tensor, "batch time"],
        progress: Progress | None,
    ) -> Trace:
        """See `Attack`."""
        return SmallestTrace(objective, waveform, self.batch_size, self.stop_at, progress)


@register_attack
@dataclass(frozen=True)
class CarliniWagner(SmallestAttack):
    """The L2 attack of Carlini and Wagner (2017), on the clip's own samples.

    Minimises ``|delta|^2 / |clip|^2 + constant * max(threshold - margin, 0)`` with Adam. The
    constant of each clip is searched: ten times as large until the goal is reached, then halved
    geometrically between the largest that failed and the smallest that did not. Unlike the
    original, the range is kept by projection and not by a hyperbolic tangent (whose slope would
    differ between loud and soft samples), the energy is relative to the clip's so that one
    constant suits loud and soft clips, Adam's second moment is one number per clip (one per sample
    would bend the steps away from least energy), its steps are as long as the perturbation asks
    for, and the result is shrunk along its ray.

    Attributes:
        steps: Gradients per constant.
        constants: How many constants are tried.
        first_constant: The first one.
        rate: Length of a step with the first constant, in norms of the clip: three times as long
            with each further one until the goal is reached, then a tenth of the smallest
            perturbation found. Within one descent it falls to zero.
    """

    name: ClassVar[str] = "carlini-wagner"
    summary: ClassVar[str] = "The smallest perturbation, by weighing its energy against the goal."

    steps: int = 60
    constants: int = 8
    first_constant: float = 1e-6
    rate: float = 0.001

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self.name, 1, steps=self.steps, constants=self.constants)
        above(self.name, first_constant=self.first_constant, rate=self.rate)

    def search(
        self,
        trace: Trace,
        ball: Ball,
        generators: Sequence[np.random.Generator],  # noqa: ARG002
    ) -> None:
        """See `Attack`."""
        constant = torch.full_like(trace.best_margin, self.first_constant)
        failed, reached = torch.zeros_like(constant), torch.full_like(constant, torch.inf)
        stride = self.rate * trace.clean.norm(dim=1)
        for number in range(self.constants):
            found = self._descend(trace, ball, constant, stride)
            reached = torch.where(found, torch.minimum(constant, reached), reached)
            failed = torch.where(found, failed, torch.maximum(constant, failed))
            middle = torch.sqrt(torch.where(failed > 0, failed, reached / 100) * reached)
            constant = torch.where(reached.isinf(), 10 * constant, middle)
            stride = torch.where(trace.succeeded, trace.best.norm(dim=1) / 10, 3 * stride)
            trace.tell((number + 1) / (self.constants + 1))
        shrink(trace)

    def _descend(
        self,
        trace: Trace,
        ball: Ball,
        constant: Float[Tensor, " batch"],
        stride: Float[Tensor, " batch"],
    ) -> Bool[Tensor, " batch"]:
        """One descent per clip with its constant; which of them reached the goal on the way."""
        energy = above_zero(trace.clean.square().sum(dim=1))[:, None]
        delta, mean = torch.zeros_like(trace.clean), torch.zeros_like(trace.clean)
        square = torch.zeros_like(energy)
        found = torch.zeros_like(constant, dtype=torch.bool)
        for step in range(1, self.steps + 1):
            margin, gradient = trace.climb(delta)
            short = margin <= trace.objective.threshold
            found = found | ~short
            slope = 2 * delta / energy - (constant * short)[:, None] * gradient
            mean = 0.9 * mean + 0.1 * slope
            square = 0.999 * square + 0.001 * slope.square().sum(dim=1, keepdim=True)
            way = mean / (1 - 0.9**step) / above_zero((square / (1 - 0.999**step)).sqrt())
            falling = 1 - (step - 1) / self.steps
            delta = ball.project(delta - falling * stride[:, None] * way)
        return found | (trace.judge(delta) > trace.objective.threshold)


@register_attack
@dataclass(frozen=True)
class DecoupledDirection(SmallestAttack):
    """Decoupled direction and norm (Rony et al. 2019): one descent, no constant to search.

    Each step goes along the gradient; the perturbation's norm is then set to a value that shrinks
    a little while the goal is reached and grows while it is not. Ours: the norm doubles until the
    goal is reached for the first time, and the result is shrunk along its ray.

    Attributes:
        steps: Gradients.
        start_snr_db: The first norm, as a signal-to-noise ratio in dB.
        change: By which share the norm shrinks or grows at first; it falls over the steps.
        rate: Length of a step at first, in norms; it falls over the steps (cosine).
    """

    name: ClassVar[str] = "ddn"
    summary: ClassVar[str] = "The smallest perturbation, its direction and its size stepped apart."

    steps: int = 100
    start_snr_db: float = 60.0
    change: float = 0.1
    rate: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self.name, 1, steps=self.steps)
        above(self.name, change=self.change, rate=self.rate)

    def search(
        self,
        trace: Trace,
        ball: Ball,
        generators: Sequence[np.random.Generator],  # noqa: ARG002
    ) -> None:
        """See `Attack`."""
        norm = trace.clean.norm(dim=1) * 10 ** (-self.start_snr_db / 20)
        delta = torch.zeros_like(trace.clean)
        for step in range(self.steps):
            margin, gradient = trace.climb(delta)
            falling = (1 + math.cos(math.pi * step / self.steps)) / 2
            if step:
                change = 1 + self.change * max(falling, 0.02)
                reached = margin > trace.objective.threshold
                grown = norm * torch.where(trace.succeeded, change, 2.0)
                norm = torch.where(reached, delta.norm(dim=1) / change, grown)
            way = gradient * (norm / above_zero(gradient.norm(dim=1)))[:, None]
            delta = delta + self.rate * max(falling, 0.01) * way
            delta = delta * (norm / above_zero(delta.norm(dim=1)))[:, None]
            delta = ball.project(delta)
            trace.tell((step + 1) / (self.steps + 1))
        trace.judge(delta)
        shrink(trace)


def shrink(trace: Trace) -> None:
    """Halve between what reaches the goal and the clean clip, along the ray of the best found."""
    low, high = torch.zeros_like(trace.best_margin), torch.ones_like(trace.best_margin)
    ray = torch.where(trace.succeeded[:, None], trace.best, 0.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = trace.judge(middle[:, None] * ray) > trace.objective.threshold
        low, high = torch.where(reached, low, middle), torch.where(reached, middle, high)
