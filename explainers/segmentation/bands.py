"""Edges of bands of frequency; those of mel bands are in `perturbations.masking`."""

import numpy as np

EAR = 0.00437  # per hertz
ERBS = 21.4  # per decade


def linear_edges(count: int, low_hz: float, high_hz: float) -> list[float]:
    """Edges of `count` bands equally wide in hertz.

    >>> linear_edges(4, 0.0, 8000.0)
    [0.0, 2000.0, 4000.0, 6000.0, 8000.0]
    """
    return [float(edge) for edge in np.linspace(low_hz, high_hz, count + 1)]


def erb_edges(count: int, low_hz: float, high_hz: float) -> list[float]:
    """Edges of `count` bands equally wide in the ear's own bandwidths.

    Number of equivalent rectangular bandwidths below f Hz: 21.4 log10(1 + 0.00437 f)
    (Glasberg and Moore 1990, equation 4).

    >>> [round(edge) for edge in erb_edges(3, 0.0, 8000.0)]
    [0, 526, 2264, 8000]
    """
    low, high = (ERBS * np.log10(1 + EAR * hertz) for hertz in (low_hz, high_hz))
    inner = (10 ** (np.linspace(low, high, count + 1)[1:-1] / ERBS) - 1) / EAR
    return [low_hz, *(float(edge) for edge in inner), high_hz]
