"""Clips to check a model on, where the user gives none or only one."""

import torch
from jaxtyping import Float
from torch import Tensor

SECONDS = 2.0
SYLLABLES = 4.0  # per second
PITCH = 120.0  # Hz
FAINT = 1e-3


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
    """The clip, and half as much digital silence after it."""
    return torch.nn.functional.pad(clip, (0, max(1, clip.shape[1] // 2)))


def with_faint_noise(clip: Float[Tensor, "one time"]) -> Float[Tensor, "one longer"]:
    """The clip, and half as much noise after it, 60 dB below the clip.

    Relevance is mostly sample x coefficient, so digital silence would never show any.
    """
    longer = with_silence(clip)
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(longer.shape, generator=random).to(clip)
    noise[:, : clip.shape[1]] = 0
    return longer + FAINT * clip.std() * noise
