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

from explainers.explainer import Attribution, register_explainer
from explainers.removal.estimators.sliding import Sliding
from explainers.removal.game import Estimator
from explainers.removal.method import Found, RemovalMethod
from explainers.removal.occlusion import over_windows
from explainers.removal.parts import Parts, Stretch, TimeParts
from explainers.segmentation.windows import Windows


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
        Windows(self.window, self.hop)

    def cut(self, clip: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """The hops."""
        return Windows(self.hop).cut(clip, sample_rate)

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
        assert isinstance(found.parts, TimeParts)
        hops = [stretch for (stretch,) in found.parts.stretches]
        count = len(found.played.estimates.values)
        return over_windows(found, slid_windows(hops, self._hops, count), score)


def slid_windows(hops: Sequence[Stretch], size: int, count: int) -> list[Stretch]:
    """Where the `count` blocks of `size` neighbouring hops lie that `Sliding` asks about."""
    return [(hops[i][0], hops[min(i + size, len(hops)) - 1][1]) for i in range(count)]
