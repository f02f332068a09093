"""Is a model robust, or are its gradients only useless? Checks after Athalye et al. (2018)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.attacks.attack import Attack
from perturbations.attacks.budgets import Budget, PeakBudget
from perturbations.attacks.gradient import Fgsm, Pgd
from perturbations.attacks.minimal import DecoupledDirection
from perturbations.attacks.objectives import DecisionObjective, Goal, Logits
from perturbations.attacks.square import Square
from perturbations.attacks.trace import Trace
from perturbations.corruption import Key, generator
from perturbations.errors import CorruptionError

DIRECTIONS = 8


@dataclass(frozen=True)
class MaskingCheck:
    """One check.

    Attributes:
        name: What is checked.
        passed: Whether gradients behave as they should.
        sentence: What was found, in words, with the numbers.
    """

    name: str
    passed: bool
    sentence: str


@dataclass(frozen=True)
class MaskingReport:
    """All checks of one model on some clips."""

    checks: tuple[MaskingCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing speaks for gradient masking."""
        return all(check.passed for check in self.checks)

    @property
    def flags(self) -> tuple[str, ...]:
        """What speaks for gradient masking, one sentence each."""
        return tuple(check.sentence for check in self.checks if not check.passed)


def check_gradient_masking(
    logits: Logits,
    waveform: Float[Tensor, "batch time"],
    goal: Goal,
    budgets: Sequence[Budget],
    sample_rate: int,
    keys: Sequence[Key],
    *,
    white_box: Attack | None = None,
    black_box: Attack | None = None,
) -> MaskingReport:
    """Check whether a model's gradients can be believed when attacks on it fail.

    Args:
        logits: The classifier.
        waveform: The clips, within [-1, 1].
        goal: Where their decisions shall go.
        budgets: Two or more, from the smallest to the largest. The comparisons of attacks are made
            at the middle one (the smaller of two).
        sample_rate: In hertz.
        keys: One per clip.
        white_box: The attack with gradients; PGD with its defaults unless given.
        black_box: The attack without; Square with its defaults unless given.

    Raises:
        CorruptionError: Fewer than two budgets, or as for `Attack.run`.
    """
    if len(budgets) < 2:
        raise CorruptionError(
            f"{len(budgets)} budgets were given; give at least two, the smallest first."
        )
    white, black = white_box or Pgd(), black_box or Square()

    def rate(attack: Attack, budget: Budget) -> float:
        found = attack.run(logits, waveform, goal, budget, sample_rate, keys)
        return found.success_rate

    rates = [rate(white, budget) for budget in budgets]
    middle = (len(budgets) - 1) // 2
    without, one_step = rate(black, budgets[middle]), rate(Fgsm(), budgets[middle])
    boundless = max(*rates, rate(DecoupledDirection(), PeakBudget(2.0)))
    along, random = _rises(logits, waveform, goal, budgets[middle], sample_rate, keys)
    return MaskingReport(
        (
            _growth(rates),
            _at_least("white box beats black box", white.name, rates[middle], black.name, without),
            _at_least("many steps beat one", white.name, rates[middle], "one step", one_step),
            _no_limit(boundless),
            _surface(along, random),
        )
    )


def _growth(rates: Sequence[float]) -> MaskingCheck:
    shown = ", ".join(f"{rate:.0%}" for rate in rates)
    grows = list(rates) == sorted(rates)
    verdict = "grows" if grows else "falls somewhere"
    return MaskingCheck(
        "success grows with the budget", grows, f"Success {verdict} with the budget: {shown}."
    )


def _at_least(
    name: str, better: str, better_rate: float, other: str, other_rate: float
) -> MaskingCheck:
    passed = better_rate >= other_rate
    verdict = "at least as much as" if passed else "less than"
    return MaskingCheck(
        name,
        passed,
        f"With gradients '{better}' succeeds on {better_rate:.0%}, {verdict} {other} with "
        f"{other_rate:.0%}.",
    )


def _no_limit(rate: float) -> MaskingCheck:
    passed = rate == 1
    missing = "" if passed else "; with nothing to hold it back it should on all"
    return MaskingCheck(
        "no limit, no resistance",
        passed,
        f"Without a limit but the range attacks succeed on {rate:.0%}{missing}.",
    )


def _surface(along: Float[Tensor, " batch"], random: Float[Tensor, " batch"]) -> MaskingCheck:
    share = float((along >= random).float().mean())
    passed = share >= 0.5
    verdict = "points uphill" if passed else "does not point uphill"
    return MaskingCheck(
        "the gradient points uphill",
        passed,
        f"The gradient {verdict}: a step of a tenth of the budget along it raises the margin more "
        f"than the best of {DIRECTIONS} random steps as large on {share:.0%} of the clips "
        f"(mean {float(along.mean()):+.3f} against {float(random.mean()):+.3f}).",
    )


def _rises(
    logits: Logits,
    waveform: Float[Tensor, "batch time"],
    goal: Goal,
    budget: Budget,
    sample_rate: int,
    keys: Sequence[Key],
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """How much the margin rises along the gradient, and along the best random direction."""
    ball = budget.around(waveform, sample_rate)
    trace = Trace(DecisionObjective(logits, goal), waveform, stop_at=np.inf)
    _, gradient = trace.climb(torch.zeros_like(waveform))
    before = trace.margin_before

    def rise(direction: Float[Tensor, "batch time"]) -> Float[Tensor, " batch"]:
        return trace.judge(ball.project(0.1 * direction)) - before

    draws = [generator("gradient-masking", 1, key) for key in keys]
    random = [rise(ball.steepest(ball.draw(draws))) for _ in range(DIRECTIONS)]
    return rise(ball.steepest(gradient)), torch.stack(random).amax(dim=0)
