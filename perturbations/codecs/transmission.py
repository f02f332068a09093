"""Clips through a coder, in place and of their own length again."""

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.codecs.alignment import in_place
from perturbations.codecs.coder import Coded, Coder
from perturbations.waveform import cut_or_pad, resample, within_full_scale


def code(
    waveform: Float[Tensor, "batch time"], sample_rate: int, coder: Coder
) -> Float[Tensor, "batch time"]:
    """Each clip through the coder, in memory and on the CPU, in place and of its own length."""
    return torch.stack([code_clip(clip, sample_rate, coder)[0] for clip in waveform])


def code_clip(
    clip: Float[Tensor, " time"], sample_rate: int, coder: Coder
) -> tuple[Float[Tensor, " time"], float]:
    """One clip through the coder, resampled to its rate and back, delay and padding taken out.

    Args:
        clip: A clip louder than full scale is turned down, as `within_full_scale` does.
        sample_rate: Of the clip, in hertz.
        coder: Its sample rate may be another.

    Returns:
        As many samples as were given, and the measured bit rate in kbit/s.
    """
    coded = in_place(coder, sent(clip, sample_rate, coder).numpy())
    return received(coded, clip, sample_rate), coded.bits * sample_rate / len(clip) / 1000


def sent(
    clip: Float[Tensor, " time"], sample_rate: int, coder: Coder
) -> Float[Tensor, " coder_time"]:
    """The clip as the coder takes it: on the CPU, within full scale, at the coder's rate."""
    fitting = within_full_scale(clip.detach().cpu()[None])
    return resample(fitting, sample_rate, coder.sample_rate)[0]


def received(
    coded: Coded, clip: Float[Tensor, " time"], sample_rate: int
) -> Float[Tensor, " time"]:
    """What was coded, at the clip's rate, as long as the clip and on its device.

    Clipped at full scale, as players do with what a decoder makes too loud.
    """
    samples = torch.from_numpy(coded.samples)[None]
    resampled = resample(samples, coded.sample_rate, sample_rate).clamp(-1.0, 1.0)
    return cut_or_pad(resampled, len(clip))[0].to(clip)
