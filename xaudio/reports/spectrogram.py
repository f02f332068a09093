"""A spectrogram in decibels and as a picture: images travel to pages, number grids do not."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from xaudio.errors import AudioError
from xaudio.reports.png import map_png


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Level over frequency and time.

    Attributes:
        decibels: Level of each cell, dB relative to a full-scale sine; row 0 is the lowest.
        time_edges: Seconds at which columns begin and end, one more than there are columns.
        frequency_edges: Hertz at which rows begin and end, one more than there are rows.
    """

    decibels: Float[ndarray, "frequency time"]
    time_edges: Float[ndarray, " columns"]
    frequency_edges: Float[ndarray, " rows"]


def spectrogram(
    samples: Float[ndarray, " time"],
    sample_rate: int,
    window_seconds: float = 0.025,
    hop_seconds: float = 0.005,
    most_columns: int = 2000,
) -> Spectrogram:
    """Short-time Fourier level of a clip, Hann window, each column centred on its own time.

    Args:
        samples: Amplitudes in [-1, 1].
        sample_rate: Hz.
        window_seconds: Length of the analysis window, rounded up to a power of two samples.
        hop_seconds: Time per column; a long clip gets longer columns instead of more than
            `most_columns`.
        most_columns: Upper bound on columns, which bounds memory.

    Raises:
        AudioError: There are no samples.
    """
    if samples.size == 0:
        raise AudioError("There are no samples to draw a spectrogram of.")
    size = 1 << max(int(np.ceil(np.log2(window_seconds * sample_rate))), 4)
    hop = max(round(hop_seconds * sample_rate), -(-samples.size // most_columns), 1)
    count = -(-samples.size // hop)
    padded = np.pad(samples.astype(np.float32), (size // 2, size // 2 + hop))
    starts = np.arange(count) * hop + hop // 2
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[starts]
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    # A full-scale sine has magnitude sum(window) / 2 in its bin: that is 0 dB.
    magnitude = np.abs(np.fft.rfft(windows * window, axis=1)).T / (window.sum() / 2)
    decibels = 20 * np.log10(np.maximum(magnitude, 1e-7)).astype(np.float32)
    bin_width = sample_rate / size
    frequency_edges = np.clip((np.arange(size // 2 + 2) - 0.5) * bin_width, 0, sample_rate / 2)
    time_edges = np.minimum(np.arange(count + 1) * hop, samples.size) / sample_rate
    return Spectrogram(decibels, time_edges, frequency_edges)


def level_range(image: Spectrogram, span: float = 80.0) -> tuple[float, float]:
    """The levels worth showing, dB: from the loudest cell down by `span`."""
    loudest = float(image.decibels.max())
    return loudest - span, loudest


def spectrogram_png(image: Spectrogram, colours: str = "magma", headroom: float = 0.0) -> bytes:
    """The bare picture as a PNG file: one pixel per cell, low frequencies at the bottom, no axes.

    Args:
        image: What to paint.
        colours: A perceptually uniform matplotlib colour map.
        headroom: dB kept free above the loudest cell, which makes the picture paler.
    """
    low, high = level_range(image)
    return map_png(image.decibels[::-1], low, high + headroom, colours)
