"""Blind figures from short-time spectra: which band holds signal, and how far noise lies below."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from perturbations.certificates.spectrum import power_at

WINDOW_SECONDS = 0.06
MOST_FRAMES = 4000
BAND_RANGE_DB = 50.0
QUIET_QUANTILE = 0.2
LOWEST_SNR_HZ = 200.0
MOST_SNR_DB = 80.0


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Power of half-overlapping Hann windows.

    Attributes:
        power: Of each frame and frequency.
        step_hz: From one frequency to the next; the first is 0 Hz.
    """

    power: Float[ndarray, "frame frequency"]
    step_hz: float


def spectrogram(samples: Float[ndarray, " time"], sample_rate: int) -> Spectrogram:
    """Windows of 60 ms or a little more, evenly over the clip; at most 4000 of them."""
    size = max(4, 1 << math.ceil(math.log2(WINDOW_SECONDS * sample_rate)))
    padded = np.pad(samples, (0, max(0, size - len(samples))))
    centres = np.arange(size // 2, len(padded) - size // 2 + 1, size // 2)
    if len(centres) > MOST_FRAMES:
        centres = centres[np.linspace(0, len(centres) - 1, MOST_FRAMES).astype(np.int64)]
    return Spectrogram(power_at(padded, centres, size), sample_rate / size)


def occupied_band(spectra: Spectrogram) -> tuple[float, float] | None:
    """The lowest and highest frequency that hold signal, in hertz.

    Where the mean power over time, smoothed over three steps, lies within 50 dB of its highest.
    Measured on read speech and on white noise behind steep filters: an upper edge of 1 to 7 kHz is
    found 8 to 70 Hz too high, a lower one of 150 to 500 Hz 33 to 75 Hz too low. Noise that fills a
    band counts as signal.

    Returns:
        None for silence.
    """
    mean = spectra.power.mean(axis=0, dtype=np.float64)
    smooth = np.convolve(np.pad(mean, 1, mode="edge"), np.full(3, 1 / 3), mode="valid")
    if not smooth.max() > 0:
        return None
    held = np.flatnonzero(smooth >= smooth.max() * 10 ** (-BAND_RANGE_DB / 10))
    highest = spectra.step_hz * (len(mean) - 1)
    lower, upper = (float(held[0]) - 0.5) * spectra.step_hz, (held[-1] + 0.5) * spectra.step_hz
    return max(lower, 0.0), min(float(upper), highest)


def estimated_snr_db(spectra: Spectrogram) -> float | None:
    """Power of the speech over that of a steady noise beneath it, from 200 Hz up, in dB.

    In every frequency bin speech comes and goes and noise stays: the noise is what the bin's power
    falls below a fifth of the time, as if it were Gaussian (then a bin's power is exponential, and
    that quantile ``-ln(0.8)`` of its mean). After the minimum statistics of Martin (2001).
    Frames of digital silence are left out, and so are hum and rumble.

    Measured on 25 clean read excerpts with noise added at -5 to 20 dB: white or pink noise is
    found 0 to 2.7 dB too low, with a standard deviation below 0.7 dB; a babble of six voices is
    heard as speech, 3 to 15 dB too high. Speech itself leaves few bins empty, so clean recordings
    come out at 18 to 60 dB.

    Returns:
        -80 to 80 dB; None for silence.
    """
    live = spectra.power[spectra.power.sum(axis=1) > 0]
    bins = live[:, math.ceil(LOWEST_SNR_HZ / spectra.step_hz) :].astype(np.float64)
    if not bins.any():
        return None
    mean = bins.mean(axis=0)
    steady = np.quantile(bins, QUIET_QUANTILE, axis=0) / -math.log1p(-QUIET_QUANTILE)
    noise, total = float(np.minimum(steady, mean).sum()), float(mean.sum())
    least = 10 ** (-MOST_SNR_DB / 10) * total
    return 10 * math.log10(max(total - noise, least) / max(noise, least))
