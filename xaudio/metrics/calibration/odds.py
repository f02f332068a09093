"""From a likelihood ratio to a probability, by Bayes' rule."""

import math

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError


def spoof_probability(llrs: float | ArrayLike, spoof_prior: float) -> np.ndarray:
    """How probable synthesis is after the evidence, each in [0, 1].

    Args:
        llrs: Natural log-likelihood ratios, positive for bona fide; may be infinite.
        spoof_prior: How probable synthesis is before it, above 0 and below 1.

    >>> spoof_probability([0.0, np.log(9.0)], spoof_prior=0.5)
    array([0.5, 0.1])
    """
    from scipy.special import expit

    return np.asarray(expit(-np.asarray(llrs, dtype=np.float64) - bonafide_log_odds(spoof_prior)))


def bonafide_log_odds(spoof_prior: float) -> float:
    """Natural log of the odds for bona fide before the evidence."""
    if not 0.0 < spoof_prior < 1.0:
        raise MetricError(
            f"A prior probability of synthesis of {spoof_prior} was given; expected a number "
            "above 0 and below 1, for example 0.5."
        )
    return math.log1p(-spoof_prior) - math.log(spoof_prior)
