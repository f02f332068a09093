"""One sound that moves the decision about many clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from perturbations.attacks.attack import LossAttack, above, at_least, register_attack
from perturbations.attacks.budgets import Ball, above_zero
from perturbations.attacks.objectives import Objective
from perturbations.attacks.trace import Progress, Trace


@register_attack
@dataclass(frozen=True)
class Universal(LossAttack):
    """One perturbation for all clips of a batch (after Moosavi-Dezfooli et al. 2017).

    Where the original takes clip after clip, all clips are climbed at once, along the sum of their
    gradients (Shafahi et al. 2020): the sound is played in each clip as loud as its budget allows.
    A sound shorter than a clip is repeated, a longer one cut. The sound is what was added to any of
    the clips; `played` puts it into others.

    Attributes:
        steps: Gradients of every clip.
        reach: How many radii all steps together could walk.
        samples: Length of the sound; 0 for that of the clips.
    """

    name: ClassVar[str] = "universal"
    summary: ClassVar[str] = "One sound for many clips, repeated or cut to their length."

    steps: int = 40
    reach: float = 5.0
    samples: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self.name, 1, steps=self.steps)
        at_least(self.name, 0, samples=self.samples)
        above(self.name, reach=self.reach)

    def trace(
        self,
        objective: Objective,
        waveform: Float[Tensor, "batch time"],
        progress: Progress | None,
    ) -> Trace:
        """See `Attack`."""
        return JointTrace(objective, waveform, self.batch_size, self.stop_at, progress)

    def search(
        self,
        trace: Trace,
        ball: Ball,
        generators: Sequence[np.random.Generator],  # noqa: ARG002
    ) -> None:
        """See `Attack`; all clips keep the sound that brought most of them to the goal."""
        length = self.samples or trace.clean.shape[1]
        sound = folded(trace.best[0], length)
        for step in range(self.steps):
            _, gradient = trace.climb(played(sound, ball))
            way = ball.steepest(tiled(folded(_joint(gradient), length), trace.clean))
            loudest = int(way.norm(dim=1).argmax())
            moved = ball.project(tiled(sound, trace.clean) + self.reach / self.steps * way)
            sound = folded(moved[loudest], length)
            trace.tell((step + 1) / (self.steps + 1))
        trace.judge(played(sound, ball))


class JointTrace(Trace):
    """Keeps what brings most clips to the goal together, then what has the largest mean margin.

    A step asks about all clips, until all have reached the goal.
    """

    @property
    def finished(self) -> Bool[Tensor, " batch"]:
        """All clips or none."""
        each = super().finished
        return each.all().expand_as(each)

    def _note(self, delta: Float[Tensor, "batch time"], margin: Float[Tensor, " batch"]) -> None:
        if self._rank(margin) > self._rank(self.best_margin):
            self.best, self.best_margin = delta, margin
        self.history.append(self.best_margin)

    def _rank(self, margin: Float[Tensor, " batch"]) -> tuple[int, float]:
        return int((margin > self.objective.threshold).sum()), float(margin.mean())


def played(sound: Float[Tensor, " samples"], ball: Ball) -> Float[Tensor, "batch time"]:
    """A sound in each of the ball's clips, repeated or cut, as loud as the budget allows."""
    return ball.fill(tiled(sound, ball.clean))


def tiled(
    sound: Float[Tensor, " samples"], clean: Float[Tensor, "batch time"]
) -> Float[Tensor, "batch time"]:
    """The sound repeated or cut to the clips' length, once for each clip.

    >>> tiled(torch.tensor([1.0, 2.0]), torch.zeros(1, 5))
    tensor([[1., 2., 1., 2., 1.]])
    """
    count, length = clean.shape
    return sound.repeat(-(-length // len(sound)))[:length].expand(count, -1)


def folded(signal: Float[Tensor, " time"], length: int) -> Float[Tensor, " length"]:
    """What a sound of this length would be if `signal` were its repetition: the mean of its turns.

    >>> folded(torch.tensor([1.0, 2.0, 3.0, 4.0]), 2)
    tensor([2., 3.])
    """
    turns = -(-len(signal) // length)
    padded = torch.nn.functional.pad(signal, (0, turns * length - len(signal)))
    return padded.reshape(turns, length).mean(dim=0)


def _joint(gradient: Float[Tensor, "batch time"]) -> Float[Tensor, " time"]:
    """The clips' gradients together, each counting the same."""
    return (gradient / above_zero(gradient.norm(dim=1, keepdim=True))).sum(dim=0)
