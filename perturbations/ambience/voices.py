"""Voices that say nothing, by source and filter (Klatt 1980), in the short-time spectrum."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from perturbations.ambience.kinds import RATE
from perturbations.ambience.spectra import (
    HOP,
    analyse,
    frame_count,
    frequencies,
    noise_bins,
    resynthesise,
)
from perturbations.waveform import rms

FORMANT_LOW = np.array([[250.0], [800.0], [2300.0], [3300.0]])
FORMANT_HIGH = np.array([[850.0], [2300.0], [3100.0], [4200.0]])
FORMANT_WIDTH = np.array([80.0, 110.0, 170.0, 250.0])
FORMANT_LEVEL = np.array([1.0, 0.6, 0.3, 0.15])
LOWEST_PITCH_HZ, HIGHEST_PITCH_HZ = 85.0, 240.0
GLOTTAL_HZ = 100.0
HISS = 0.023


def voices(
    count: int, length: int, generator: np.random.Generator
) -> Float[Tensor, "{count} {length}"]:
    """Voices that say nothing: a wandering pitch, a new vowel every syllable, pauses, hisses.

    Made at 16 kHz, each voice with the RMS of the others.
    """
    frames = frame_count(length)
    said = [spoken(frames, generator) for _ in range(count)]
    bins = torch.stack([voiced + hissed(hiss, generator) for voiced, hiss in said])
    voice = resynthesise(bins, length)
    return voice / rms(voice).clamp(min=1e-6)[:, None]


def mixed_voices(
    gains: Sequence[float], frames: int, generator: np.random.Generator
) -> Complex[Tensor, "{frames} frequency"]:
    """Voices of these gains, all at once; one noise does for all hisses, whose powers add up."""
    mix = torch.zeros(frames, len(frequencies()), dtype=torch.complex64)
    power = torch.zeros(frames)
    for gain in gains:
        voiced, hiss = spoken(frames, generator)
        mix.add_(voiced, alpha=gain)
        power += (gain * hiss).square()
    return mix + hissed(power.sqrt(), generator)


def spoken(
    frames: int, generator: np.random.Generator
) -> tuple[Complex[Tensor, "{frames} frequency"], Float[Tensor, "{frames}"]]:
    """One voice in the short-time spectrum, and how loud it hisses in each frame."""
    vowels, hiss = syllables(frames, generator)
    glottal = 1 / (1 + 1j * frequencies() / GLOTTAL_HZ)
    return analyse(pulses(frames, generator)).mul_(vowels * glottal), hiss


def hissed(
    loudness: Float[Tensor, "frame"], generator: np.random.Generator
) -> Complex[Tensor, "frame frequency"]:
    """Noise that rises by 12 dB an octave, so loud in each frame."""
    bright = HISS * torch.linspace(0, 1, len(frequencies())).square()
    return noise_bins(len(loudness), generator) * bright * loudness[:, None]


def syllables(
    frames: int, generator: np.random.Generator
) -> tuple[Float[Tensor, "{frames} frequency"], Float[Tensor, "{frames}"]]:
    """What one voice does in each frame: the gains of its vowel, and the loudness of its hiss.

    A syllable lasts 0.12 to 0.32 s (three to eight a second, as in speech); a fifth are pauses.
    """
    at = np.arange(frames) * HOP / RATE
    lengths = generator.uniform(0.12, 0.32, math.ceil(at[-1] / 0.12) + 2)
    ends = np.cumsum(lengths) - generator.uniform(0, lengths[0])
    talking = generator.random(len(ends)) > 0.2
    force = talking * 10 ** generator.uniform(-0.5, 0, len(ends))
    hissing = talking * (generator.random(len(ends)) < 0.4)
    formants = generator.uniform(FORMANT_LOW, FORMANT_HIGH, (4, len(ends)))

    number = np.searchsorted(ends, at, side="right")
    through = 1 - (ends[number] - at) / lengths[number]
    loudness = force[number] * np.sin(np.pi * through) ** 0.7
    hiss = hissing[number] * np.cos(np.pi * np.minimum(through, 0.5)) ** 2
    vowels = glide(resonances(formants), ends - lengths / 2, at)
    return vowels * floats(loudness)[:, None], floats(hiss)


def resonances(formants: np.ndarray) -> Float[Tensor, "syllable frequency"]:
    """Gains of four resonances at `formants` [4, syllable] in hertz."""
    grid = frequencies().numpy()
    distance = (grid - formants[:, :, None]) / FORMANT_WIDTH[:, None, None]
    return floats((FORMANT_LEVEL[:, None, None] / (1 + distance**2)).sum(axis=0))


def glide(
    stations: Float[Tensor, "syllable frequency"], passed: np.ndarray, at: np.ndarray
) -> Float[Tensor, "frame frequency"]:
    """From each vowel to the next: stations passed at given seconds, seen at other seconds."""
    place = np.interp(at, passed, np.arange(len(passed)))
    number = np.minimum(place.astype(np.int64), len(passed) - 2)
    before = torch.from_numpy(number)
    return torch.lerp(stations[before], stations[before + 1], floats(place - number)[:, None])


def pulses(frames: int, generator: np.random.Generator) -> Float[Tensor, "time"]:
    """What `analyse` takes for so many frames: pulses of 85 to 240 Hz, of power one.

    The pitch heads for another one a few semitones off three times a second. A pulse between two
    samples is shared by them.
    """
    edges = np.arange(frames + 2)
    knots = np.arange(math.ceil(len(edges) * HOP / RATE * 3) + 2)
    base = generator.uniform(np.log2(LOWEST_PITCH_HZ), np.log2(HIGHEST_PITCH_HZ))
    octaves = base + 0.12 * generator.standard_normal(len(knots))
    pitch = 2 ** np.interp(edges * (HOP / RATE * 3), knots, octaves)
    phase = np.cumsum(pitch * (HOP / RATE)) + generator.random()
    instants = np.interp(np.arange(math.ceil(phase[0]), phase[-1]), phase, edges * HOP)
    sample, late = np.divmod(instants, 1)
    heights = np.sqrt(np.gradient(instants)) if len(instants) > 1 else np.ones(len(instants))
    signal = np.zeros((frames + 1) * HOP + 1, dtype=np.float32)
    signal[sample.astype(np.int64)] += heights * (1 - late)
    signal[sample.astype(np.int64) + 1] += heights * late
    return torch.from_numpy(signal[:-1])


def floats(values: np.ndarray) -> Float[Tensor, "..."]:
    """As a float32 tensor."""
    return torch.from_numpy(values.astype(np.float32))
