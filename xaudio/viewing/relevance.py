"""Relevance as a viewer shows it: over time and frequency, and over time alone."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from explainers.explanation import Explanation
from xaudio.reports.relevance_image import relevance_image
from xaudio.viewing.layers import STEPS, ZERO, Layer

COLUMN = 0.0125  # seconds
BANDS = 128


@dataclass(frozen=True, eq=False)
class RelevanceView:
    """One explanation's relevance.

    Attributes:
        name: What people call it: the method.
        target: What is explained.
        grid: Over time and frequency; one row, as high as the clip's spectrum, where relevance has
            no frequency axis.
        over_time: Summed over frequency, one row.
        total: All relevance, summed.
    """

    name: str
    target: str
    grid: Layer
    over_time: Layer
    total: float


def relevance_view(name: str, explanation: Explanation) -> RelevanceView:
    """The relevance of an explanation in any domain, each bit at its place.

    Columns are 12.5 ms long, or a thousandth of a clip of more than 12.5 s; the 128 rows are
    equally wide in hertz. Magnitudes above the 99.5th percentile look the same.

    Args:
        name: What people call it.
        explanation: On samples, on a grid or on segments.
    """
    image = relevance_image(explanation, COLUMN, BANDS)
    column = max(COLUMN, explanation.seconds / 1000)
    sums = explanation.over_time(column).relevance[None]
    nyquist = explanation.sample_rate / 2

    def layer(values: Float[ndarray, "rows columns"], largest: float) -> Layer:
        return _layer(values, largest, explanation.signed, column, nyquist)

    return RelevanceView(
        name=name,
        target=explanation.target,
        grid=layer(image.values, image.limit),
        over_time=layer(sums, float(np.abs(sums).max()) or 1.0),
        total=explanation.total,
    )


def _layer(
    values: Float[ndarray, "rows columns"],
    largest: float,
    signed: bool,
    column: float,
    nyquist: float,
) -> Layer:
    step = largest / (STEPS if signed else 255)
    zero, bottom = (ZERO, 1) if signed else (0, 0)
    cells = np.clip(np.round(values / step) + zero, bottom, 255).astype(np.uint8)
    return Layer(
        name="Relevance",
        cells=cells,
        start=0.0,
        end=column * values.shape[1],
        low=0.0,
        high=nyquist,
        lowest=-zero * step,
        step=step,
        unit="relevance",
    )
