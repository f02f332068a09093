"""Time and pitch, one without the other: Signalsmith Stretch, a phase vocoder that bends both."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.waveform import cut_or_pad, rms

STRETCH_ERROR_SECONDS = 0.002


def stretch_time(
    waveform: Float[Tensor, "batch time"], sample_rate: int, rate: float
) -> Float[Tensor, "batch new"]:
    """Play each clip `rate` times as fast at the pitch it had.

    An instant lands within 2 ms of where the rate puts it, measured with click trains.

    Returns:
        ``[batch, round(time / rate)]``, at least one sample.
    """
    stretched = stretch(waveform, sample_rate, lambda machine: machine.setTimeFactor(rate))
    return cut_or_pad(stretched, max(1, round(waveform.shape[1] / rate)))


def shift_pitch(
    waveform: Float[Tensor, "batch time"], sample_rate: int, semitones: float
) -> Float[Tensor, "batch time"]:
    """Every frequency times 2^(semitones / 12), at the same speed and level (RMS).

    The whole spectrum moves, formants with it, so the speaker's throat seems shorter or longer.
    What would pass half the sample rate is lost. Tones land within 25 cents at 110 Hz, 6 at 440 Hz
    and 3 at 1 kHz, instants within 0.1 ms, measured from -12 to 12 semitones.
    """
    shifted = stretch(
        waveform, sample_rate, lambda machine: machine.setTransposeSemitones(semitones)
    )
    tiny = torch.finfo(shifted.dtype).tiny
    return shifted * (rms(waveform) / rms(shifted).clamp(min=tiny))[:, None]


def stretch(
    waveform: Float[Tensor, "batch time"], sample_rate: int, set_up: Callable
) -> Float[Tensor, "batch new"]:
    """Each clip through a machine of its own, on the CPU."""
    from python_stretch.Signalsmith import Stretch

    rows = []
    for row in waveform.detach().cpu().contiguous().numpy():  # the machine ignores strides
        machine = Stretch(seed=0)
        machine.preset(1, sample_rate)
        set_up(machine)
        rows.append(torch.from_numpy(machine.process(row[None])))
    return torch.cat(rows).to(waveform)
