"""Rooms, and what is plugged in there."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.ambience.kinds import RATE, ambiences, slow_walk, unit
from perturbations.ambience.spectra import frame_count, frequencies, noise_bins, resynthesise

MAINS_HZ = (50.0, 60.0)
MAINS_DRIFT_HZ = 0.03
HARMONICS = 24
WAVE_POINTS = 4096


@ambiences.register("room")
def room(length: int, generator: np.random.Generator) -> Float[Tensor, "{length}"]:
    """An office: ventilation and mains hum."""
    frames = frame_count(length)
    ventilation = resynthesise(
        noise_bins(frames, generator) * ventilation_spectrum(frequencies()), length
    )
    return unit(ventilation) + 0.4 * unit(mains_hum(length, generator))


@ambiences.register("hum")
def hum(length: int, generator: np.random.Generator) -> Float[Tensor, "{length}"]:
    """A bad ground: the mains and its harmonics over a faint hiss."""
    hiss = resynthesise(noise_bins(frame_count(length), generator), length)
    return unit(mains_hum(length, generator)) + 0.01 * hiss


def mains_hum(length: int, generator: np.random.Generator) -> Float[Tensor, "{length}"]:
    """Mains of 50 or 60 Hz with harmonics, all of which drift.

    The frequency wanders by some hundredths of a hertz, as that of a power grid does; the wave
    form wanders between two of its own, so that every harmonic swells and fades.
    """
    mains = generator.choice(MAINS_HZ)
    wandering = mains + MAINS_DRIFT_HZ * slow_walk(length, 0.5, generator).double().numpy()
    turns = generator.random() + np.cumsum(wandering / RATE)
    points = (turns % 1) * WAVE_POINTS
    places = np.arange(WAVE_POINTS + 1)
    first, other = (np.interp(points, places, wave_form(generator)) for _ in range(2))
    share = torch.sigmoid(2 * slow_walk(length, 0.7, generator))
    return torch.lerp(torch.from_numpy(first).float(), torch.from_numpy(other).float(), share)


def wave_form(generator: np.random.Generator) -> np.ndarray:
    """One period of a hum, and its first point again: harmonics of any phase, the odd louder.

    Harmonic n has about 1 / n of the first one's amplitude.
    """
    orders = np.arange(1, HARMONICS + 1)
    levels = generator.lognormal(0, 0.7, HARMONICS) / orders * np.where(orders % 2, 1.0, 0.5)
    bins = np.zeros(WAVE_POINTS // 2 + 1, dtype=complex)
    bins[orders] = levels * np.exp(2j * np.pi * generator.random(HARMONICS))
    wave = np.fft.irfft(bins)
    return np.append(wave, wave[0]) * WAVE_POINTS


def ventilation_spectrum(hertz: Float[Tensor, "frequency"]) -> Float[Tensor, "frequency"]:
    """A rumble that falls by 6 dB an octave above 60 Hz."""
    return (hertz / 20).clamp(max=1.0) / (1 + (hertz / 60) ** 2).sqrt()
