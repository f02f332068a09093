"""Noise added at a measured signal-to-noise ratio."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.ambience import ambiences, synthesise
from perturbations.corruption import Corruption, Key, draw_normal, register_corruption
from perturbations.errors import CorruptionError
from perturbations.waveform import cut_or_pad, noise_folder, resample, rms

PUBLISHED_SNRS = (40.0, 30.0, 20.0, 10.0, 5.0)
LOWEST_SNR, HIGHEST_SNR = -60.0, 120.0
JOINT_SECONDS = 0.05


def mix_at_snr(
    waveform: Float[Tensor, "batch time"], noise: Float[Tensor, "batch time"], snr_db: float
) -> Float[Tensor, "batch time"]:
    """Add noise so that RMS(clip) / RMS(noise) is `snr_db` over the whole clip.

    A silent clip stays silent: no noise is any number of dB below nothing.
    """
    gain = rms(waveform) / rms(noise) * 10 ** (-snr_db / 20)
    return waveform + gain[:, None] * noise


@dataclass(frozen=True)
class AddedNoise(Corruption):
    """Noise whose severity is the signal-to-noise ratio in dB.

    Levels: the signal-to-noise ratios of Li et al., arXiv 2503.17577.
    """

    quantity: ClassVar[str] = "snr_db"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = PUBLISHED_SNRS

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(LOWEST_SNR <= snr_db <= HIGHEST_SNR for snr_db in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; a signal-to-noise ratio must "
                f"be from {LOWEST_SNR:g} to {HIGHEST_SNR:g} dB."
            )


@register_corruption
@dataclass(frozen=True)
class WhiteNoise(AddedNoise):
    """White Gaussian noise, drawn for as long as the clip lasts, never repeated."""

    name: ClassVar[str] = "white-noise"
    summary: ClassVar[str] = "Adds white Gaussian noise."

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
        level: float,
        keys: Sequence[Key],
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return mix_at_snr(waveform, draw_normal(self.generators(keys), waveform), level)


@register_corruption
@dataclass(frozen=True)
class BackgroundNoise(AddedNoise):
    """What goes on around the speaker: a stretch of a user's recording, or synthesised.

    Attributes:
        folder: A folder of noise recordings of any rate; one is drawn for each clip. None
            synthesises `ambience` instead.
        ambience: What to synthesise: one of ``perturbations.ambience.ambiences.names()``.
    """

    name: ClassVar[str] = "background-noise"
    summary: ClassVar[str] = "Adds voices, a crowd, a room, or noise from a folder of recordings."

    folder: str | Path | None = None
    ambience: str = "babble"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.folder is None:
            ambiences.get(self.ambience)
        elif not isinstance(self.folder, str | Path):
            raise CorruptionError(
                f"The setting 'folder' of '{self.name}' is the path of a folder; {self.folder!r} "
                "was given."
            )
        else:
            noise_folder(self.folder)

    def settings(self) -> dict[str, float | str]:
        """What is added; a folder is told by its name and by a digest of what lies in it."""
        if self.folder is None:
            return {"noise": self.ambience}
        return {"noise": f"{Path(self.folder).name} ({folder_digest(self.folder)})"}

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        make = self.source(waveform.shape[1], sample_rate)
        noise = torch.stack([make(generator) for generator in self.generators(keys)])
        return mix_at_snr(waveform, noise.to(waveform), level)

    def source(
        self, length: int, sample_rate: int
    ) -> Callable[[np.random.Generator], Float[Tensor, "time"]]:
        """What makes `length` samples of noise out of a generator."""
        if self.folder is None:
            return lambda generator: synthesise(self.ambience, length, sample_rate, generator)
        files = noise_folder(self.folder)
        return lambda generator: recorded_noise(files, length, sample_rate, generator)


def folder_digest(folder: str | Path) -> str:
    """A short digest of the names and sizes of the recordings in a folder."""
    listed = [
        f"{file.relative_to(folder).as_posix()} {file.stat().st_size}"
        for file in noise_folder(folder)
    ]
    return hashlib.blake2b("\n".join(listed).encode(), digest_size=4).hexdigest()


def recorded_noise(
    files: Sequence[Path], length: int, sample_rate: int, generator: np.random.Generator
) -> Float[Tensor, "{length}"]:
    """A stretch of a recording drawn by the generator, resampled to `sample_rate`.

    A recording shorter than the clip is heard again from another place, cross-faded, so that no
    period of its length gets into the noise.

    Raises:
        CorruptionError: The recording cannot be read, or is silent where it was drawn.
    """
    file = files[int(generator.integers(len(files)))]
    rate, frame_count = recording_size(file)
    needed = -(-length * rate // sample_rate) + 1
    start = int(generator.integers(max(1, frame_count - needed + 1)))
    samples = resample(read_stretch(file, start, needed)[None], rate, sample_rate)[0]
    if len(samples) < length:
        samples = prolong(samples, length, round(JOINT_SECONDS * sample_rate), generator)
    samples = cut_or_pad(samples[None], length)[0]
    if not samples.any():
        raise CorruptionError(
            f"'{file.name}' is silent from second {start / rate:.2f} on; take it out of the folder."
        )
    return samples


def prolong(
    recording: Float[Tensor, "time"], length: int, joint: int, generator: np.random.Generator
) -> Float[Tensor, "longer"]:
    """At least `length` samples, from the recording and further stretches of it.

    Each further stretch begins at a random instant of the recording's first half and is
    cross-faded with equal power over `joint` samples (a quarter of a very short recording).
    """
    joint = min(joint, len(recording) // 4)
    fade = torch.linspace(0, torch.pi / 2, joint)
    whole = recording
    while len(whole) < length:
        piece = recording[int(generator.integers(len(recording) // 2 + 1)) :]
        crossed = whole[len(whole) - joint :] * fade.cos() + piece[:joint] * fade.sin()
        whole = torch.cat([whole[: len(whole) - joint], crossed, piece[joint:]])
    return whole


def recording_size(file: Path) -> tuple[int, int]:
    """Sample rate in hertz, and length in samples."""
    import soundfile

    try:
        about = soundfile.info(file)
    except soundfile.LibsndfileError as fault:
        raise CorruptionError(f"'{file}' cannot be read as audio: {fault}") from fault
    if about.frames < 2:
        raise CorruptionError(f"'{file}' holds no sound; take it out of the folder.")
    return about.samplerate, about.frames


def read_stretch(file: Path, start: int, count: int) -> Float[Tensor, "time"]:
    """At most `count` samples from `start` on, mixed down to one channel."""
    import soundfile

    try:
        samples, _ = soundfile.read(file, count, start, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as fault:
        raise CorruptionError(f"'{file}' cannot be read as audio: {fault}") from fault
    mixed = torch.from_numpy(samples.mean(axis=1))
    if not torch.isfinite(mixed).all():
        raise CorruptionError(f"'{file}' holds NaN or infinite samples; take it out of the folder.")
    return mixed
