"""Spectra of the two clips at the instants that belong together; their distance; their band."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from perturbations.time_map import TimeMap

WINDOW_SECONDS = 0.064
HOP_SECONDS = 0.02
MOST_FRAMES = 1000
DISTANCE_RANGE_DB = 80.0
BAND_RANGE_DB = 60.0
LOST_DB = 3.0
ALIKE_DB = 1.5
TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True, eq=False)
class Spectra:
    """Power over time and frequency of both clips, frame by frame of the same origin.

    Attributes:
        clean: Power of the clean clip.
        result: Power of the corrupted clip where those frames went.
        step_hz: From one frequency bin to the next; the first is 0 Hz, the last the Nyquist
            frequency.
    """

    clean: Float[ndarray, "frame frequency"]
    result: Float[ndarray, "frame frequency"]
    step_hz: float


def matching_spectra(
    clean: Float[ndarray, " time"],
    result: Float[ndarray, " new"],
    time_map: TimeMap,
    sample_rate: int,
) -> Spectra:
    """Short-time power spectra every 20 ms of the result, and of the clean clip where those were.

    Hann windows of 64 ms or a little more. Instants that come from outside the clean clip, as
    padding does, are left out; long clips are looked at in 1000 places.
    """
    size = 1 << math.ceil(math.log2(WINDOW_SECONDS * sample_rate))
    seconds = len(result) / sample_rate
    count = min(MOST_FRAMES, max(1, round(seconds / HOP_SECONDS)))
    margin = min(size / sample_rate, seconds) / 2  # a window over the end hears a click there
    instants = np.linspace(margin, seconds - margin, count)
    origins = time_map.inverse(instants)
    inside = (origins >= 0) & (origins <= len(clean) / sample_rate)
    before, after = (
        power_at(samples, np.round(at[inside] * sample_rate).astype(np.int64), size)
        for samples, at in ((clean, origins), (result, instants))
    )
    return Spectra(before, after, sample_rate / size)


def power_at(
    samples: Float[ndarray, " time"], centres: ndarray, size: int
) -> Float[ndarray, "frame frequency"]:
    """Power spectra of windows of `size` samples around `centres`; zeros surround the clip."""
    from scipy.fft import rfft
    from scipy.signal.windows import hann

    padded = np.pad(samples.astype(np.float32), size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[centres]
    power: ndarray = np.abs(rfft(frames * hann(size, sym=False).astype(np.float32), axis=1)) ** 2
    return power


def log_spectral_distance_db(spectra: Spectra) -> float | None:
    """Root mean square over frequency of the difference in dB, averaged over the frames.

    Rabiner and Juang (1993). What lies 80 dB below the clean clip's strongest cell counts as
    silence in both.
    """
    floor = spectra.clean.max(initial=0) * 10 ** (-DISTANCE_RANGE_DB / 10)
    if floor == 0:
        return None
    ratio = np.maximum(spectra.result, floor) / np.maximum(spectra.clean, floor)
    distances = np.sqrt(np.mean((10 * np.log10(ratio)) ** 2, axis=1))
    return float(distances.mean())


def held_band(spectra: Spectra) -> tuple[float, float] | None:
    """The outermost frequencies in hertz up to which the clean clip is still there.

    In bands of half an equivalent rectangular bandwidth, a band holds the signal where both clips
    have some (within 60 dB of their strongest band) and the corrupted one at most 3 dB less than
    the clean one, beside the change of level that most bands share: a clip that is turned down
    loses no band. The edges are interpolated. A noise that fills a lost band hides the loss.

    Returns:
        None where one of the clips is silent, or no band is left.
    """
    edges = half_bandwidths(spectra.step_hz * (spectra.clean.shape[1] - 1))
    before, after = (
        band_powers(power, spectra.step_hz, edges) for power in (spectra.clean, spectra.result)
    )
    floor = 10 ** (-BAND_RANGE_DB / 10)
    had = before > floor * before.max()
    both = had & (after > floor * after.max())
    if not both.any():
        return None
    levels = [10 * np.log10(np.maximum(each, TINY)) for each in (before, after)]
    change = levels[1] - levels[0]
    kept = np.where(had, change - most_common(change[both]) + LOST_DB, -np.inf)
    return outer_edges(kept, edges)


def half_bandwidths(highest_hz: float) -> Float[ndarray, " edge"]:
    """Edges from 0 Hz up, half an equivalent rectangular bandwidth apart.

    Glasberg and Moore (1990): their number is ``21.4 log10(1 + 0.00437 f)``.
    """
    numbers = 21.4 * math.log10(1 + 0.00437 * highest_hz)
    return (10 ** (np.linspace(0, numbers, math.ceil(2 * numbers) + 1) / 21.4) - 1) / 0.00437


def band_powers(
    power: Float[ndarray, "frame frequency"], step_hz: float, edges: Float[ndarray, " edge"]
) -> Float[ndarray, " band"]:
    """Mean power between neighbouring edges, from the power summed up over frequency."""
    spectrum = power.sum(axis=0, dtype=np.float64)
    summed = np.concatenate([[0], np.cumsum(spectrum)])
    bounds = np.append((np.arange(len(spectrum)) - 0.5) * step_hz, (len(spectrum) - 0.5) * step_hz)
    return np.diff(np.interp(edges, bounds, summed)) / np.diff(edges)


def most_common(values: Float[ndarray, " band"]) -> float:
    """The value that most others lie within 1.5 of; the median of those."""
    near = np.abs(values[:, None] - values) < ALIKE_DB
    return float(np.median(values[near[np.argmax(near.sum(axis=1))]]))


def outer_edges(
    kept: Float[ndarray, " band"], edges: Float[ndarray, " edge"]
) -> tuple[float, float] | None:
    """Where `kept` (dB above the threshold) crosses zero first and last, interpolated."""
    held = np.flatnonzero(kept >= 0)
    if not len(held):
        return None
    centres = (edges[1:] + edges[:-1]) / 2
    first, last = int(held[0]), int(held[-1])
    lowest = _crossing(kept, centres, first, first - 1) or edges[first]
    highest = _crossing(kept, centres, last, last + 1) or edges[last + 1]
    return float(lowest), float(highest)


def _crossing(
    kept: Float[ndarray, " band"], centres: Float[ndarray, " band"], inner: int, outer: int
) -> float | None:
    """Where `kept` is zero between two neighbouring centres; None without such a neighbour."""
    if not 0 <= outer < len(kept) or not np.isfinite(kept[outer]):
        return None
    share = kept[inner] / (kept[inner] - kept[outer])
    return float(centres[inner] + share * (centres[outer] - centres[inner]))
