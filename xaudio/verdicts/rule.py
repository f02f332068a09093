"""What decides where the threshold lies: costs and a prior, or a false acceptance rate."""

from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.dcf import DetectionCosts
from xaudio.metrics.thresholds import false_acceptance_threshold


@dataclass(frozen=True)
class LeastCost:
    """The Bayes threshold: least expected cost, if the LLRs are calibrated.

    Attributes:
        spoof_prior: How probable synthesis is before the recording is heard.
        miss: Cost of calling human speech synthetic.
        false_acceptance: Cost of calling synthetic speech human.
        kind: What it is called in a file.
    """

    spoof_prior: float = 0.5
    miss: float = 1.0
    false_acceptance: float = 1.0
    kind: Literal["least cost"] = "least cost"

    def __post_init__(self) -> None:
        DetectionCosts(self.spoof_prior, self.miss, self.false_acceptance)  # refuses what is none

    def threshold(self, _bonafide_llrs: ArrayLike, _spoof_llrs: ArrayLike) -> float:
        """The LLR at and above which speech is called bona fide; the clips play no part."""
        costs = DetectionCosts(self.spoof_prior, self.miss, self.false_acceptance)
        return costs.bayes_threshold + 0.0  # no negative zero

    @property
    def words(self) -> str:
        """How the threshold was set, for people."""
        return (
            f"least expected cost where {self.spoof_prior:.3g} of the clips are synthetic, calling "
            f"human speech synthetic costs {self.miss:g} and the reverse {self.false_acceptance:g}"
        )


@dataclass(frozen=True)
class WantedFalseAcceptance:
    """The lowest threshold that accepts at most this share of the calibration set's spoofs.

    Attributes:
        rate: The share, 0 up to below 1.
        kind: What it is called in a file.
    """

    rate: float = 0.01
    kind: Literal["false acceptance"] = "false acceptance"

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate < 1.0:
            raise MetricError(
                f"A false acceptance rate of {self.rate} was asked for; expected 0 up to below 1."
            )

    def threshold(self, bonafide_llrs: ArrayLike, spoof_llrs: ArrayLike) -> float:
        """The LLR at and above which speech is called bona fide."""
        return false_acceptance_threshold(bonafide_llrs, spoof_llrs, self.rate).threshold

    @property
    def words(self) -> str:
        """How the threshold was set, for people."""
        return f"at most {100 * self.rate:.3g} % of the synthetic calibration clips called human"


Rule = LeastCost | WantedFalseAcceptance
