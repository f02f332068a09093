"""Relevance as a picture to lay over a spectrogram: colour is the sign, opacity the strength."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from explainers.explanation import Explanation
from xaudio.reports.png import paint

SIGNED_COLOURS = "coolwarm"  # perceptually uniform (Moreland 2009), neutral at zero
UNSIGNED_COLOURS = "viridis"
OPACITY = 0.75  # of the strongest: the spectrogram below stays visible


@dataclass(frozen=True, eq=False)
class RelevanceImage:
    """Relevance in cells of equal duration, ready to be drawn.

    Attributes:
        values: Relevance of each cell; one row where it has no frequency axis.
        time_edges: Seconds at which columns begin and end.
        frequency_edges: Hertz at which rows begin and end.
        signed: Whether relevance against the target is negative.
        limit: The magnitude shown at full strength; more than that is shown the same.
    """

    values: Float[ndarray, "frequency time"]
    time_edges: Float[ndarray, " columns"]
    frequency_edges: Float[ndarray, " rows"]
    signed: bool
    limit: float

    @property
    def low(self) -> float:
        """The value at the lower end of the colours."""
        return -self.limit if self.signed else 0.0

    @property
    def colours(self) -> str:
        """The colour map: diverging and centred at zero where there is a sign."""
        return SIGNED_COLOURS if self.signed else UNSIGNED_COLOURS


def relevance_image(
    explanation: Explanation, step: float = 0.02, bands: int = 64
) -> RelevanceImage:
    """The explanation on a grid of time and, where it has that axis, frequency.

    Relevance on samples that is activation x coefficient is carried to time-frequency by FFT;
    other relevance on samples stays in time and fills the height.

    Args:
        explanation: What is shown.
        step: Seconds per column; a clip of more than 20 s gets 1000 columns.
        bands: Rows of equal width in hertz.
    """
    step = max(step, explanation.seconds / 1000)
    nyquist = explanation.sample_rate / 2
    with_frequency = in_time_frequency(explanation)
    if with_frequency is None:
        columns = explanation.over_time(step)
        values = columns.relevance[None]
        times, frequencies = _edges(columns), np.array([0.0, nyquist])
    else:
        grid = with_frequency.over_time_frequency(step, np.linspace(0, nyquist, bands + 1))
        assert grid.time_edges is not None and grid.frequency_edges is not None
        values, times, frequencies = grid.relevance, grid.time_edges, grid.frequency_edges
    return RelevanceImage(values, times, frequencies, explanation.signed, _limit(values))


def relevance_pixels(image: RelevanceImage) -> UInt8[ndarray, "rows columns 4"]:
    """The picture, low frequencies at the bottom: weak relevance is transparent."""
    painted = paint(image.values, image.low, image.limit, image.colours).copy()
    strength = np.clip(np.abs(image.values) / image.limit, 0, 1)
    painted[..., 3] = np.round(255 * OPACITY * np.sqrt(strength))
    return painted[::-1]


def in_time_frequency(explanation: Explanation) -> Explanation | None:
    """The explanation where it has a frequency axis or can be given one; else None."""
    if explanation.domain in ("stft", "mel"):
        return explanation
    if explanation.segments is not None:
        boxes = explanation.segments
        whole = (boxes[:, 2] <= 0) & (boxes[:, 3] >= explanation.sample_rate / 2 - 1)
        return None if whole.all() else explanation
    if explanation.coefficient is None:
        return None
    from explainers.inspection import to_time_frequency

    return to_time_frequency(explanation)


def _edges(stretches: Explanation) -> Float[ndarray, " columns"]:
    assert stretches.segments is not None
    return np.append(stretches.segments[:, 0], stretches.segments[-1, 1])


def _limit(values: Float[ndarray, "frequency time"]) -> float:
    """The 99.5th percentile of magnitudes: one loud cell does not turn the rest pale."""
    magnitude = np.abs(values)
    limit = float(np.quantile(magnitude, 0.995)) or float(magnitude.max())
    return limit or 1.0
