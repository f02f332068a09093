"""What every metric asks of the scores it is given."""

import numpy as np
from numpy.typing import ArrayLike

from xaudio.errors import MetricError


def score_array(scores: ArrayLike, what: str) -> np.ndarray:
    """`scores` as a flat float64 array, or a MetricError saying why it cannot be one.

    Args:
        scores: Any number of finite scores, at least one.
        what: What these scores are, for the message: ``"bona fide"``.
    """
    values = np.asarray(scores, dtype=np.float64).reshape(-1)
    if values.size == 0:
        raise MetricError(f"There are no {what} scores; at least one is needed.")
    broken = np.flatnonzero(~np.isfinite(values))
    if broken.size:
        raise MetricError(
            f"{broken.size} of {values.size} {what} scores are not finite numbers (the first is "
            f"number {broken[0]}, {values[broken[0]]}); leave failed clips out of the metric."
        )
    return values
