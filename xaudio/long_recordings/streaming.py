"""From blocks of any length to samples at another rate, and to windows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from xaudio.errors import AudioError
from xaudio.long_recordings.recording import Recording

Blocks = Iterator[Float32[ndarray, " time"]]


@dataclass(frozen=True, eq=False)
class Window:
    """A stretch of a recording.

    Attributes:
        first: Its first sample, counted from the recording's.
        samples: Its own.
    """

    first: int
    samples: Float32[ndarray, " time"]


def heard(recording: Recording, sample_rate: int) -> Blocks:
    """The whole recording at a rate, in blocks, as `xaudio.audio.read_clip` and resampling give it.

    Args:
        recording: What is read.
        sample_rate: In hertz.

    Raises:
        AudioError: It is truncated or damaged, or its samples cannot be used: fewer than two,
            silent, NaN or infinite.
    """
    return resampled(_checked(recording), recording.sample_rate, sample_rate)


def resampling_chain(recording: Recording, sample_rate: int) -> tuple[str, ...]:
    """How the samples at a rate come from the original bytes."""
    if sample_rate == recording.sample_rate:
        return recording.decode_chain
    step = f"resampled {recording.sample_rate} -> {sample_rate} Hz (soxr HQ)"
    return (*recording.decode_chain, step)


def resampled(blocks: Blocks, from_rate: int, to_rate: int) -> Blocks:
    """Blocks at another rate (soxr, high quality): in all ``round(time * to_rate / from_rate)``.

    >>> blocks = iter([np.zeros(100, np.float32), np.zeros(60, np.float32)])
    >>> sum(len(block) for block in resampled(blocks, 16000, 48000))
    480
    """
    if from_rate == to_rate:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32", quality="HQ")
    taken = given = 0
    for block in blocks:
        taken += len(block)
        changed = stream.resample_chunk(np.ascontiguousarray(block, dtype=np.float32))
        given += len(changed)
        if len(changed):
            yield changed
    rest = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    missing = max(1, round(taken * to_rate / from_rate)) - given
    if missing > 0:
        yield np.pad(rest[:missing], (0, max(0, missing - len(rest))))


def windows(blocks: Blocks, length: int, hop: int) -> Iterator[Window]:
    """Windows of `length` samples every `hop`; the last one ends where the recording ends.

    A recording shorter than one window is one window of its own length.

    >>> found = windows(iter([np.arange(5, dtype=np.float32)]), length=2, hop=2)
    >>> [(window.first, window.samples.tolist()) for window in found]
    [(0, [0.0, 1.0]), (2, [2.0, 3.0]), (3, [3.0, 4.0])]
    """
    held, origin, start = np.zeros(0, np.float32), 0, 0
    for block in blocks:
        held = np.concatenate([held, block])
        end = origin + len(held)
        while start + length <= end:
            yield Window(start, held[start - origin : start - origin + length].copy())
            start += hop
        # The last window may have to reach back this far.
        kept = max(origin, min(start, end - length))
        held, origin = held[kept - origin :], kept
    end = origin + len(held)
    if start == 0 or start - hop + length < end:
        yield Window(max(0, end - length), held[max(0, len(held) - length) :].copy())


def _checked(recording: Recording) -> Blocks:
    """The recording's own blocks, if a classifier can hear anything in them at all."""
    count, sounding = 0, False
    for block in recording.blocks():
        finite = np.isfinite(block)
        if not finite.all():
            first = (count + int(np.argmin(finite))) / recording.sample_rate
            raise AudioError(
                f"'{recording.name}' holds NaN or infinite samples, the first at {first:.3f} s. "
                "Decode or record it again."
            )
        count += len(block)
        sounding = sounding or bool(block.any())
        yield block
    if count < 2:
        raise AudioError(f"'{recording.name}' holds {count} samples; a recording needs at least 2.")
    if not sounding:
        raise AudioError(f"'{recording.name}' is silent: all of its {count} samples are zero.")
