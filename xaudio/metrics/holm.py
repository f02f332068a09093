"""Many tests at once: Holm's step-down correction."""

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from xaudio.errors import MetricError


def holm(p_values: ArrayLike) -> Float[np.ndarray, "..."]:
    """P values corrected for having looked at all of them; any shape, the same shape back.

    Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
    Statistics 6, 1979. The smallest counts as many times as there are tests, the next one time
    less, and so on; none falls below a smaller one's, and none exceeds 1. The chance of even one
    false finding stays below the level, however the tests depend on each other.

    Args:
        p_values: Each in [0, 1]; NaN is a test that was not made: it stays NaN and does not count.

    Raises:
        MetricError: A value outside [0, 1].

    >>> holm([0.01, 0.04, 0.03, 0.005])
    array([0.03, 0.06, 0.06, 0.02])
    """
    given = np.asarray(p_values, dtype=np.float64)
    flat = given.ravel()
    made = np.flatnonzero(~np.isnan(flat))
    tested = flat[made]
    if ((tested < 0.0) | (tested > 1.0)).any():
        worst = tested[(tested < 0.0) | (tested > 1.0)][0]
        raise MetricError(f"A p value lies between 0 and 1, not {worst}.")
    order = np.argsort(tested, kind="stable")
    corrected = np.maximum.accumulate(tested[order] * np.arange(len(tested), 0, -1))
    found = np.full(flat.shape, np.nan)
    found[made[order]] = np.minimum(corrected, 1.0)
    return found.reshape(given.shape)


def significant(p_values: ArrayLike, level: float = 0.05) -> Bool[np.ndarray, "..."]:
    """Which tests find something, after Holm's correction: at most `level` risk of any false one.

    A test that was not made (NaN) finds nothing.

    >>> significant([0.01, 0.04, 0.03, 0.005])
    array([ True, False, False,  True])
    """
    if not 0.0 < level < 1.0:
        raise MetricError(f"A level of significance lies between 0 and 1, not {level}.")
    return holm(p_values) <= level
