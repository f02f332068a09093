"""Detection costs as statistics: the lowest over all thresholds, and that at a fixed one."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from xaudio.metrics.dcf import ASVSPOOF5_COSTS, DetectionCosts
from xaudio.metrics.intervals import ValueRange
from xaudio.metrics.uncertainty.binning import ClassWeights
from xaudio.metrics.uncertainty.means import ClassMeans
from xaudio.metrics.uncertainty.statistic import RankingStatistic


@dataclass(frozen=True)
class MinimumCost(RankingStatistic):
    """As `min_dcf`: its threshold is fitted anew in every replicate."""

    costs: DetectionCosts = field(default=ASVSPOOF5_COSTS)

    @property
    def shares(self) -> tuple[float, float]:  # type: ignore[override]
        """What each error rate costs."""
        return self.costs.normalised

    def of_weights(self, weights: ClassWeights) -> Float[np.ndarray, " replicates"]:
        """The lowest cost, that of accepting everything among them."""
        return np.minimum(self._costs(weights).min(axis=1), self._cost_of_accepting())

    def critical_threshold(self, weights: ClassWeights) -> int:
        """How many distinct scores are rejected where it costs least."""
        cost = self._costs(weights)[0]
        best = int(np.argmin(cost))
        return best + 1 if cost[best] < self._cost_of_accepting() else 0

    def _costs(self, weights: ClassWeights) -> Float[np.ndarray, "replicates scores"]:
        missed, accepted = self.costs.normalised
        cost = weights.false_rejection()
        cost *= missed
        cost += accepted * weights.false_acceptance()
        return cost

    def _cost_of_accepting(self) -> float:
        return self.costs.normalised[1]


@dataclass(frozen=True)
class CostAt(ClassMeans):
    """As `dcf`: the detection cost at a threshold fixed beforehand.

    With `costs.bayes_threshold` it is `actual_dcf`.
    """

    threshold: float
    costs: DetectionCosts = field(default=ASVSPOOF5_COSTS)

    @property
    def value_range(self) -> ValueRange:  # type: ignore[override]
        """From no error to nothing but errors."""
        return ValueRange(0.0, sum(self.costs.normalised))

    @property
    def shares(self) -> tuple[float, float]:  # type: ignore[override]
        """What each error rate costs."""
        return self.costs.normalised

    def of_clips(
        self, scores: Float[np.ndarray, " clips"]
    ) -> tuple[Float[np.ndarray, " clips"], Float[np.ndarray, " clips"]]:
        """One for each error, as if bona fide and as if spoof."""
        rejected = (scores < self.threshold).astype(np.float64)
        return rejected, 1.0 - rejected
