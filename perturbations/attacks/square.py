"""Square attack on sound: a random search that asks only for scores."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from perturbations.attacks.attack import Attack, at_least, register_attack
from perturbations.attacks.budgets import Ball
from perturbations.attacks.trace import Trace
from perturbations.errors import CorruptionError

PUBLISHED_QUERIES = 10_000
HALVED_AT = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
WIDEST_STRIPE = 64
LOUDNESSES = (0.25, 0.5, 1.0, 2.0, 4.0)


@register_attack
@dataclass(frozen=True)
class Square(Attack):
    """The black-box Square attack (Andriushchenko et al. 2020), in one dimension.

    The perturbation begins as stripes of random sign over the whole clip. At every step one
    interval of it is drawn anew; what is not better is undone. The interval's share of the clip
    halves on the paper's schedule, stretched to the number of queries. Ours: within an interval
    the signs change in stripes of 1 to 64 samples, because a constant is a sound no one hears and
    few classifiers notice; and in balls other than the cube an interval is louder or softer than
    the rest (at random, up to four times), which is how the energy gets to where it counts.

    Attributes:
        queries: Steps, each one evaluation of every clip that is not finished.
        first_share: Share of the clip that is drawn anew at first; 0.05 is the paper's.
    """

    name: ClassVar[str] = "square"
    summary: ClassVar[str] = "Random search over stripes; needs scores only, no gradients."
    needs_gradients: ClassVar[bool] = False

    queries: int = 500
    first_share: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self.name, 1, queries=self.queries)
        if not 0 < self.first_share <= 1:
            raise CorruptionError(
                f"'square' was given a first share of {self.first_share}; it must be above 0 and "
                "at most 1."
            )

    def search(self, trace: Trace, ball: Ball, generators: Sequence[np.random.Generator]) -> None:
        """See `Attack`."""
        length = trace.clean.shape[1]
        start = np.stack([stripes(each, length) for each in generators])
        pattern = torch.from_numpy(start).to(trace.clean)
        kept, most = pattern, trace.judge(ball.fill(pattern))
        for query in range(1, self.queries):
            if bool(trace.finished.all()):
                return
            drawn = np.stack([self._redrawn(each, length, query) for each in generators])
            interval = torch.from_numpy(drawn).to(trace.clean)
            pattern = torch.where(interval != 0, interval, kept)
            margin = trace.judge(ball.fill(pattern))
            better = margin > most
            kept = torch.where(better[:, None], pattern, kept)
            most = torch.where(better, margin, most)
            trace.tell((query + 1) / (self.queries + 1))

    def _redrawn(self, generator: np.random.Generator, length: int, query: int) -> np.ndarray:
        """A new interval of stripes among zeros."""
        halvings = bisect.bisect_right(HALVED_AT, query * PUBLISHED_QUERIES / self.queries)
        size = max(1, round(self.first_share * 0.5**halvings * length))
        begin = generator.integers(0, length - size + 1)
        drawn = np.zeros(length)
        drawn[begin : begin + size] = generator.choice(LOUDNESSES) * stripes(generator, size)
        return drawn


def stripes(generator: np.random.Generator, length: int) -> np.ndarray:
    """Random signs that each hold for as many samples, 1 to 64 (logarithmically uniform)."""
    width = round(float(np.exp(generator.uniform(0, np.log(WIDEST_STRIPE)))))
    signs = generator.integers(0, 2, -(-length // width)) * 2 - 1
    return np.repeat(signs, width)[:length].astype(float)
