"""Clips that the tests of this floor share."""

import math

import numpy as np
import torch

from perturbations.ambience import RATE, voices
from perturbations.corruption import Key
from perturbations.waveform import resample, within_full_scale


def speech_like(count=2, seconds=1.5, sample_rate=16_000, seed=3):
    """Synthesised voices, [count, time]."""
    made = 0.1 * voices(count, round(seconds * RATE), np.random.default_rng(seed))
    return within_full_scale(resample(made, RATE, sample_rate))


def sine(hertz, seconds=1.0, sample_rate=16_000, amplitude=0.5):
    """One sine, [1, time]."""
    time = torch.arange(round(seconds * sample_rate), dtype=torch.float64) / sample_rate
    return (amplitude * torch.sin(2 * math.pi * hertz * time)).float()[None]


def keys(count, repeat=0):
    return [Key(f"clip-{number}", repeat) for number in range(count)]


def snr(clean, dirty):
    """Signal-to-noise ratio of each clip in dB, in double precision."""
    clean, dirty = clean.double(), dirty.double()
    return 10 * torch.log10(clean.square().mean(1) / (dirty - clean).square().mean(1))
