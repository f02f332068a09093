"""Background noises made offline: voices that say nothing, crowds of them, rooms.

None of them repeats: pitch, vowels, pauses and levels wander as long as the clip lasts. They are
made at 16 kHz and resampled, so that a key gives the same noise at every sample rate.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.errors import CorruptionError
from perturbations.registry import Registry
from perturbations.waveform import cut_or_pad, resample, rms

RATE = 16_000
WINDOW, HOP = 512, 256
FORMANT_LOW = np.array([[250.0], [800.0], [2300.0], [3300.0]])
FORMANT_HIGH = np.array([[850.0], [2300.0], [3100.0], [4200.0]])
FORMANT_WIDTH = np.array([80.0, 110.0, 170.0, 250.0])
FORMANT_LEVEL = np.array([1.0, 0.6, 0.3, 0.15])

Ambience = Callable[[int, np.random.Generator], Float[Tensor, "time"]]
ambiences: Registry[Ambience] = Registry(
    "ambience", "xaudio.ambiences", ("perturbations.ambience",), CorruptionError
)


def synthesise(
    name: str, length: int, sample_rate: int, generator: np.random.Generator
) -> Float[Tensor, "length"]:
    """Background noise of a registered kind, with an RMS of one.

    Args:
        name: One of ``ambiences.names()``.
        length: Samples wanted.
        sample_rate: In hertz.
        generator: Where all the chance in it comes from.
    """
    make = ambiences.get(name)
    noise = make(math.ceil(length * RATE / sample_rate) + HOP, generator)[None]
    noise = cut_or_pad(resample(noise, RATE, sample_rate), length)
    return (noise / rms(noise)[:, None])[0]


@ambiences.register("babble")
def babble(length: int, generator: np.random.Generator) -> Float[Tensor, "length"]:
    """Six voices around a table, speaking at once."""
    return loudnesses(6, 6.0, generator) @ voices(6, length, generator)


@ambiences.register("crowd")
def crowd(length: int, generator: np.random.Generator) -> Float[Tensor, "length"]:
    """A hall full of people: a few voices over a murmur with the spectrum of speech."""
    near = loudnesses(4, 9.0, generator) @ voices(4, length, generator)
    murmur = shaped_noise(length, generator, speech_spectrum)
    swell = slow_walk(length, 2.0, generator)
    return near / near.square().mean().sqrt() + 10 ** (swell * 0.1) * murmur


@ambiences.register("room")
def room(length: int, generator: np.random.Generator) -> Float[Tensor, "length"]:
    """An office: ventilation and mains hum."""
    ventilation = shaped_noise(length, generator, ventilation_spectrum)
    seconds = torch.arange(length, dtype=torch.float64) / RATE
    mains = 50.0 + 0.1 * generator.standard_normal()
    phases = torch.from_numpy(generator.uniform(0, 2 * np.pi, (6, 1)))
    harmonics = torch.arange(1, 7, dtype=torch.float64)[:, None]
    partials = torch.sin(2 * math.pi * mains * harmonics * seconds + phases) / harmonics
    hum = partials.sum(dim=0).float() * 10 ** (slow_walk(length, 1.0, generator) * 0.1)
    return ventilation + 0.4 * hum


def voices(
    count: int, length: int, generator: np.random.Generator
) -> Float[Tensor, "{count} {length}"]:
    """Voices that say nothing: a wandering pitch, a new vowel every syllable, pauses, hisses.

    Source and filter, as in speech synthesis by formants (Klatt 1980), the filter applied in the
    short-time spectrum. Made at 16 kHz, each voice with about the RMS of the others.
    """
    vowels, hisses = syllables(count, length // HOP + 1, generator)
    noise = torch.from_numpy(generator.standard_normal((count, length), dtype=np.float32))
    window = torch.hann_window(WINDOW)
    buzz_bins, noise_bins = (
        torch.stft(source, WINDOW, HOP, window=window, pad_mode="constant", return_complex=True)
        for source in (pulses(count, length, generator), noise)
    )
    bright = 0.1 * torch.linspace(0, 1, WINDOW // 2 + 1)[:, None] ** 2
    bins = buzz_bins * vowels + noise_bins * (bright * hisses[:, None])
    voice = torch.istft(bins, WINDOW, HOP, window=window, length=length)
    return voice / rms(voice).clamp(min=1e-6)[:, None]


def syllables(
    count: int, frame_count: int, generator: np.random.Generator
) -> tuple[
    Float[Tensor, "{count} frequency {frame_count}"], Float[Tensor, "{count} {frame_count}"]
]:
    """What each voice does in each frame: the gains of its vowel, and the loudness of its hiss.

    A syllable lasts 0.12 to 0.32 s (three to eight a second, as in speech); a fifth are pauses.
    """
    at = np.arange(frame_count) * HOP / RATE
    grid = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    vowels = np.empty((count, len(grid), frame_count), dtype=np.float32)
    hisses = np.empty((count, frame_count), dtype=np.float32)
    for voice in range(count):
        lengths = generator.uniform(0.12, 0.32, math.ceil(at[-1] / 0.12) + 2)
        ends = np.cumsum(lengths) - generator.uniform(0, lengths[0])
        number = np.searchsorted(ends, at, side="right")
        through = 1 - (ends[number] - at) / lengths[number]
        formants = generator.uniform(FORMANT_LOW, FORMANT_HIGH, (4, len(ends)))
        tracks = np.stack([np.interp(at, ends - lengths / 2, row) for row in formants])
        spoken = generator.random(len(ends)) > 0.2
        force = spoken * 10 ** generator.uniform(-0.5, 0, len(ends))
        hissing = spoken * (generator.random(len(ends)) < 0.4)
        vowels[voice] = resonances(grid, tracks) * force[number] * np.sin(np.pi * through) ** 0.7
        hisses[voice] = hissing[number] * np.cos(np.pi * np.minimum(through, 0.5)) ** 2
    return torch.from_numpy(vowels), torch.from_numpy(hisses)


def resonances(grid: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """Gain [frequency, frame] of four resonances that follow `tracks` [4, frame] in hertz."""
    distance = (grid[None, :, None] - tracks[:, None, :]) / FORMANT_WIDTH[:, None, None]
    return (FORMANT_LEVEL[:, None, None] / (1 + distance**2)).sum(axis=0)


def pulses(
    count: int, length: int, generator: np.random.Generator
) -> Float[Tensor, "{count} {length}"]:
    """Sawtooths of 85 to 240 Hz, whose pitch wanders by a few semitones three times a second."""
    at = np.arange(length) * (3 / RATE)
    knots = np.arange(math.ceil(at[-1]) + 2)
    base = generator.uniform(np.log2(85), np.log2(240), (count, 1))
    pitch = 2 ** (base + 0.12 * generator.standard_normal((count, len(knots))))
    phase = np.cumsum([np.interp(at, knots, row / RATE) for row in pitch], axis=1)
    return torch.from_numpy((2 * (phase % 1) - 1).astype(np.float32))


def slow_walk(
    length: int, turns_per_second: float, generator: np.random.Generator
) -> Float[Tensor, "{length}"]:
    """A smooth random curve of about unit variance that turns so many times a second."""
    knots = generator.standard_normal(math.ceil(length / RATE * turns_per_second) + 2)
    at = np.arange(length) / RATE * turns_per_second
    return torch.from_numpy(np.interp(at, np.arange(len(knots)), knots).astype(np.float32))


def shaped_noise(
    length: int,
    generator: np.random.Generator,
    spectrum: Callable[[Float[Tensor, "frequency"]], Float[Tensor, "frequency"]],
) -> Float[Tensor, "{length}"]:
    """Gaussian noise whose amplitude spectrum follows `spectrum` (of hertz), with an RMS of one."""
    white = torch.from_numpy(generator.standard_normal(length, dtype=np.float32))
    frequencies = torch.linspace(0, RATE / 2, length // 2 + 1)
    noise = torch.fft.irfft(torch.fft.rfft(white) * spectrum(frequencies), n=length)
    return noise / noise.square().mean().sqrt()


def speech_spectrum(hertz: Float[Tensor, "frequency"]) -> Float[Tensor, "frequency"]:
    """About the long-term spectrum of speech (Byrne et al. 1994): flat, then -9 dB an octave."""
    return (hertz / 100).clamp(max=1.0) / (1 + (hertz / 500) ** 2) ** 0.75


def ventilation_spectrum(hertz: Float[Tensor, "frequency"]) -> Float[Tensor, "frequency"]:
    """A rumble that falls by 6 dB an octave above 60 Hz."""
    return (hertz / 20).clamp(max=1.0) / (1 + (hertz / 60) ** 2).sqrt()


def loudnesses(count: int, spread_db: float, generator: np.random.Generator) -> Float[Tensor, "n"]:
    """Gains of `count` voices, within so many dB of each other."""
    return torch.from_numpy(10 ** (generator.uniform(-spread_db, 0, count) / 20)).float()
