"""Which samples of the clean and of the corrupted clip belong together, and how late they come."""

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from perturbations.time_map import TimeMap

LONGEST_DELAY_SECONDS = 0.5
LEAST_LIKENESS = 0.1
SAME_INSTANT_SECONDS = 1e-7
SAME_SAMPLE = 1e-3
NEWTON_STEPS = 4

Pair = tuple[Float[ndarray, " shared"], Float[ndarray, " shared"]]


def common_shift(time_map: TimeMap) -> float | None:
    """Seconds by which everything comes later; None where the clock was moved otherwise.

    >>> common_shift(TimeMap.later(0.25)), common_shift(TimeMap.speed(2.0))
    (0.25, None)
    """
    shifts = np.subtract(time_map.target, time_map.source)
    return float(shifts.mean()) if np.ptp(shifts) < SAME_INSTANT_SECONDS else None


def aligned(
    clean: Float[ndarray, " time"], result: Float[ndarray, " new"], later: int
) -> Pair | None:
    """The stretches in which clean sample ``i`` and sample ``i + later`` of the result both exist.

    Returns:
        None where fewer than two samples belong together.
    """
    clean = clean[max(0, -later) :]
    result = result[max(0, later) :]
    length = min(len(clean), len(result))
    return (clean[:length], result[:length]) if length >= 2 else None


def measured_delay(
    clean: Float[ndarray, " time"], result: Float[ndarray, " time"], sample_rate: int
) -> float | None:
    """Seconds by which `result` lags `clean`, between samples, from their cross-correlation.

    The highest peak of the magnitude within half a second, found between the samples by Newton's
    method on the band-limited correlation.

    Returns:
        None where the correlation coefficient stays below 0.1: nothing is alike.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    reach = min(math.floor(LONGEST_DELAY_SECONDS * sample_rate), len(clean) - 1)
    size = next_fast_len(len(clean) + reach, real=True)
    cross = np.conj(rfft(clean, size)) * rfft(result, size)
    correlation = irfft(cross, size)
    lags = np.concatenate([np.arange(reach + 1), np.arange(-reach, 0)])
    lag = int(lags[np.argmax(np.abs(correlation[lags]))])
    energy = math.sqrt(float(clean @ clean) * float(result @ result))
    if energy == 0 or abs(correlation[lag]) < LEAST_LIKENESS * energy:
        return None
    return _between_samples(cross, size, lag) / sample_rate


def _between_samples(cross: ndarray, size: int, lag: int) -> float:
    """The extremum nearest to `lag` of the correlation whose spectrum is `cross`, in samples."""
    speed = 2 * np.pi * np.arange(len(cross)) / size
    turned, offset = cross * np.exp(1j * speed * lag), 0.0
    for _ in range(NEWTON_STEPS):
        now = turned * np.exp(1j * speed * offset)
        slope, bend = -float(speed @ now.imag), -float(speed**2 @ now.real)
        step = slope / bend if bend else 0.0
        offset = min(max(offset - step, -0.5), 0.5)
        if abs(step) < SAME_SAMPLE:
            break
    return lag + (offset if abs(offset) > SAME_SAMPLE else 0.0)


def moved_later(
    clean: Float[ndarray, " time"], result: Float[ndarray, " time"], delay: float
) -> Pair:
    """The pair with the clean clip moved later by `delay` samples, cut to where both have sound."""
    whole = round(delay)
    earlier, later = aligned(clean, result, whole) or (clean, result)
    rest = delay - whole
    return (earlier if rest == 0 else fractionally_delayed(earlier, rest)), later


def fractionally_delayed(samples: Float[ndarray, " time"], delay: float) -> Float[ndarray, " time"]:
    """The band-limited signal read `delay` samples earlier, a shift of less than one sample."""
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(2 * len(samples), real=True)
    phase = np.exp(-2j * np.pi * delay * np.arange(size // 2 + 1) / size)
    return irfft(rfft(samples, size) * phase, size)[: len(samples)]
