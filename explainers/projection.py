"""Relevance moved from one set of cells to another, every bit of it kept.

A cell's relevance is taken to be spread evenly over the cell, so a cell that straddles two new ones
is shared between them in proportion to the overlap.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from explainers.errors import ExplanationError

REST = "rest"
Stretch = tuple[float, float]


def regrid(
    values: Float[np.ndarray, "*rows cells"],
    edges: Float[np.ndarray, " edges"],
    new_edges: Float[np.ndarray, " new_edges"],
) -> Float[np.ndarray, "*rows new_cells"]:
    """Share `values` (last axis: cells between `edges`) among the cells between `new_edges`.

    >>> regrid(np.array([4.0, 2.0]), np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.5, 2.0]))
    array([2., 4.])
    """
    zero = np.zeros((*values.shape[:-1], 1))
    cumulative = np.concatenate([zero, np.cumsum(values, axis=-1, dtype=np.float64)], axis=-1)
    flat = cumulative.reshape(-1, cumulative.shape[-1])
    at_edges = np.stack([np.interp(new_edges, edges, row) for row in flat])
    return np.diff(at_edges, axis=-1).reshape(*values.shape[:-1], len(new_edges) - 1)


def overlap_shares(
    starts: Float[np.ndarray, " cells"],
    ends: Float[np.ndarray, " cells"],
    new_edges: Float[np.ndarray, " new_edges"],
) -> Float[np.ndarray, "cells new_cells"]:
    """Which share of each stretch from start to end falls in each new cell.

    >>> overlap_shares(np.array([0.0]), np.array([4.0]), np.array([0.0, 1.0, 4.0]))
    array([[0.25, 0.75]])
    """
    low = np.maximum(starts[:, None], new_edges[None, :-1])
    high = np.minimum(ends[:, None], new_edges[None, 1:])
    return np.maximum(high - low, 0.0) / (ends - starts)[:, None]


def partition(
    segments: Mapping[str, Sequence[Stretch]], seconds: float
) -> tuple[Float[np.ndarray, " edges"], list[str]]:
    """Edges that cut a clip into named cells; what no segment names is called ``rest``.

    Args:
        segments: For each name its stretches (start, end) in seconds; they must not overlap.
        seconds: The clip's length; what reaches beyond it is cut off.

    >>> partition({"a": [(1.0, 2.0)]}, 3.0)
    (array([0., 1., 2., 3.]), ['rest', 'a', 'rest'])
    """
    edges, names = [0.0], []
    for start, end, name in sorted(_stretches(segments, seconds)):
        if start < edges[-1] - 1e-9:
            raise ExplanationError(
                f"The segment '{name}' starting at {start:g} s overlaps the one before it; "
                "relevance can be counted only once, so give segments that do not overlap."
            )
        if start > edges[-1]:
            edges.append(start)
            names.append(REST)
        edges.append(end)
        names.append(name)
    if edges[-1] < seconds:
        edges.append(seconds)
        names.append(REST)
    return np.asarray(edges), names


def _stretches(
    segments: Mapping[str, Sequence[Stretch]], seconds: float
) -> list[tuple[float, float, str]]:
    found = []
    for name, stretches in segments.items():
        if name == REST:
            raise ExplanationError(f"A segment cannot be named '{REST}': that is what is left.")
        for start, end in stretches:
            if not (np.isfinite(start) and np.isfinite(end) and start < end):
                raise ExplanationError(
                    f"The segment '{name}' from {start} to {end} s is not a stretch of time; "
                    "give (start, end) in seconds with start before end."
                )
            start, end = max(float(start), 0.0), min(float(end), seconds)
            if start < end:
                found.append((start, end, name))
    return found
