"""Occlusion from both sides: what the score loses without a window, and what the window alone does.

Taking a window away asks whether the score can do without it. Where several stretches speak for
the same thing it always can, and occlusion sees nothing; the window alone shows it. Where nothing
is enough by itself, taking it away does. The mean of both is the Shapley value of the window in
the game of two: the window, and all the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import Attribution, register_explainer
from explainers.removal.estimators.sliding import Sliding
from explainers.removal.game import Estimator
from explainers.removal.method import Found, RemovalMethod, listed
from explainers.removal.occlusion import mean_over_windows
from explainers.removal.parts import Stretch, TimeParts
from explainers.segmentation.naming import spans
from perturbations.masking import time_segments


@register_explainer
@dataclass(frozen=True)
class TwoSidedOcclusion(RemovalMethod):
    """What the score loses without a window, and gains from it alone, the mean of the two.

    A window's worth is spread evenly over its samples, and a sample under several windows takes
    their mean.

    Attributes:
        window: Length of a window in seconds; rounded to whole hops.
        hop: Seconds from one window to the next, at most `window`.
    """

    window: float = 0.4
    hop: float = 0.1
    evaluations: int = 10_000

    name: ClassVar[str] = "two-sided-occlusion"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "What the score loses without each window of time, and what it gains from it alone."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.hop <= self.window < float("inf"):
            raise ExplanationError(
                f"Windows of {self.window} s every {self.hop} s were asked for; give "
                "0 < hop <= window, or parts of the clip are never looked at."
            )

    def cut(self, clip: Float[Tensor, " time"], sample_rate: int) -> TimeParts:
        """The hops."""
        hops = time_segments(len(clip), sample_rate, self.hop)
        times = [(start / sample_rate, stop / sample_rate) for start, stop in hops]
        names = tuple(spans(times, "s", decimals=2))
        return TimeParts(names, tuple((one,) for one in hops), len(clip), sample_rate)

    def estimator(self) -> Estimator:
        """Windows slid along."""
        return Sliding(self._hops)

    @property
    def _hops(self) -> int:
        return round(self.window / self.hop)

    def expected(self, players: int) -> int:
        """Two evaluations for each window."""
        return 2 * players

    def attribution(self, found: Found, score: float) -> Attribution:
        """The mean worth over each sample, and the accounts."""
        parts, nothing = found.parts, found.played.nothing
        assert isinstance(parts, TimeParts)
        worth = found.played.estimates.values
        windows = slid_windows([own[0] for own in parts.stretches], self._hops, len(worth))
        density = mean_over_windows(worth, windows, parts.length)
        interaction = score - nothing - float(density.sum())
        ledger = {"everything replaced": nothing, "interaction": interaction}
        rate = parts.sample_rate
        names = spans([(start / rate, stop / rate) for start, stop in windows], "s", decimals=2)
        told = listed(names, worth, found.played.estimates.standard_errors)
        return Attribution(
            density, more={"ledger": ledger}, findings={**found.notes, "parts": told}
        )


def slid_windows(hops: Sequence[Stretch], size: int, count: int) -> list[Stretch]:
    """Where the `count` blocks of `size` neighbouring hops lie that `Sliding` asks about."""
    return [(hops[i][0], hops[min(i + size, len(hops)) - 1][1]) for i in range(count)]
