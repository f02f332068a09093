"""The equal error rate: where as many bona fide clips are rejected as spoofed ones accepted.

Scores are higher for bona fide. A clip is accepted at the threshold and above, as everywhere here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.intervals import Interval, percentile_interval, resampling_weights
from xaudio.metrics.scores import score_array


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
    bonafide_clusters: ArrayLike | None = None,
    spoof_clusters: ArrayLike | None = None,
    level: float = 0.95,
    samples: int = 1000,
    seed: int = 0,
) -> Interval:
    """The equal error rate with its bootstrap percentile interval.

    Args:
        bonafide_scores: Scores of bona fide clips.
        spoof_scores: Scores of spoofed clips.
        bonafide_clusters: One name per bona fide clip, usually its speaker: clips of one cluster
            are drawn together. Without names every clip stands alone.
        spoof_clusters: The same for the spoofed clips; equal names mean the same cluster.
        level: Share of replicates inside the interval.
        samples: Bootstrap replicates.
        seed: Of the resampling.
    """
    bonafide = score_array(bonafide_scores, "bona fide")
    spoof = score_array(spoof_scores, "spoof")
    scores = np.concatenate((bonafide, spoof))
    is_bonafide = np.arange(scores.size) < bonafide.size
    names = _cluster_names("bona fide", bonafide, bonafide_clusters)
    names += _cluster_names("spoof", spoof, spoof_clusters)
    clusters = np.unique(names, return_inverse=True)[1]
    replicates = np.concatenate(
        [
            weighted_eer(scores, is_bonafide, weights)
            for weights in resampling_weights(is_bonafide, clusters, samples, seed)
        ]
    )
    return percentile_interval(eer(bonafide, spoof), replicates, level)


def weighted_eer(scores: np.ndarray, is_bonafide: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The equal error rate once per row of weights: [replicate, clip] -> [replicate]."""
    order = np.argsort(scores, kind="stable")
    distance, mean = _rates_apart_and_mean(scores[order], is_bonafide[order], weights[:, order])
    best = distance.argmin(axis=1)[:, None]
    return np.take_along_axis(mean, best, axis=1)[:, 0]


def _operating_point(bonafide_scores: ArrayLike, spoof_scores: ArrayLike) -> tuple[float, float]:
    bonafide = score_array(bonafide_scores, "bona fide")
    spoof = score_array(spoof_scores, "spoof")
    scores = np.concatenate((bonafide, spoof))
    order = np.argsort(scores, kind="stable")
    scores, is_bonafide = scores[order], order < bonafide.size
    distance, mean = _rates_apart_and_mean(scores, is_bonafide, np.ones((1, scores.size)))
    best = int(distance[0].argmin())
    return float(mean[0, best]), _threshold(scores[_last_of_ties(scores)], best)


def _threshold(distinct: np.ndarray, rejected: int) -> float:
    """What the lowest `rejected` of the ascending scores lie below, and the others do not.

    They are never all rejected: rejecting none leaves the two error rates as far apart.
    """
    if rejected == 0:
        return float(distinct[0])
    highest_rejected = distinct[rejected - 1]
    lowest_accepted = distinct[rejected]
    midway = highest_rejected / 2 + lowest_accepted / 2
    # Two neighbouring floats have none between them.
    return float(midway if midway > highest_rejected else lowest_accepted)


def _rates_apart_and_mean(
    scores: np.ndarray, is_bonafide: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """|FRR - FAR| and (FRR + FAR) / 2 per replicate at every threshold, from below all scores up.

    Scores ascend; one column per distinct score and one before them, where nothing is rejected.
    """
    last = _last_of_ties(scores)
    rejected_bonafide = np.cumsum(weights * is_bonafide, axis=1)[:, last]
    rejected_spoof = np.cumsum(weights * ~is_bonafide, axis=1)[:, last]
    false_rejection = rejected_bonafide / rejected_bonafide[:, -1:]
    all_spoof = rejected_spoof[:, -1:]
    false_acceptance = (all_spoof - rejected_spoof) / all_spoof
    distance = np.abs(false_rejection - false_acceptance)
    mean = (false_rejection + false_acceptance) / 2.0
    below_all = np.ones((len(weights), 1))
    return np.hstack((below_all, distance)), np.hstack((below_all / 2.0, mean))


def _last_of_ties(ascending: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.append(ascending[1:] != ascending[:-1], True))


def _cluster_names(kind: str, scores: np.ndarray, given: ArrayLike | None) -> list[str]:
    if given is None:
        return [f"{kind} clip {number}" for number in range(scores.size)]
    names = np.asarray(given).reshape(-1)
    if names.size != scores.size:
        raise MetricError(f"There are {scores.size} {kind} scores but {names.size} clusters.")
    return [f"cluster {name}" for name in names]
