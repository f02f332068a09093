"""Clips to check a model on, where the user gives none or only one."""

import torch
from jaxtyping import Float
from torch import Tensor

SECONDS = 2.0
SYLLABLES = 4.0  # per second
PITCH = 120.0  # Hz


def speech_like(
    sample_rate: int, seconds: float = SECONDS, seed: int = 0
) -> Float[Tensor, "batch time"]:
    """One clip of noise that swells and pauses as speech does, with a buzz under it; always alike.

    Args:
        sample_rate: In Hz.
        seconds: Length.
        seed: Another number gives another clip.
    """
    samples = int(seconds * sample_rate)
    random = torch.Generator().manual_seed(seed)
    times = torch.arange(samples) / sample_rate
    frequencies = torch.fft.rfftfreq(samples, 1 / sample_rate)
    # Speech falls by about 6 dB per octave above its lowest partials.
    slope = 1 / frequencies.clamp(min=PITCH)
    hiss = torch.fft.irfft(torch.fft.rfft(torch.randn(samples, generator=random)) * slope, samples)
    buzz = sum(
        torch.sin(2 * torch.pi * PITCH * partial * times) / partial
        for partial in range(1, int(min(4000, sample_rate / 2) / PITCH))
    )
    envelope = torch.sin(torch.pi * SYLLABLES / 2 * times).square()
    voiced = (torch.sin(torch.pi * SYLLABLES / 4 * times) > 0) * buzz
    clip = (hiss / hiss.std() + voiced) * envelope
    return (0.3 * clip / clip.abs().max())[None]


def with_companions(clip: Float[Tensor, "one time"]) -> Float[Tensor, "three time"]:
    """The clip, the same backwards, and a quieter one that starts elsewhere."""
    later = 0.5 * clip.roll(clip.shape[1] // 3, dims=1)
    return torch.cat([clip, clip.flip(1), later])


def with_silence(clip: Float[Tensor, "one time"]) -> Float[Tensor, "one longer"]:
    """The clip, and half as much silence after it."""
    return torch.nn.functional.pad(clip, (0, max(1, clip.shape[1] // 2)))
