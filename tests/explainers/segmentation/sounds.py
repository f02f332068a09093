"""Sounds whose onsets and ends are known."""

import numpy as np
import torch
from torch import Tensor

RATE = 16_000


def bursts(spans: list[tuple[float, float]], seconds: float, pitch: float = 150.0) -> Tensor:
    """Harmonic tones from start to end in seconds, with attacks of 10 ms; silence elsewhere."""
    clip = np.zeros(round(seconds * RATE))
    for start, end in spans:
        time = np.arange(round((end - start) * RATE)) / RATE
        tone = sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 20))
        edge = np.clip(np.minimum(time, end - start - time) / 0.01, 0, 1)
        first = round(start * RATE)
        clip[first : first + len(time)] += 0.1 * edge * tone
    return torch.tensor(clip, dtype=torch.float32)


def with_noise(clip: Tensor, snr_db: float, seed: int = 0) -> Tensor:
    """White noise, `snr_db` below the level of what sounds."""
    noise = torch.randn(len(clip), generator=torch.Generator().manual_seed(seed))
    level = clip[clip != 0].square().mean().sqrt()
    return clip + noise * level * 10 ** (-snr_db / 20)


def plucked(starts: list[float], seconds: float) -> Tensor:
    """Tones that start suddenly and die away within 0.4 s."""
    clip = np.zeros(round(seconds * RATE))
    time = np.arange(round(0.4 * RATE)) / RATE
    decay = np.exp(-8 * time) * np.minimum(1, (0.4 - time) / 0.1)
    for number, start in enumerate(starts):
        first = round(start * RATE)
        clip[first : first + len(time)] += (
            0.5 * decay * np.sin(2 * np.pi * (300 + 100 * number) * time)
        )
    return torch.tensor(clip, dtype=torch.float32)
