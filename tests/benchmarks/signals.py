"""A test signal with pitch, pauses and noise; what it says does not matter here."""

import numpy as np


def voice(seconds, sample_rate=16000):
    time_axis = np.arange(round(seconds * sample_rate)) / sample_rate
    tone = sum(np.sin(2 * np.pi * 130 * k * time_axis) / k for k in range(1, 20))
    noise = np.random.default_rng(0).standard_normal(len(time_axis))
    loudness = np.maximum(np.sin(2 * np.pi * 1.5 * time_axis), 0)
    return (0.1 * (tone * loudness + 0.05 * noise)).astype(np.float32)
