"""Levels over time and frequency in bounded size: a whole clip, or a stretch of it more finely."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from xaudio.audio import Clip
from xaudio.errors import AudioError
from xaudio.reports.spectrogram import Spectrogram, spectrogram
from xaudio.viewing.layers import Layer

COLUMN = 0.008  # seconds of a column of a short clip
MOST_COLUMNS = 2048
MOST_ROWS = 320
LOOKS = 4  # windows at most whose power a column of a long clip is the mean of
FINEST = 0.0005  # seconds: windows of 25 ms show nothing more between closer columns
QUIETEST = -120.0  # dB below a full-scale sine; 16 bits end at about 98 below


def overview(clip: Clip, columns: int = MOST_COLUMNS, rows: int = MOST_ROWS) -> Layer:
    """The level of a whole clip, dB relative to a full-scale sine in steps of 1 dB.

    A column of a clip that has more than `columns` of 8 ms is the mean power of at most four
    windows spread evenly over it, so that an hour costs little more than a minute.

    Args:
        clip: At any rate.
        columns: At most so many.
        rows: At most so many; neighbouring bins share a row where there would be more.
    """
    looks = spectrogram(
        clip.samples, clip.sample_rate, hop_seconds=COLUMN, most_columns=LOOKS * columns
    )
    together = -(-looks.decibels.shape[1] // columns)
    return _layer(looks, together, rows)


def tile(clip: Clip, start: float, end: float, columns: int = 1024, rows: int = MOST_ROWS) -> Layer:
    """The level of a stretch of a clip, in columns as fine as the stretch is short.

    Args:
        clip: At any rate.
        start: Seconds; the tile begins at the sample that holds it.
        end: Seconds, after `start`; what lies outside the clip is left out.
        columns: At most so many.
        rows: At most so many.

    Raises:
        AudioError: No sample of the clip lies between `start` and `end`.
    """
    rate, length = clip.sample_rate, len(clip.samples)
    first, last = max(int(start * rate), 0), min(int(np.ceil(end * rate)), length)
    if not first < last:
        raise AudioError(
            f"There is nothing of '{clip.name}' from {start:g} to {end:g} s: it lasts "
            f"{clip.seconds:g} s."
        )
    hop = max(-(-(last - first) // columns), round(FINEST * rate), 1)
    # Windows at the tile's ends reach into what lies beside it, or into silence beside the clip.
    margin = -(-rate // (16 * hop))
    begin = first - margin * hop
    around = clip.samples[max(begin, 0) : last + margin * hop]
    samples = np.pad(around, (max(-begin, 0), 0))
    looks = spectrogram(samples, rate, hop_seconds=hop / rate, most_columns=len(samples))
    count = -(-(last - first) // hop)
    inner = looks.decibels[:, margin : margin + count]
    times = (first + np.arange(count + 1) * hop) / rate
    return _layer(Spectrogram(inner, times, looks.frequency_edges), 1, rows)


def _layer(looks: Spectrogram, together: int, rows: int) -> Layer:
    bins = looks.decibels.shape[0]
    neighbours = -(-bins // rows)
    power = 10 ** (looks.decibels / 10)
    pooled = _means(_means(power, together).T, neighbours).T
    decibels = 10 * np.log10(pooled)
    bin_width = float(looks.frequency_edges[2] - looks.frequency_edges[1])
    start, second = (float(edge) for edge in looks.time_edges[:2])
    column = (second - start) * together
    return Layer(
        name="Level",
        cells=np.clip(np.round(decibels - QUIETEST), 0, 255).astype(np.uint8),
        start=start,
        end=start + column * decibels.shape[1],
        low=-bin_width / 2,
        high=(neighbours * decibels.shape[0] - 0.5) * bin_width,
        lowest=QUIETEST,
        step=1.0,
        unit="dB",
    )


def _means(
    values: Float[ndarray, "rows columns"], together: int
) -> Float[ndarray, "rows fewer_columns"]:
    """Means of so many neighbours in each row; the last of a row may be of fewer."""
    if together == 1:
        return values
    starts = np.arange(0, values.shape[1], together)
    counts = np.diff(np.append(starts, values.shape[1]))
    return np.add.reduceat(values, starts, axis=1) / counts
