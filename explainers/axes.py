"""Edges of grids in time (seconds) and frequency (hertz)."""

import numpy as np
from jaxtyping import Float

from explainers.errors import ExplanationError

TOLERANCE = 1e-9  # seconds or hertz: closer edges are one edge


def regular_edges(length: float, step: float, start: float = 0.0) -> Float[np.ndarray, " edges"]:
    """Edges of a grid of cells `step` wide that covers 0 to `length` and has an edge at `start`.

    The outermost cells are narrower where the grid does not fit.

    >>> regular_edges(1.0, 0.4)
    array([0. , 0.4, 0.8, 1. ])
    >>> regular_edges(1.0, 0.4, start=0.1)
    array([0. , 0.1, 0.5, 0.9, 1. ])
    """
    if not (np.isfinite(step) and step > 0):
        raise ExplanationError(f"A grid step of {step} was given; it must be above zero.")
    if not np.isfinite(start):
        raise ExplanationError(f"A grid start of {start} was given; it must be finite.")
    first = start - np.ceil(start / step) * step
    inner = first + step * np.arange(int(np.ceil((length - first) / step)) + 1)
    inner = inner[(inner > TOLERANCE) & (inner < length - TOLERANCE)]
    return np.concatenate([[0.0], inner, [float(length)]])


def covering_edges(
    edges: Float[np.ndarray, " edges"], length: float
) -> Float[np.ndarray, " all_edges"]:
    """The given increasing edges, one or more, completed to cover 0 to `length`.

    >>> covering_edges(np.array([100.0, 200.0]), 400.0)
    array([  0., 100., 200., 400.])
    """
    if len(edges) != 1 or not np.isfinite(edges).all():
        check_edges(edges, "edges")
    if edges[0] < -TOLERANCE or edges[-1] > length * (1 + TOLERANCE):
        raise ExplanationError(
            f"Edges from {edges[0]:g} to {edges[-1]:g} were given; they must lie between 0 and "
            f"{length:g}."
        )
    inner = edges[(edges > TOLERANCE) & (edges < length - TOLERANCE)]
    return np.concatenate([[0.0], inner, [float(length)]])


def halfway_edges(count: int, spacing: float, end: float) -> Float[np.ndarray, " edges"]:
    """Cells of `count` points `spacing` apart, the first at 0: each reaches halfway to the next.

    Frames of a short-time transform in seconds, or its bins in Hz; the last cell ends at `end`.

    >>> halfway_edges(3, 0.5, 1.0)
    array([0.  , 0.25, 0.75, 1.  ])
    """
    halves = (np.arange(1, count) - 0.5) * spacing
    return np.concatenate([[0.0], halves, [float(end)]])


def check_edges(edges: Float[np.ndarray, "..."], what: str) -> None:
    """Edges are at least two finite, strictly increasing numbers, or an ExplanationError."""
    if edges.ndim != 1 or len(edges) < 2 or not np.isfinite(edges).all():
        raise ExplanationError(f"The {what} must be two or more finite numbers in a row.")
    if (np.diff(edges) <= 0).any():
        raise ExplanationError(f"The {what} must increase from each to the next.")
