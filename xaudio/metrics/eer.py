"""The equal error rate: where as many bona fide clips are rejected as spoofed ones accepted.

Scores are higher for bona fide. A clip is accepted at the threshold and above, as everywhere here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from xaudio.metrics.det import det_curve
from xaudio.metrics.intervals import Interval
from xaudio.metrics.scores import score_array
from xaudio.metrics.uncertainty.bootstrap import bootstrap
from xaudio.metrics.uncertainty.cluster_names import Names, joined_names
from xaudio.metrics.uncertainty.ranking import EqualErrorRate


class ErrorRates(NamedTuple):
    """Shares of falsely rejected bona fide and falsely accepted spoofed clips, each in [0, 1]."""

    false_rejection: float
    false_acceptance: float


def eer(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> float:
    """Equal error rate in [0, 1], 0.5 for a detector that knows nothing.

    The convention of the ASVspoof challenges: the mean of the two error rates at the threshold
    where they differ least, over the sorted list of scores. Tied scores cross the threshold
    together, so the order of the clips plays no part.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> eer([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0])
    0.333
    """
    return _operating_point(bonafide_scores, spoof_scores)[0]


def eer_threshold(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> float:
    """The threshold of `eer`, midway between the highest score rejected there and the next one.

    ASVspoof's own evaluation names the highest rejected score itself and accepts above it: the
    same clips are rejected, so the error rate is the same to the last digit. Midway, a score that
    comes out a rounding error lower on another machine is decided alike. Where nothing is
    rejected it is the lowest score.

    >>> eer_threshold([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0])
    0.75
    """
    return _operating_point(bonafide_scores, spoof_scores)[1]


def error_rates(
    bonafide_scores: ArrayLike, spoof_scores: ArrayLike, threshold: float
) -> ErrorRates:
    """False rejections and false acceptances at a threshold fixed beforehand.

    A clip is accepted when its score is the threshold or more.

    >>> error_rates([2.0, 3.0, 0.5], [-1.0, 0.0, 1.0], threshold=0.75)
    ErrorRates(false_rejection=0.333, false_acceptance=0.333)
    """
    bonafide = score_array(bonafide_scores, "bona fide")
    spoof = score_array(spoof_scores, "spoof")
    return ErrorRates(float(np.mean(bonafide < threshold)), float(np.mean(spoof >= threshold)))


def eer_interval(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    *,
    bonafide_clusters: Names | None = None,
    spoof_clusters: Names | None = None,
    level: float = 0.95,
    samples: int = 1000,
    seed: int = 0,
) -> Interval:
    """The equal error rate with its interval: bootstrap, Student's t on the logit scale.

    Nominal 95 % hold the truth 93 to 98 times in 100 from 10 speakers a class up, or 100 clips that
    stand alone (measured; see `docs/metrics.md`). `bootstrap` gives the percentile and BCa
    intervals, which hold it less often. Without a single error the interval reaches to what as
    many clusters without an error still allow.

    Args:
        bonafide_scores: Scores of bona fide clips.
        spoof_scores: Scores of spoofed clips.
        bonafide_clusters: One name per bona fide clip, usually its speaker: clips of one cluster
            are drawn together. Without names every clip stands alone, and so does one named None.
        spoof_clusters: The same for the spoofed clips; equal names mean the same cluster.
        level: Share of such intervals that hold the truth.
        samples: Bootstrap replicates.
        seed: Of the resampling.
    """
    bonafide = score_array(bonafide_scores, "bona fide")
    spoof = score_array(spoof_scores, "spoof")
    found = bootstrap(
        np.concatenate((bonafide, spoof)),
        np.arange(bonafide.size + spoof.size) < bonafide.size,
        EqualErrorRate(),
        joined_names(bonafide_clusters, spoof_clusters, (bonafide.size, spoof.size)),
        samples=samples,
        seed=seed,
    )
    return found.interval(level)


def _operating_point(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> tuple[float, float]:
    curve = det_curve(bonafide_scores, spoof_scores)
    best = int(np.abs(curve.false_rejection - curve.false_acceptance).argmin())
    rate = (curve.false_rejection[best] + curve.false_acceptance[best]) / 2.0
    return float(rate), curve.threshold(best)
