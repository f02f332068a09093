"""Are probabilities kept? Reliability curve, expected calibration error, Brier, sharpness.

All take the probability of one outcome per clip, such as `spoof_probability` at the set's own
share of spoofed clips, and whether it came true. At another prior they would be unkept by
construction.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.scores import score_array


@dataclass(frozen=True, eq=False)
class ReliabilityCurve:
    """Bins of clips whose probability is about the same; bins without a clip are left out.

    Attributes:
        bin: Which of the bins, counted from 0.
        probability: Mean of what was said, in [0, 1].
        share: How often it came true, in [0, 1].
        low: Lower end of the exact interval of `share` (Clopper and Pearson 1934).
        high: Its upper end.
        clips: How many.
    """

    bin: Int[ndarray, " bin"]
    probability: Float[ndarray, " bin"]
    share: Float[ndarray, " bin"]
    low: Float[ndarray, " bin"]
    high: Float[ndarray, " bin"]
    clips: Int[ndarray, " bin"]

    @property
    def calibration_error(self) -> float:
        """Mean distance of `share` from `probability` over the clips, in [0, 1]."""
        return float(np.average(np.abs(self.share - self.probability), weights=self.clips))


def reliability_curve(
    probabilities: ArrayLike, came_true: ArrayLike, edges: ArrayLike, level: float = 0.95
) -> ReliabilityCurve:
    """What was said beside what came true, bin by bin.

    Args:
        probabilities: One per clip, in [0, 1].
        came_true: One per clip: whether what is thought probable is so.
        edges: Between the bins, ascending, without 0 and 1; a probability on an edge belongs to
            the bin above it.
        level: Of the intervals, which count every clip as independent of the others.

    Raises:
        MetricError: There are no clips, or a probability lies outside [0, 1].
    """
    said, true = _checked(probabilities, came_true)
    place = np.searchsorted(np.asarray(edges, dtype=np.float64), said, side="right")
    return _curve(said, true, place, level)


def ece_equal_width(probabilities: ArrayLike, came_true: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width, in [0, 1].

    Naeini et al. (AAAI 2015), for the probability of one outcome. It depends on the bins, and of
    small sets it is above zero for perfect probabilities too: compare at equal bins and sizes.

    >>> ece_equal_width([0.1, 0.1, 0.9, 0.9], [False, False, True, True])
    0.1
    """
    edges = np.arange(1, _bins(bins)) / bins
    return reliability_curve(probabilities, came_true, edges).calibration_error


def ece_equal_count(probabilities: ArrayLike, came_true: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error over bins that hold as many clips each, in [0, 1].

    The adaptive form (Nguyen and O'Connor, EMNLP 2015): no bin rests on a handful of clips. Clips
    of equal probability share a bin.
    """
    said, true = _checked(probabilities, came_true)
    ascending = np.sort(said)
    # A clip's rank is that of the first of its equals, so that ties are not torn apart.
    rank = np.searchsorted(ascending, said, side="left")
    return _curve(said, true, rank * min(_bins(bins), said.size) // said.size).calibration_error


def brier(probabilities: ArrayLike, came_true: ArrayLike) -> float:
    """Mean squared distance of probability and outcome, in [0, 1] (Brier 1950).

    >>> brier([0.5, 1.0], [True, True])
    0.125
    """
    said, true = _checked(probabilities, came_true)
    return float(np.mean((said - true) ** 2))


def sharpness(probabilities: ArrayLike) -> float:
    """Variance of the probabilities, 0 to 0.25: how far they dare to leave their mean.

    Murphy and Winkler (1987). It says nothing about truth; of two calibrated
    detectors the sharper one is the better.

    >>> sharpness([0.0, 1.0, 0.0, 1.0])
    0.25
    """
    return float(np.var(_probabilities(probabilities)))


def _curve(said: ndarray, true: ndarray, place: ndarray, level: float = 0.95) -> ReliabilityCurve:
    from xaudio.metrics.proportions import clopper_pearson

    bins, number = np.unique(place, return_inverse=True)
    clips = np.bincount(number)
    hits = np.bincount(number, weights=true).round().astype(np.int64)
    low, high = clopper_pearson(hits, clips, level)
    return ReliabilityCurve(
        bins, np.bincount(number, weights=said) / clips, hits / clips, low, high, clips
    )


def _probabilities(probabilities: ArrayLike) -> ndarray:
    said = score_array(probabilities, "probability")
    if said.min() < 0 or said.max() > 1:
        raise MetricError(
            f"Probabilities from {said.min():g} to {said.max():g} were given; expected 0 to 1. "
            "Scores and LLRs become probabilities by spoof_probability."
        )
    return said


def _checked(probabilities: ArrayLike, came_true: ArrayLike) -> tuple[ndarray, ndarray]:
    said = _probabilities(probabilities)
    true = np.asarray(came_true).reshape(-1).astype(bool)
    if true.size != said.size:
        raise MetricError(f"There are {said.size} probabilities but {true.size} outcomes.")
    return said, true


def _bins(bins: int) -> int:
    if bins < 1:
        raise MetricError(f"Calibration error needs at least one bin, not {bins}.")
    return bins
