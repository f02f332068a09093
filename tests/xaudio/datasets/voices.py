"""Voice-like test signals: a gliding harmonic tone with formant-like colouring and pauses."""

import numpy as np


def voice(seconds=2.0, sample_rate=16000, pitch=120.0, seed=0):
    draw = np.random.default_rng(seed)
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time))) / sample_rate
    tone = sum(
        np.exp(-(((k * pitch - 600) / 500) ** 2)) * np.sin(k * phase + draw.uniform(0, 6.28))
        for k in range(1, 30)
    )
    loudness = 0.5 + 0.5 * np.sin(2 * np.pi * 1.3 * time)
    noisy = tone * loudness + 0.01 * draw.standard_normal(len(time))
    return (0.3 * noisy / np.abs(noisy).max()).astype(np.float32)
