"""Statistics that are means over clips: error rates at a fixed threshold, Cllr, the mean score."""

from abc import abstractmethod
from dataclasses import dataclass
from math import log

import numpy as np
from jaxtyping import Bool, Float

from xaudio.errors import MetricError
from xaudio.metrics.intervals import SHARES, ValueRange
from xaudio.metrics.uncertainty.statistic import MeanStatistic


class ClassMeans(MeanStatistic):
    """A mean over bona fide clips, one over spoofs, or both added up.

    Attributes:
        shares: With what the mean over bona fide clips counts, and that over spoofs.
    """

    @property
    @abstractmethod
    def shares(self) -> tuple[float, float]: ...  # type: ignore[override]  # noqa: D102

    @property
    def classes(self) -> tuple[bool, bool]:  # type: ignore[override]
        """Those with a share."""
        return self.shares[0] != 0.0, self.shares[1] != 0.0

    @abstractmethod
    def of_clips(
        self, scores: Float[np.ndarray, " clips"]
    ) -> tuple[Float[np.ndarray, " clips"], Float[np.ndarray, " clips"]]:
        """What each clip contributes if it is bona fide, and if it is spoof."""

    def columns(
        self, scores: Float[np.ndarray, " clips"], is_bonafide: Bool[np.ndarray, " clips"]
    ) -> Float[np.ndarray, "clips columns"]:
        """Contributions and counts of each class that plays a part."""
        found = []
        kinds = ((is_bonafide, "bona fide"), (~is_bonafide, "spoofed"))
        for share, values, (inside, kind) in zip(
            self.shares, self.of_clips(scores), kinds, strict=True
        ):
            if share and not inside.any():
                raise MetricError(f"{type(self).__name__} needs {kind} clips; there are none.")
            found += [np.where(inside, values, 0.0), inside.astype(np.float64)] if share else []
        return np.stack(found, axis=1)

    def of_sums(self, sums: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, " rows"]:
        """The class means, each with its share."""
        means = sums[:, ::2] / sums[:, 1::2]
        return means @ np.array([share for share in self.shares if share])


@dataclass(frozen=True)
class FalseRejection(ClassMeans):
    """Share of bona fide clips below a threshold fixed beforehand; needs no spoofs."""

    threshold: float
    value_range = SHARES
    shares = (1.0, 0.0)

    def of_clips(
        self, scores: Float[np.ndarray, " clips"]
    ) -> tuple[Float[np.ndarray, " clips"], Float[np.ndarray, " clips"]]:
        """One where it is rejected."""
        rejected = (scores < self.threshold).astype(np.float64)
        return rejected, rejected


@dataclass(frozen=True)
class FalseAcceptance(ClassMeans):
    """Share of spoofs at or above a threshold fixed beforehand; needs no bona fide clips."""

    threshold: float
    value_range = SHARES
    shares = (0.0, 1.0)

    def of_clips(
        self, scores: Float[np.ndarray, " clips"]
    ) -> tuple[Float[np.ndarray, " clips"], Float[np.ndarray, " clips"]]:
        """One where it is accepted."""
        accepted = (scores >= self.threshold).astype(np.float64)
        return accepted, accepted


@dataclass(frozen=True)
class BalancedAccuracy(ClassMeans):
    """Mean of the two shares decided rightly at a threshold fixed beforehand."""

    threshold: float
    value_range = SHARES
    shares = (0.5, 0.5)
    lower_is_better = False

    def of_clips(
        self, scores: Float[np.ndarray, " clips"]
    ) -> tuple[Float[np.ndarray, " clips"], Float[np.ndarray, " clips"]]:
        """One where the decision is right."""
        accepted = (scores >= self.threshold).astype(np.float64)
        return accepted, 1.0 - accepted


@dataclass(frozen=True)
class LikelihoodRatioCost(ClassMeans):
    """As `cllr`, in bits."""

    value_range = ValueRange(low=0.0)
    shares = (0.5, 0.5)

    def of_clips(
        self, scores: Float[np.ndarray, " clips"]
    ) -> tuple[Float[np.ndarray, " clips"], Float[np.ndarray, " clips"]]:
        """What taking the score as a log-likelihood ratio costs."""
        return np.logaddexp(0.0, -scores) / log(2.0), np.logaddexp(0.0, scores) / log(2.0)


@dataclass(frozen=True)
class MeanScore(MeanStatistic):
    """The mean score of all clips given; its paired difference is the shift of the scores."""

    lower_is_better = False

    def columns(
        self,
        scores: Float[np.ndarray, " clips"],
        is_bonafide: Bool[np.ndarray, " clips"],  # noqa: ARG002 - of both classes alike
    ) -> Float[np.ndarray, "clips columns"]:
        """The score, and one."""
        return np.stack((scores, np.ones_like(scores)), axis=1)

    def of_sums(self, sums: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, " rows"]:
        """Their quotient."""
        return sums[:, 0] / sums[:, 1]
