"""What the lower floors need of signals: checks, levels, resampling, framing, folders of noises.

A waveform is ``[batch, time]``, float32, mono, nominally in [-1, 1], beside a sample rate in hertz.
"""

import math
import os
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.errors import CorruptionError, UserError

NOISE_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".au"})


def check_waveform(
    waveform: Tensor, sample_rate: int, error: type[UserError] = CorruptionError
) -> None:
    """Refuse what no signal code can answer for.

    Args:
        waveform: Should be float32, ``[batch, time]``, at least one clip of one sample, all finite.
        sample_rate: Should be a positive whole number of hertz.
        error: What is raised, so that each floor answers in its own family.
    """
    check_form(waveform, sample_rate, error)
    check_finite(waveform, error)


def check_form(
    waveform: Tensor, sample_rate: int, error: type[UserError] = CorruptionError
) -> None:
    """Refuse a batch of another shape or type, or a rate that is none; samples are not read."""
    if sample_rate <= 0 or sample_rate != int(sample_rate):
        raise error(f"The sample rate is {sample_rate}; it must be a positive whole number of Hz.")
    if not isinstance(waveform, Tensor):
        raise error(
            f"The waveform is of the type {type(waveform).__name__}; give a torch tensor, as "
            "torch.from_numpy(samples)[None] is."
        )
    if waveform.ndim != 2:
        raise error(
            f"The waveform has shape {tuple(waveform.shape)}; it must be [batch, time]. "
            "Add the batch axis with waveform[None], mix channels down first."
        )
    if waveform.dtype != torch.float32:
        raise error(f"The waveform is {waveform.dtype}; it must be torch.float32 in [-1, 1].")
    if waveform.numel() == 0:
        raise error(f"The waveform is empty (shape {tuple(waveform.shape)}); give some audio.")


def check_finite(waveform: Tensor, error: type[UserError] = CorruptionError) -> None:
    """Refuse NaN and infinite samples."""
    if not math.isfinite(largest(waveform)):
        bad = int((~torch.isfinite(waveform)).sum())
        raise error(f"The waveform has {bad} NaN or infinite samples; mend or drop the clip.")


def rms(waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch"]:
    """Root mean square of each clip.

    >>> rms(torch.tensor([[1.0, -1.0], [0.0, 0.5]])).tolist()
    [1.0, 0.353...]
    """
    return waveform.square().mean(dim=1).sqrt()


def peak(waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch"]:
    """Largest absolute sample of each clip."""
    return waveform.abs().amax(dim=1)


def largest(waveform: Float[Tensor, "batch time"]) -> float:
    """Largest absolute sample of the whole batch; NaN if there is one."""
    # Two reductions are faster than torch.aminmax, and need no copy as abs() does.
    return max(-waveform.amin().item(), waveform.amax().item())


def decibels(ratio: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Amplitude ratio in dB: 20 log10(ratio); a ratio of zero is minus infinity.

    >>> decibels(torch.tensor([1.0, 10.0])).tolist()
    [0.0, 20.0]
    """
    return 20 * torch.log10(ratio)


def within_full_scale(waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
    """Turn down the clips that exceed [-1, 1] to a peak of one; leave the others as they are.

    Clipping instead would add a distortion that nobody asked for.
    """
    if largest(waveform) <= 1:
        return waveform
    return waveform / peak(waveform).clamp(min=1.0)[:, None]


def cut_or_pad(waveform: Float[Tensor, "batch time"], length: int) -> Float[Tensor, "batch length"]:
    """The first `length` samples; zeros follow where there are fewer."""
    missing = length - waveform.shape[1]
    return torch.nn.functional.pad(waveform, (0, missing)) if missing else waveform


def resample(
    waveform: Float[Tensor, "batch time"], from_rate: int, to_rate: int
) -> Float[Tensor, "batch new"]:
    """Resample each clip with soxr in its high quality (pass band to 0.91 of the lower Nyquist).

    Args:
        waveform: ``[batch, time]``; computed on the CPU, returned on its own device.
        from_rate: Its rate in hertz.
        to_rate: The wanted rate in hertz.

    Returns:
        ``[batch, round(time * to_rate / from_rate)]``, at least one sample, without delay.

    >>> resample(torch.zeros(2, 160), 16000, 48000).shape
    torch.Size([2, 480])
    """
    if from_rate == to_rate:
        return waveform
    import soxr

    length = max(1, round(waveform.shape[1] * to_rate / from_rate))
    rows = [
        torch.from_numpy(soxr.resample(row, from_rate, to_rate))
        for row in waveform.detach().cpu().numpy()
    ]
    return cut_or_pad(torch.stack(rows), length).to(waveform)


def frames(
    waveform: Float[Tensor, "batch time"], size: int, hop: int
) -> Float[Tensor, "batch frame size"]:
    """Overlapping windows of `size` samples every `hop` samples, the last one filled with zeros.

    >>> frames(torch.arange(5.0)[None], size=4, hop=2).tolist()
    [[[0.0, 1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 0.0]]]
    """
    count = max(0, -(-(waveform.shape[1] - size) // hop)) + 1
    return cut_or_pad(waveform, size + (count - 1) * hop).unfold(1, size, hop)


def noise_folder(path: str | os.PathLike[str]) -> tuple[Path, ...]:
    """The recordings in a folder and below, in one order on every machine.

    Raises:
        CorruptionError: The folder is missing or holds no recording.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise CorruptionError(f"There is no folder '{folder}'; give a folder of noise recordings.")
    found = [file for file in folder.rglob("*") if file.suffix.lower() in NOISE_SUFFIXES]
    if not found:
        raise CorruptionError(
            f"The folder '{folder}' holds no recording; put WAV, FLAC, Ogg or MP3 files there."
        )
    return tuple(sorted(found, key=lambda file: file.relative_to(folder).as_posix()))
