"""The record of one run: asks the objective, counts, and keeps each clip's best so far."""

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from perturbations.attacks.attacked import Attacked, snr_db
from perturbations.attacks.budgets import Ball
from perturbations.attacks.objectives import Appraisal, Objective
from perturbations.errors import CorruptionError

Progress = Callable[[float, Callable[[], Attacked]], None]


class Trace:
    """Asks an objective about perturbed clips and remembers, for each, the best it saw.

    Best is the largest margin. A clip whose best exceeds the threshold by more than `stop_at` is
    finished: it is asked about no more.

    Attributes:
        clean: The clips.
        best: The best perturbation so far.
        best_margin: Its margin.
        margin_before: That of the clean clips.
        evaluations: How often the classifier was asked about each clip.
    """

    def __init__(
        self,
        objective: Objective,
        clean: Float[Tensor, "batch time"],
        batch_size: int = 16,
        stop_at: float = 0.0,
        progress: Progress | None = None,
    ):
        """Begin with the clean clips, which are judged.

        Args:
            objective: What is asked.
            clean: The clips, within [-1, 1].
            batch_size: Waveforms per question.
            stop_at: How far beyond the threshold a clip is finished; infinity for never.
            progress: Told the share done and a function that gives the result so far; it may
                raise to stop the work.
        """
        self.clean = clean
        self.objective = objective
        self.batch_size = batch_size
        self.stop_at = stop_at
        self.progress = progress
        self.best = torch.zeros_like(clean)
        self.best_margin = torch.full_like(clean[:, 0], -torch.inf)
        self.evaluations = torch.zeros(len(clean), dtype=torch.long)
        self.history: list[Float[Tensor, " batch"]] = []
        self.margin_before = self.judge(self.best)

    @property
    def finished(self) -> Bool[Tensor, " batch"]:
        """Which clips need no more work."""
        return self.best_margin > self.objective.threshold + self.stop_at

    @property
    def succeeded(self) -> Bool[Tensor, " batch"]:
        """Which clips have reached the goal."""
        return self.best_margin > self.objective.threshold

    def judge(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, " batch"]:
        """The margin of each perturbed clip; of finished clips the one they ended with."""
        margin = self.best_margin.clone()
        for rows in self._unfinished():
            with torch.no_grad():
                margin[rows] = self._ask(self._perturbed(delta)[rows], rows).margin.to(margin)
        self._note(delta, margin)
        return margin

    def climb(
        self, delta: Float[Tensor, "batch time"]
    ) -> tuple[Float[Tensor, " batch"], Float[Tensor, "batch time"]]:
        """The loss of each perturbed clip and its gradient, zero for finished clips.

        A gradient that is no number (behind a logarithm of digital silence) counts as none.

        Raises:
            CorruptionError: The classifier gives no gradients.
        """
        margin, loss = self.best_margin.clone(), torch.zeros_like(self.best_margin)
        gradient = torch.zeros_like(delta)
        for rows in self._unfinished():
            waveform = self._perturbed(delta)[rows].detach().requires_grad_()
            appraisal = self._ask(waveform, rows)
            slope = _gradient(appraisal.loss, waveform)
            gradient[rows] = slope.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
            loss[rows] = appraisal.loss.detach().to(loss)
            margin[rows] = appraisal.margin.to(margin)
        self._note(delta, margin)
        return loss, gradient

    def tell(self, share: float) -> None:
        """Say how much is done, 0 to 1."""
        if self.progress is not None:
            self.progress(share, self.result)

    def take_up(self, earlier: Attacked, ball: Ball) -> None:
        """Go on from an earlier result of the same clips: its best, its history, its count.

        Raises:
            CorruptionError: The earlier result is of another number of clips or of another length.
        """
        if earlier.waveform.shape != self.clean.shape:
            raise CorruptionError(
                f"The earlier result has shape {tuple(earlier.waveform.shape)}; these clips have "
                f"{tuple(self.clean.shape)}. Go on with the clips it was made from."
            )
        self.judge(ball.project(earlier.waveform.to(self.clean) - self.clean))
        self.history = [*earlier.history.to(self.clean), *self.history[-1:]]
        self.evaluations += earlier.evaluations

    def result(self) -> Attacked:
        """The best of every clip."""
        return Attacked.measured(
            self.clean,
            self._perturbed(self.best),
            succeeded=self.succeeded,
            score_before=self.margin_before,
            score_after=self.best_margin.clone(),
            evaluations=self.evaluations.clone(),
            history=torch.stack(self.history),
        )

    def worth(
        self,
        delta: Float[Tensor, "batch time"],  # noqa: ARG002
        margin: Float[Tensor, " batch"],
    ) -> Float[Tensor, " batch"]:
        """What makes one perturbation better than another."""
        return margin

    def _note(self, delta: Float[Tensor, "batch time"], margin: Float[Tensor, " batch"]) -> None:
        """Keep what is better than the best so far."""
        better = self.worth(delta, margin) > self.worth(self.best, self.best_margin)
        self.best = torch.where(better[:, None], delta, self.best)
        self.best_margin = torch.where(better, margin, self.best_margin)
        self.history.append(self.worth(self.best, self.best_margin))

    def _perturbed(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        return (self.clean + delta).clamp(-1, 1)

    def _ask(self, waveform: Float[Tensor, "some time"], rows: Int[Tensor, " some"]) -> Appraisal:
        self.evaluations[rows.cpu()] += 1
        return self.objective(waveform, rows)

    def _unfinished(self) -> Iterator[Int[Tensor, " some"]]:
        """The rows that still need work, a batch at a time."""
        rows = (~self.finished).nonzero()[:, 0]
        return iter(rows.split(self.batch_size)) if len(rows) else iter(())


class SmallestTrace(Trace):
    """Keeps the smallest perturbation that reaches the goal; until then the largest margin.

    No clip is ever finished. The history holds the signal-to-noise ratio in dB of what was kept,
    minus infinity before the goal is reached.
    """

    @property
    def finished(self) -> Bool[Tensor, " batch"]:
        """None: a smaller perturbation may be found as long as one looks."""
        return torch.zeros_like(self.best_margin, dtype=torch.bool)

    def _note(self, delta: Float[Tensor, "batch time"], margin: Float[Tensor, " batch"]) -> None:
        reached = margin > self.objective.threshold
        smaller = delta.norm(dim=1) < self.best.norm(dim=1)
        better = torch.where(
            self.succeeded, reached & smaller, reached | (margin > self.best_margin)
        )
        self.best = torch.where(better[:, None], delta, self.best)
        self.best_margin = torch.where(better, margin, self.best_margin)
        reached_at = snr_db(self.clean, self.clean + self.best)
        self.history.append(torch.where(self.succeeded, reached_at, -torch.inf))


def _gradient(
    loss: Float[Tensor, " some"], waveform: Float[Tensor, "some time"]
) -> Float[Tensor, "some time"]:
    found = None
    if loss.requires_grad:
        (found,) = torch.autograd.grad(loss.sum(), waveform, allow_unused=True)
    if found is None:
        raise CorruptionError(
            "The classifier gives no gradients with respect to the samples; use 'square', which "
            "needs none."
        )
    return found
