"""Whether a stretch sounds as if somebody speaks in it: by its level and how that swings.

This is no detector of speech. It marks what a detector of synthetic speech was not made for:
silence, hum, noise, held tones and much music. Music with a beat passes.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

SILENCE, QUIET, STEADY = "silence", "quiet", "steady"

QUIET_DB = -60.0  # decibels against full scale
LEAST_SWING = 0.15  # read speech: 0.26 and more, under noise of 5 dB 0.15; noise alone: 0.04
SHORTEST = 1.0  # seconds in which slow swings can be measured
SPEECH_BAND = (100.0, 4000.0)  # hertz
SYLLABLES = (2.0, 8.0)  # hertz: how often syllables come (Houtgast and Steeneken 1985)
FRAME, HOP = 0.032, 0.016  # seconds


def remark(samples: Float[ndarray, " time"], sample_rate: int) -> str | None:
    """What speaks against speech in a stretch; None where nothing does.

    Args:
        samples: Amplitudes in [-1, 1].
        sample_rate: In hertz.

    Returns:
        ``silence`` where all samples are zero, ``quiet`` below -60 dB of full scale, ``steady``
        where the level swings less than speech does; stretches under a second are never steady.

    >>> remark(np.zeros(16000), 16000), remark(np.full(16000, 1e-4), 16000)
    ('silence', 'quiet')
    >>> remark(0.1 * np.sin(0.2 * np.arange(32000)), 16000)
    'steady'
    """
    if not samples.any():
        return SILENCE
    if level_db(samples) < QUIET_DB:
        return QUIET
    swing = level_swing(samples, sample_rate)
    return STEADY if swing is not None and swing < LEAST_SWING else None


def level_db(samples: Float[ndarray, " time"]) -> float:
    """Root mean square in decibels against full scale; minus infinity for silence.

    >>> round(level_db(np.full(10, 0.1)), 3)
    -20.0
    """
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return 10 * float(np.log10(power)) if power else float("-inf")


def level_swing(samples: Float[ndarray, " time"], sample_rate: int) -> float | None:
    """Root mean square of the level's swings at the pace of syllables, as a share of its mean.

    The level is that of 100 to 4,000 Hz, every 16 ms; the pace is 2 to 8 Hz. Zero for what holds
    its level. None for less than a second, and where there is nothing in that band.
    """
    if len(samples) < SHORTEST * sample_rate:
        return None
    level = _band_level(samples, sample_rate)
    mean = float(level.mean())
    if mean == 0:
        return None
    taper = np.hanning(len(level) + 2)[1:-1]
    spectrum = np.abs(np.fft.rfft((level - mean) * taper)) ** 2
    pace = np.fft.rfftfreq(len(level), round(HOP * sample_rate) / sample_rate)
    inside = (pace >= SYLLABLES[0]) & (pace <= SYLLABLES[1])
    swings = 2 * float(spectrum[inside].sum()) / (len(level) * float((taper**2).sum()))
    return swings**0.5 / mean


def _band_level(samples: Float[ndarray, " time"], sample_rate: int) -> Float[ndarray, " frames"]:
    size, hop = round(FRAME * sample_rate), round(HOP * sample_rate)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    spectra = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    hertz = np.fft.rfftfreq(size, 1 / sample_rate)
    inside = (hertz >= SPEECH_BAND[0]) & (hertz <= SPEECH_BAND[1])
    return np.sqrt(spectra[:, inside].sum(axis=1))
