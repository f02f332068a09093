"""A stretch of a long recording as a clip, found by jumping there."""

from math import gcd

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from perturbations.waveform import resample
from xaudio.audio import Clip
from xaudio.errors import AudioError
from xaudio.long_recordings.opening import Source, open_recording
from xaudio.long_recordings.recording import Recording
from xaudio.long_recordings.streaming import resampling_chain

MARGIN = 0.5  # seconds read on either side: resamplers and decoders need to settle


def excerpt(source: Source, start: float, end: float, sample_rate: int | None = None) -> Clip:
    """The stretch from `start` to `end`, sample by sample as in the whole recording.

    Where a container allows no exact jumps (WebM, raw streams), it is decoded from its beginning
    up to there.

    Args:
        source: A file, a clip or an opened recording.
        start: In seconds.
        end: In seconds; what reaches beyond the recording is left out.
        sample_rate: In hertz; the recording's own where None.

    Raises:
        AudioError: The recording cannot be read, or has fewer than two samples there.
    """
    recording = open_recording(source)
    rate = sample_rate or recording.sample_rate
    first, last = max(0, round(start * rate)), max(0, round(end * rate))
    samples = _at_rate(recording, first, last, rate) if last > first else np.zeros(0, np.float32)
    if len(samples) < 2:
        raise AudioError(
            f"There is nothing to cut from '{recording.name}' between {start:g} s and {end:g} s; "
            "it is shorter, or the stretch is."
        )
    step = f"cut {start:.3f}-{end:.3f} s"
    chain = (*resampling_chain(recording, rate), step)
    return Clip(samples, rate, recording.name, recording.digest, chain)


def _at_rate(recording: Recording, first: int, last: int, rate: int) -> Float32[ndarray, " time"]:
    """Samples `first` to `last` of the recording as it is at `rate`."""
    own = recording.sample_rate
    if rate == own:
        return _read(recording, first, last)
    # Samples of both rates coincide every `period` of the recording's own.
    period = own // gcd(own, rate)
    margin = round(MARGIN * own)
    from_own = max(0, (first * own // rate - margin) // period * period)
    to_own = -(-last * own // rate) + margin
    around = _read(recording, from_own, to_own)
    if not len(around):
        return around
    offset = from_own * rate // own
    changed = resample(torch.from_numpy(around)[None], own, rate)[0].numpy()
    return changed[first - offset : last - offset].copy()


def _read(recording: Recording, first: int, last: int) -> Float32[ndarray, " time"]:
    pieces, wanted = [np.zeros(0, np.float32)], last - first
    for block in recording.blocks(first):
        pieces.append(block[:wanted])
        wanted -= len(pieces[-1])
        if wanted <= 0:
            break
    return np.concatenate(pieces)
