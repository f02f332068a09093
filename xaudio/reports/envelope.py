"""A waveform as a picture can hold it: the lowest and the highest sample of every column."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray


def envelope(
    samples: Float[ndarray, " time"], most_columns: int = 2000
) -> tuple[Float[ndarray, " columns"], Float[ndarray, " columns"], int]:
    """Lowest and highest sample of each column, and the samples a column holds.

    What is loud shows, however long the clip is.

    >>> envelope(np.array([0.0, 3.0, -1.0, 2.0, 1.0]), most_columns=3)
    (array([ 0., -1.,  1.]), array([3., 2., 1.]), 2)
    """
    width = max(-(-samples.size // most_columns), 1)
    count = -(-samples.size // width)
    columns = np.pad(samples, (0, count * width - samples.size), mode="edge").reshape(count, width)
    return columns.min(1), columns.max(1), width
