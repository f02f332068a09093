"""The map from score to likelihood ratio, and how far it could be another."""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from xaudio.errors import MetricError, ModelError
from xaudio.metrics.calibration import AffineMap, fit_weighted
from xaudio.metrics.uncertainty.bootstrap import influence
from xaudio.metrics.uncertainty.resampling import plan_resampling
from xaudio.verdicts.calibration import MapUncertainty

NUMBERS_AT_ONCE = 4_000_000


def fit_map(
    scores: Float[ndarray, " clip"],
    is_bonafide: Bool[ndarray, " clip"],
    clusters: tuple[str, ...],
    spoof_prior: float,
    samples: int = 1000,
    seed: int = 0,
) -> tuple[AffineMap, MapUncertainty]:
    """The logistic map of all clips and its uncertainty by a bootstrap over clusters.

    Few speakers make the bootstrap's spread too small and its shape unknown. As everywhere here it
    is corrected for that, and read as Student's with the degrees of freedom that leaving speakers
    out shows, for an LLR of zero.

    Args:
        scores: One per clip.
        is_bonafide: One per clip.
        clusters: One per clip, usually its speaker.
        spoof_prior: Where the map shall be best.
        samples: Bootstrap replicates.
        seed: Of the resampling.

    Raises:
        ModelError: Higher scores speak for synthesis: the labels or the classes are swapped.
        MetricError: There are too few clips.
    """
    one = np.ones((1, len(scores)))
    slope, offset = (float(each[0]) for each in fit_weighted(scores, is_bonafide, one, spoof_prior))
    if slope <= 0:
        raise ModelError(
            "On these clips higher scores speak for synthesis, or for nothing: the model knows "
            "nothing about them, or its labels or the manifest's are swapped."
        )
    plan = plan_resampling(is_bonafide, list(clusters), samples=samples, seed=seed)

    def refitted(weights: Float[ndarray, "replicate unit"]) -> Float[ndarray, "2 replicate"]:
        rows = max(1, NUMBERS_AT_ONCE // len(scores))
        blocks = [
            np.stack(fit_weighted(scores, is_bonafide, some[:, plan.unit], spoof_prior))
            for some in (weights[start : start + rows] for start in range(0, len(weights), rows))
        ]
        return np.concatenate(blocks, axis=1)

    drawn = np.concatenate([refitted(weights) for weights in plan.weights()], axis=1)
    strata = tuple(plan.deletions())
    if not strata:
        raise MetricError(
            f"{len(scores)} clips of as many speakers are too few to say how far the map can be "
            "trusted."
        )
    at_zero = -offset / slope
    deleted = np.concatenate([refitted(stratum.weights) for stratum in strata], axis=1)
    found = influence(deleted[0] * at_zero + deleted[1], strata)
    spread = np.cov(drawn) * found.inflation**2
    return AffineMap(slope, offset), MapUncertainty(
        slope_variance=float(spread[0, 0]),
        offset_variance=float(spread[1, 1]),
        covariance=float(spread[0, 1]),
        degrees_of_freedom=max(1.0, float(found.degrees_of_freedom)),
    )
