"""By which rule an attack steps: steadily, with momentum, or with steps that adapt."""

import math
from abc import ABC, abstractmethod

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from perturbations.attacks.budgets import Ball, above_zero
from perturbations.attacks.trace import Trace


class Walk(ABC):
    """One ascent within a ball; it may remember where it has been."""

    @abstractmethod
    def next(
        self,
        delta: Float[Tensor, "batch time"],
        loss: Float[Tensor, " batch"],
        gradient: Float[Tensor, "batch time"],
    ) -> Float[Tensor, "batch time"]:
        """Where to go from a perturbation with this loss and gradient."""


def ascend(
    trace: Trace,
    walk: Walk,
    start: Float[Tensor, "batch time"],
    steps: int,
    done: float = 0.0,
    share: float = 1.0,
) -> Float[Tensor, "batch time"]:
    """Walk so many steps from a start, or until every clip is finished; where it ended.

    Args:
        trace: Judges and remembers.
        walk: The rule.
        start: A perturbation within the ball.
        steps: Gradients at most.
        done: Share of the whole work that lay before, for the progress.
        share: Share of the whole work that this is.
    """
    delta = start
    for step in range(steps):
        if bool(trace.finished.all()):
            return delta
        loss, gradient = trace.climb(delta)
        delta = walk.next(delta, loss, gradient)
        trace.tell(done + share * (step + 1) / (steps + 1))
    trace.judge(delta)
    return delta


class SteadyWalk(Walk):
    """Steps of one size along the steepest ascent (Madry et al. 2018)."""

    def __init__(self, ball: Ball, size: float):
        """Steps of `size` times the ball's radius."""
        self.ball, self.size = ball, size

    def next(
        self,
        delta: Float[Tensor, "batch time"],
        loss: Float[Tensor, " batch"],  # noqa: ARG002
        gradient: Float[Tensor, "batch time"],
    ) -> Float[Tensor, "batch time"]:
        """See `Walk`."""
        return self.ball.project(delta + self.size * self.ball.steepest(gradient))


class MomentumWalk(Walk):
    """Steps along a decaying sum of gradients, each divided by its mean size (Dong et al. 2018)."""

    def __init__(self, ball: Ball, size: float, decay: float):
        """Steps of `size` times the ball's radius; `decay` is what is left of older gradients."""
        self.ball, self.size, self.decay = ball, size, decay
        self.velocity = torch.zeros_like(ball.clean)

    def next(
        self,
        delta: Float[Tensor, "batch time"],
        loss: Float[Tensor, " batch"],  # noqa: ARG002
        gradient: Float[Tensor, "batch time"],
    ) -> Float[Tensor, "batch time"]:
        """See `Walk`."""
        fresh = gradient / above_zero(gradient.abs().mean(dim=1, keepdim=True))
        self.velocity = self.decay * self.velocity + fresh
        return self.ball.project(delta + self.size * self.ball.steepest(self.velocity))


class AdaptiveWalk(Walk):
    """APGD (Croce and Hein 2020, algorithm 1): halves its steps when it stops getting on.

    Step sizes start at twice the radius. At checkpoints that come ever closer, a clip whose loss
    rose in fewer than `RISING` of the steps since, or whose best is no better with the same step
    size, has its step halved and goes back to its best point (here with no momentum left).
    """

    RISING = 0.75
    MOMENTUM = 0.75

    def __init__(self, ball: Ball, steps: int):
        """For a walk of so many steps."""
        self.ball = ball
        self.checkpoints = set(checkpoints(steps))
        clean = ball.clean
        lowest = torch.full_like(clean[:, 0], -torch.inf)
        self.size = torch.full_like(lowest, 2.0)
        self.last_loss, self.best_loss, self.checked_loss = lowest, lowest, lowest
        self.best, self.best_gradient = torch.zeros_like(clean), torch.zeros_like(clean)
        self.previous = torch.zeros_like(clean)
        self.rises = torch.zeros_like(lowest)
        self.halved = torch.zeros_like(lowest, dtype=torch.bool)
        self.step = self.checked = 0

    def next(
        self,
        delta: Float[Tensor, "batch time"],
        loss: Float[Tensor, " batch"],
        gradient: Float[Tensor, "batch time"],
    ) -> Float[Tensor, "batch time"]:
        """See `Walk`."""
        self._remember(delta, loss, gradient)
        if self.step == 0:
            self.previous = delta
        if self.step in self.checkpoints:
            stuck = self._stuck()[:, None]
            delta = torch.where(stuck, self.best, delta)
            gradient = torch.where(stuck, self.best_gradient, gradient)
            self.previous = torch.where(stuck, delta, self.previous)
        stride = self.size[:, None] * self.ball.steepest(gradient)
        ahead = self.ball.project(delta + stride)
        keep = self.MOMENTUM if self.step else 1.0
        moved = delta + keep * (ahead - delta) + (1 - keep) * (delta - self.previous)
        self.previous = delta
        self.step += 1
        return self.ball.project(moved)

    def _remember(
        self,
        delta: Float[Tensor, "batch time"],
        loss: Float[Tensor, " batch"],
        gradient: Float[Tensor, "batch time"],
    ) -> None:
        if self.step:
            self.rises = self.rises + (loss > self.last_loss)
        self.last_loss = loss
        better = loss > self.best_loss
        self.best_loss = torch.where(better, loss, self.best_loss)
        self.best = torch.where(better[:, None], delta, self.best)
        self.best_gradient = torch.where(better[:, None], gradient, self.best_gradient)

    def _stuck(self) -> Bool[Tensor, " batch"]:
        """Which clips go back to their best with half the step; begins the next stretch."""
        few = self.rises < self.RISING * (self.step - self.checked)
        stuck = few | (~self.halved & (self.best_loss <= self.checked_loss))
        self.size = torch.where(stuck, self.size / 2, self.size)
        self.halved, self.checked, self.checked_loss = stuck, self.step, self.best_loss
        self.rises = torch.zeros_like(self.rises)
        return stuck


def checkpoints(steps: int) -> list[int]:
    """The steps at which APGD looks back (Croce and Hein 2020, section 3).

    >>> checkpoints(100)
    [22, 41, 57, 70, 80, 87, 93, 99]
    """
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    return [math.ceil(round(share * steps, 6)) for share in shares[1:] if share < 1]
