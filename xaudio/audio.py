"""Recordings: read from any container, mixed to one channel once, cut, resampled, written."""

import hashlib
import io
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
import torch
from jaxtyping import Float, Float32, Shaped
from torch import Tensor

from perturbations.waveform import resample, within_full_scale
from xaudio.decoding.reading import Reading, check_whole, mixing
from xaudio.errors import AudioError

_MOST_CHANNELS = 64  # more are samples mistaken for channels


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording.

    Attributes:
        samples: Mono amplitude, nominally in [-1, 1].
        sample_rate: In hertz.
        name: What people call it: the file's name.
        digest: SHA-256, in hexadecimal, of the original bytes; cutting and resampling keep it.
        decode_chain: What was done to the original bytes to get these samples, in order.
    """

    samples: Float32[np.ndarray, "time"]
    sample_rate: int
    name: str
    digest: str
    decode_chain: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def waveform(self) -> Float[Tensor, "1 time"]:
        """The samples as a batch of one; a copy."""
        return torch.tensor(self.samples)[None]

    def resampled(self, sample_rate: int) -> "Clip":
        """The same clip at another rate in hertz (soxr, high quality)."""
        if sample_rate == self.sample_rate:
            return self
        samples = resample(self.waveform, self.sample_rate, sample_rate)[0].numpy()
        step = f"resampled {self.sample_rate} -> {sample_rate} Hz (soxr HQ)"
        changed = replace(self, samples=samples, sample_rate=sample_rate)
        return replace(changed, decode_chain=(*self.decode_chain, step))

    def cut(self, start: float, end: float) -> "Clip":
        """The stretch from `start` to `end` in seconds, clamped to the clip.

        Raises:
            AudioError: Fewer than two samples would be left.
        """
        first = max(0, round(start * self.sample_rate))
        samples = self.samples[first : max(first, round(end * self.sample_rate))].copy()
        if len(samples) < 2:
            raise AudioError(
                f"'{self.name}' lasts {self.seconds:.3f} s; there is nothing to cut from "
                f"{start:g} s to {end:g} s."
            )
        step = f"cut {start:.3f}-{end:.3f} s"
        return replace(self, samples=samples, decode_chain=(*self.decode_chain, step))

    def within_full_scale(self) -> "Clip":
        """The same clip, turned down to a peak of one where it is louder."""
        if np.abs(self.samples).max() <= 1:
            return self
        samples = within_full_scale(self.waveform)[0].numpy()
        chain = (*self.decode_chain, "turned down to a peak of 1")
        return replace(self, samples=samples, decode_chain=chain)


def read_clip(path: str | os.PathLike[str], longest: float = math.inf) -> Clip:
    """Read a recording from a file, in any container soundfile or FFmpeg (PyAV) knows.

    Channels are averaged to one. A name ending in ``.g722`` is read as raw G.722 at 64 kbit/s.

    Args:
        path: The file.
        longest: Most seconds to decode, which bounds time and memory.

    Raises:
        AudioError: The file is missing, empty, truncated, damaged, not audio, lasts longer than
            `longest`, or its samples cannot be used (fewer than two, silent, NaN or infinite).
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise AudioError(f"There is no file '{file}'.") from None
    except OSError as error:
        raise AudioError(f"'{file}' cannot be read: {error.strerror}.") from None
    return clip_from_bytes(data, file.name, longest)


def clip_from_bytes(data: bytes, name: str, longest: float = math.inf) -> Clip:
    """Decode a recording that is already in memory: an upload, a member of an archive.

    Args:
        data: The file's bytes.
        name: The file's name; used in messages and to recognise raw ``.g722``.
        longest: Most seconds to decode: decoding stops there, whatever the file announces.

    Raises:
        AudioError: As for `read_clip`.
    """
    name = readable_name(name)
    check_whole(data, name)
    reading = Reading(io.BytesIO(data), name, longest)
    samples = np.concatenate([np.zeros(0, np.float32), *(block for block, _ in reading)])
    return Clip(
        _checked(samples, reading.sample_rate, name),
        reading.sample_rate,
        name,
        hashlib.sha256(data).hexdigest(),
        reading.chain,
    )


def clip_from_samples(
    samples: Shaped[np.ndarray, "..."] | Shaped[Tensor, "..."],
    sample_rate: int,
    name: str = "array",
) -> Clip:
    """A clip from samples in memory: ``[time]``, or ``[channels, time]``, which are averaged.

    The digest is that of the samples as little-endian float32.

    Raises:
        AudioError: The samples cannot be used (see `read_clip`) or have another shape.

    >>> clip = clip_from_samples(np.ones((2, 8000)), 8000)
    >>> clip.seconds, clip.decode_chain
    (1.0, ('samples in memory', 'mixed 2 channels to one (mean)'))
    """
    array = samples.detach().cpu().numpy() if isinstance(samples, Tensor) else np.asarray(samples)
    if array.ndim not in (1, 2) or not np.issubdtype(array.dtype, np.floating):
        raise AudioError(
            f"Samples of shape {array.shape} and type {array.dtype} were given; expected floating "
            "point in [-1, 1], shaped [time] or [channels, time]."
        )
    chain: tuple[str, ...] = ("samples in memory",)
    name = readable_name(name)
    if array.ndim == 2:
        _check_channels(array, name)
        chain += mixing(len(array))
        array = array.mean(axis=0) if len(array) else array.reshape(0)
    mono = np.array(array, dtype="<f4")
    digest = hashlib.sha256(mono.tobytes()).hexdigest()
    return Clip(_checked(mono, sample_rate, name), sample_rate, name, digest, chain)


def readable_name(name: str) -> str:
    r"""A file's name as text that can be drawn and printed: bytes that are no UTF-8 become �.

    >>> readable_name(os.fsdecode(b"caf\xe9.wav"))
    'caf�.wav'
    """
    # Python keeps such bytes as lone surrogates, which UTF-16 can carry and then replace.
    return name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def write_audio(
    path: str | os.PathLike[str],
    samples: Float[np.ndarray, "time"] | Float[Tensor, "time"],
    sample_rate: int,
) -> None:
    """Write samples to a file of the kind its suffix names: WAV keeps every float exactly.

    The file appears complete or not at all.

    Raises:
        AudioError: The suffix names no format that can be written, the samples are not finite,
            or they exceed [-1, 1] where the format would clip them (all but ``.wav``).
    """
    file = Path(path)
    kind = file.suffix.lstrip(".").upper()
    if kind not in soundfile.available_formats():
        raise AudioError(f"'{file}' cannot be written: use a name ending in .wav, .flac or .ogg.")
    array = _finite(samples, str(file))
    if kind != "WAV" and np.abs(array).max(initial=0.0) > 1:
        raise AudioError(
            f"'{file}' would clip: its samples reach {np.abs(array).max():.2f} and {kind} ends at "
            "1. Write a .wav instead, or lower the level."
        )
    buffer = io.BytesIO()
    subtype = "FLOAT" if kind == "WAV" else None
    try:
        soundfile.write(buffer, array, sample_rate, format=kind, subtype=subtype)
        _write_aside(file, buffer.getvalue())
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(f"'{file}' cannot be written: {error}.") from None


def wav_bytes(
    samples: Float[np.ndarray, "time"] | Float[Tensor, "time"], sample_rate: int
) -> bytes:
    """A 16-bit WAV file in memory, as every browser plays it; what exceeds [-1, 1] is clipped.

    >>> wav_bytes(np.zeros(100), 8000)[:4]
    b'RIFF'
    """
    buffer = io.BytesIO()
    array = np.clip(_finite(samples, "the sound"), -1, 1)
    soundfile.write(buffer, array, sample_rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def _write_aside(file: Path, data: bytes) -> None:
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        aside.write_bytes(data)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def _finite(
    samples: Float[np.ndarray, "time"] | Float[Tensor, "time"], name: str
) -> Float32[np.ndarray, "time"]:
    array = samples.detach().cpu().numpy() if isinstance(samples, Tensor) else samples
    array = np.asarray(array, dtype=np.float32)
    if not np.isfinite(array).all():
        raise AudioError(f"'{name}' cannot be written: its samples are not all finite.")
    return array


def _check_channels(samples: np.ndarray, name: str) -> None:
    """Refuse ``[time, channels]``, as soundfile reads it, where ``[channels, time]`` is meant."""
    channels, length = samples.shape
    if channels > min(max(length, 1), _MOST_CHANNELS):
        raise AudioError(
            f"'{name}' was given as {channels} channels of {length} samples; expected the shape "
            f"[channels, time], with at most {_MOST_CHANNELS} channels. If it is [time, channels], "
            "as soundfile reads it, give its transpose: samples.T."
        )


def _checked(samples: np.ndarray, sample_rate: int, name: str) -> Float32[np.ndarray, "time"]:
    """The samples as float32, if a classifier can hear anything in them at all."""
    if sample_rate < 1:
        raise AudioError(f"'{name}' has a sample rate of {sample_rate} Hz; expected at least 1.")
    if len(samples) < 2:
        raise AudioError(f"'{name}' holds {len(samples)} samples; a recording needs at least 2.")
    finite = np.isfinite(samples)
    if not finite.all():
        first = int(np.argmin(finite)) / sample_rate
        raise AudioError(
            f"'{name}' holds NaN or infinite samples, the first at {first:.3f} s. "
            "Decode or record it again."
        )
    if not samples.any():
        raise AudioError(f"'{name}' is silent: all of its {len(samples)} samples are zero.")
    return np.ascontiguousarray(samples, dtype=np.float32)
