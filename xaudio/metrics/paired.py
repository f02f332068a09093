"""Differences on the same clips: between two models, or between clean and corrupted.

Both scores of a clip are redrawn together, so what makes a speaker easy or hard for both cancels,
and the interval is as narrow as the two agree.
"""

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.uncertainty.bootstrap import Bootstrap, class_array, replicate
from xaudio.metrics.uncertainty.cluster_names import Names
from xaudio.metrics.uncertainty.resampling import plan_resampling
from xaudio.metrics.uncertainty.statistic import Statistic


def paired_difference(
    scores: ArrayLike,
    other_scores: ArrayLike,
    is_bonafide: ArrayLike,
    statistic: Statistic,
    other_statistic: Statistic | None = None,
    clusters: Names | None = None,
    crossed_with: Names | None = None,
    samples: int = 1000,
    seed: int = 0,
) -> Bootstrap:
    """By how much the statistic of `scores` exceeds that of `other_scores`.

    `.interval()` is Student's interval of the difference, `.p_value` the test that agrees with it:
    two-sided, t of difference over standard error. `.bootstrap_p_value` counts replicates instead
    and is twice the smaller share on either side of zero, with one added to counts and number; it
    cannot fall below 2 / (samples + 1), too coarse for many cells.

    Args:
        scores: Per clip: one model's, or the corrupted clips'.
        other_scores: Of the same clips in the same order: another model's, or the clean clips'.
        is_bonafide: Per clip.
        statistic: What is computed of both.
        other_statistic: What is computed of `other_scores` where that differs: each model has its
            own fixed threshold.
        clusters: Per clip: the name of its cluster, usually its speaker; None stands alone.
        crossed_with: Per clip: a second factor that crosses the first, for example the attack.
        samples: Replicates.
        seed: Of the random numbers.

    Raises:
        MetricError: As `bootstrap`.

    >>> from xaudio.metrics.uncertainty.means import MeanScore
    >>> shift = paired_difference([0.5, 1.0, 3.0], [1.0, 2.0, 3.5], [True] * 3, MeanScore())
    >>> shift.value
    -0.667
    """
    classes = class_array(is_bonafide)
    plan = plan_resampling(classes, clusters, crossed_with, samples, seed)
    measures = [(scores, statistic), (other_scores, other_statistic or statistic)]
    return replicate(measures, classes, plan).combination([1.0, -1.0])


def mcnemar(right: ArrayLike, other_right: ArrayLike) -> float:
    """Two-sided exact p value that two deciders err equally often, for clips that stand alone.

    McNemar, Psychometrika 12, 1947, in its exact form: among the clips that just one of them gets
    right, either one is as likely. It takes speakers' clips for independent, so where speakers
    differ it finds differences that are not there; it is the check for `paired_difference`.

    Args:
        right: Per clip: whether the one decides rightly.
        other_right: The same for the other.

    Raises:
        MetricError: They differ in length.

    >>> mcnemar([True] * 8 + [False] * 2, [True, True] + [False] * 8)
    0.03125
    """
    from scipy.stats import binomtest

    one = np.asarray(right, dtype=bool).reshape(-1)
    other = np.asarray(other_right, dtype=bool).reshape(-1)
    if one.size != other.size:
        raise MetricError(f"There are {one.size} decisions of one and {other.size} of the other.")
    only_one = int(np.count_nonzero(one & ~other))
    only_other = int(np.count_nonzero(other & ~one))
    if only_one + only_other == 0:
        return 1.0
    return float(binomtest(only_one, only_one + only_other).pvalue)
