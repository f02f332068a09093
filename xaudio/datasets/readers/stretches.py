"""Labelled stretches of time, given one by one, as the manifest's column `segments`."""

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int64

_TOUCHING = 1e-6  # seconds; times are written with at most six decimals


def segment_column(
    rows: Int64[np.ndarray, " stretches"],
    start: Float64[np.ndarray, " stretches"],
    end: Float64[np.ndarray, " stretches"],
    count: int,
) -> pa.ListArray:
    """All stretches of each clip, in order; those that overlap or touch are one.

    Args:
        rows: To which clip each stretch belongs, from 0 to `count` - 1.
        start: In seconds.
        end: In seconds; a stretch that does not end after its start is none.
        count: How many clips there are.
    """
    lasting = end > start
    rows, start, end = rows[lasting], start[lasting], end[lasting]
    order = np.lexsort((start, rows))
    rows, start, end = rows[order], start[order], end[order]
    apart = float(end.max(initial=0.0)) + 1.0
    reach = np.maximum.accumulate(end + rows * apart) - rows * apart
    begins = np.ones(len(rows), bool)
    begins[1:] = (rows[1:] != rows[:-1]) | (start[1:] > reach[:-1] + _TOUCHING)
    first = np.flatnonzero(begins)
    ends = np.maximum.reduceat(end, first) if len(first) else end
    pairs = np.stack([start[first], ends], axis=1).reshape(-1)
    bounds = np.arange(0, len(pairs) + 1, 2, dtype=np.int32)
    stretches = pa.ListArray.from_arrays(pa.array(bounds), pa.array(pairs))
    offsets = np.searchsorted(rows[first], np.arange(count + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), stretches)
