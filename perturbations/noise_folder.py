"""Noise from a user's folder of recordings: which one, which stretch of it, at which rate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b, file_digest
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.errors import CorruptionError
from perturbations.waveform import largest, resample

JOINT_SECONDS = 0.05
SHORTEST_SECONDS = 0.1
DIGEST_BYTES = 8
FAINTEST = 1e-12
LARGEST_KEPT_BYTES = 2**21  # half a minute of CD quality; what is larger is read where it is wanted


@dataclass(frozen=True)
class Recorded:
    """A stretch of a recording.

    Attributes:
        samples: At the rate that was asked for; what is too faint to be measured, turned up.
        file: Where it was taken.
        start_seconds: Where in the file it begins.
    """

    samples: Float[Tensor, "time"]
    file: Path
    start_seconds: float


def recordings_digest(folder: Path, files: Sequence[Path]) -> str:
    """A short digest of recordings: their names below the folder and every byte of them.

    A file is read once, and again only when its size or its time of change is another.
    """
    digest = blake2b(digest_size=DIGEST_BYTES)
    for file in files:
        try:
            status = file.stat()
            content = content_digest(file.resolve(), status.st_mtime_ns, status.st_size)
        except OSError as fault:
            raise CorruptionError(f"'{file}' cannot be read: {fault}") from fault
        digest.update(f"{file.relative_to(folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=65_536)
def content_digest(file: Path, modified_ns: int, size: int) -> str:  # noqa: ARG001
    """Digest of a file's bytes, remembered as long as its time of change and its size last."""
    with file.open("rb") as opened:
        return file_digest(opened, lambda: blake2b(digest_size=DIGEST_BYTES)).hexdigest()


def recorded_noise(
    files: Sequence[Path], length: int, sample_rate: int, generator: np.random.Generator
) -> Recorded:
    """A stretch of a recording drawn by the generator, resampled to `sample_rate`.

    A recording shorter than the clip is heard again from another place, cross-faded, so that no
    period of its length gets into the noise.

    Raises:
        CorruptionError: The recording cannot be read, or is silent where it was drawn.
    """
    file = files[int(generator.integers(len(files)))]
    samples, rate, start = read_stretch(file, length / sample_rate, generator)
    samples = resample(samples[None], rate, sample_rate)[0]
    if len(samples) < length:
        samples = prolong(samples, length, round(JOINT_SECONDS * sample_rate), generator)
    samples = samples[:length]
    loudest = largest(samples[None])
    if loudest == 0:
        raise CorruptionError(
            f"'{file.name}' is silent from second {start / rate:.2f} on; take it out of the folder."
        )
    if not math.isfinite(loudest):
        raise CorruptionError(f"'{file}' holds NaN or infinite samples; take it out of the folder.")
    if loudest < FAINTEST:
        samples = samples / loudest
    return Recorded(samples, file, start / rate)


def prolong(
    recording: Float[Tensor, "time"], length: int, joint: int, generator: np.random.Generator
) -> Float[Tensor, "longer"]:
    """At least `length` samples, from the recording and further stretches of it.

    Each further stretch begins at a random instant of the recording's first half and is
    cross-faded with equal power over `joint` samples (a quarter of a very short recording).
    """
    joint = min(joint, len(recording) // 4)
    fade = torch.linspace(0, torch.pi / 2, joint)
    pieces, total = [recording], len(recording)
    while total < length:
        piece = recording[int(generator.integers(len(recording) // 2 + 1)) :].clone()
        last = pieces[-1]
        crossed = last[len(last) - joint :] * fade.cos() + piece[:joint] * fade.sin()
        pieces[-1] = last[: len(last) - joint]
        pieces.append(torch.cat([crossed, piece[joint:]]))
        total += len(piece) - joint
    return torch.cat(pieces)


def read_stretch(
    file: Path, seconds: float, generator: np.random.Generator
) -> tuple[Float[Tensor, "time"], int, int]:
    """So many seconds of a recording from a drawn sample on, or all of it where it is shorter.

    Returns:
        The samples, mixed down to one channel; their rate in hertz; the first one's number.
    """
    import soundfile

    try:
        status = file.stat()
        if status.st_size <= LARGEST_KEPT_BYTES:
            whole, rate = decoded(file, status.st_mtime_ns, status.st_size)
            start, needed = drawn_stretch(file, len(whole), rate, seconds, generator)
            return whole[start : start + needed], rate, start
        with soundfile.SoundFile(file) as recording:
            rate = recording.samplerate
            start, needed = drawn_stretch(file, recording.frames, rate, seconds, generator)
            recording.seek(start)
            return mixed_down(recording.read(needed, dtype="float32", always_2d=True)), rate, start
    except (soundfile.LibsndfileError, OSError) as fault:
        raise CorruptionError(f"'{file}' cannot be read as audio: {fault}") from fault


@lru_cache(maxsize=32)
def decoded(file: Path, modified_ns: int, size: int) -> tuple[Float[Tensor, "time"], int]:  # noqa: ARG001
    """A whole recording and its rate, remembered as long as the file is not changed."""
    import soundfile

    channels, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return mixed_down(channels), rate


def drawn_stretch(
    file: Path, count: int, rate: int, seconds: float, generator: np.random.Generator
) -> tuple[int, int]:
    """Where in a recording of `count` samples to begin, and how many samples to take at most."""
    if count < SHORTEST_SECONDS * rate:
        raise CorruptionError(
            f"'{file}' holds less than {SHORTEST_SECONDS:g} s of sound; take it out of the folder."
        )
    needed = math.ceil(seconds * rate) + 1
    return int(generator.integers(max(1, count - needed + 1))), needed


def mixed_down(channels: Float[np.ndarray, "time channel"]) -> Float[Tensor, "time"]:
    """One channel: the mean of those there are."""
    mono = channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1)
    return torch.from_numpy(mono)
