"""Noise added at a measured signal-to-noise ratio."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.ambience import ambiences, synthesise
from perturbations.corrupted import CorruptedSamples, Facts
from perturbations.corruption import ClipCorruption, Corruption, Key, register_corruption
from perturbations.errors import CorruptionError
from perturbations.filters import fast_length
from perturbations.gaussian import draw_complex_gaussian, draw_gaussian
from perturbations.noise_folder import recorded_noise, recordings_digest
from perturbations.waveform import noise_folder

PUBLISHED_SNRS = (40.0, 30.0, 20.0, 10.0, 5.0)
LOWEST_SNR, HIGHEST_SNR = -60.0, 120.0
LOWEST_AUDIBLE_HZ = 20.0


def mix_at_snr(
    waveform: Float[Tensor, "batch time"], noise: Float[Tensor, "batch time"], snr_db: float
) -> Float[Tensor, "batch time"]:
    """Add noise so that RMS(clip) / RMS(noise) is `snr_db` over the whole clip.

    A silent clip stays silent: no noise is any number of dB below nothing.
    """
    size = torch.linalg.vector_norm
    gain = size(waveform, dim=1) / size(noise, dim=1) * 10 ** (-snr_db / 20)
    return torch.addcmul(waveform, gain[:, None], noise)


def coloured_noise(
    generators: Sequence[np.random.Generator], length: int, sample_rate: int, exponent: float
) -> Float[Tensor, "batch {length}"]:
    """Gaussian noise whose power density is proportional to 1 / frequency^exponent.

    It begins at 20 Hz, the lowest frequency heard, so that the signal-to-noise ratio counts what
    can be heard and does not hang on the clip's length. Cut from at least 0.2 s, made by inverse
    FFT of a random spectrum (numpy's, which on one long row is three times as fast as torch's).
    """
    size = fast_length(max(length, round(4 * sample_rate / LOWEST_AUDIBLE_HZ)))
    hertz = torch.arange(size // 2 + 1) * (sample_rate / size)
    gain = hertz.clamp(min=LOWEST_AUDIBLE_HZ) ** (-exponent / 2) * (hertz >= LOWEST_AUDIBLE_HZ)
    bins = draw_complex_gaussian(generators, len(hertz)).mul_(gain)
    return torch.from_numpy(np.fft.irfft(bins.numpy(), n=size, norm="ortho")[:, :length])


def check_snrs(corruption: Corruption) -> None:
    """Refuse levels that are no signal-to-noise ratio."""
    if not all(LOWEST_SNR <= snr_db <= HIGHEST_SNR for snr_db in corruption.levels):
        raise CorruptionError(
            f"'{corruption.name}' was given the levels {corruption.levels}; a signal-to-noise "
            f"ratio must be from {LOWEST_SNR:g} to {HIGHEST_SNR:g} dB."
        )


@dataclass(frozen=True)
class AddedNoise(Corruption):
    """Noise whose severity is the signal-to-noise ratio in dB; a subclass fills in `noise`.

    Levels: the signal-to-noise ratios of Li et al., arXiv 2503.17577.
    """

    quantity: ClassVar[str] = "snr_db"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = PUBLISHED_SNRS

    def __post_init__(self) -> None:
        super().__post_init__()
        check_snrs(self)

    @abstractmethod
    def noise(
        self, generators: Sequence[np.random.Generator], length: int, sample_rate: int
    ) -> Float[Tensor, "batch {length}"]:
        """Noise of any level, each clip's from its own generator."""

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        noise = self.noise(self.generators(keys), waveform.shape[1], sample_rate)
        return mix_at_snr(waveform, noise.to(waveform), level)


@register_corruption
@dataclass(frozen=True)
class WhiteNoise(AddedNoise):
    """White Gaussian noise, drawn for as long as the clip lasts, never repeated."""

    name: ClassVar[str] = "white-noise"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = "Adds white Gaussian noise."

    def noise(
        self,
        generators: Sequence[np.random.Generator],
        length: int,
        sample_rate: int,  # noqa: ARG002
    ) -> Float[Tensor, "batch {length}"]:
        """See `AddedNoise.noise`."""
        return draw_gaussian(generators, length)


@register_corruption
@dataclass(frozen=True)
class PinkNoise(AddedNoise):
    """Noise with as much power in each octave from 20 Hz up: 3.01 dB less an octave."""

    name: ClassVar[str] = "pink-noise"
    summary: ClassVar[str] = "Adds pink noise: power falls with frequency, 3 dB an octave."

    def noise(
        self, generators: Sequence[np.random.Generator], length: int, sample_rate: int
    ) -> Float[Tensor, "batch {length}"]:
        """See `AddedNoise.noise`."""
        return coloured_noise(generators, length, sample_rate, 1.0)


@register_corruption
@dataclass(frozen=True)
class BrownNoise(AddedNoise):
    """Noise like a random walk above 20 Hz: 6.02 dB less an octave.

    The levels are those that Li et al. give for the other noises, which have none for this.
    """

    name: ClassVar[str] = "brown-noise"
    summary: ClassVar[str] = "Adds brown noise: power falls with frequency, 6 dB an octave."

    def noise(
        self, generators: Sequence[np.random.Generator], length: int, sample_rate: int
    ) -> Float[Tensor, "batch {length}"]:
        """See `AddedNoise.noise`."""
        return coloured_noise(generators, length, sample_rate, 2.0)


@register_corruption
@dataclass(frozen=True)
class BackgroundNoise(ClipCorruption):
    """What goes on around the speaker: a stretch of a user's recording, or synthesised.

    With a folder, the facts of a clip are the `file` that was taken and its `start_seconds` there.

    Levels: the signal-to-noise ratios of Li et al., arXiv 2503.17577.

    Attributes:
        folder: A folder of noise recordings of any rate; one is drawn for each clip. None
            synthesises `ambience` instead.
        ambience: What to synthesise: one of ``perturbations.ambience.ambiences.names()``.
    """

    name: ClassVar[str] = "background-noise"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = "Adds voices, a room, weather, hum, or a user's recordings."
    quantity: ClassVar[str] = "snr_db"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = PUBLISHED_SNRS
    folder: str | Path | None = None
    ambience: str = "babble"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_snrs(self)
        if self.folder is None:
            ambiences.get(self.ambience)
        elif not isinstance(self.folder, str | Path):
            raise CorruptionError(
                f"The setting 'folder' of '{self.name}' is the path of a folder; {self.folder!r} "
                "was given."
            )
        else:
            noise_folder(self.folder)

    @cached_property
    def recordings(self) -> tuple[Path, ...]:
        """What lies in the folder, as it was when first asked."""
        return () if self.folder is None else noise_folder(self.folder)

    def settings(self) -> dict[str, float | int | str]:
        """What is added; a folder is told by its name and by a digest of what lies in it."""
        if self.folder is None:
            return {"noise": self.ambience}
        folder = Path(self.folder)
        return {"noise": f"{folder.name} ({recordings_digest(folder, self.recordings)})"}

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        noise, facts = self.noise(len(samples), sample_rate, self.generator(key))
        mixed = mix_at_snr(samples[None], noise[None].to(samples), level)[0]
        return CorruptedSamples(mixed, facts=facts)

    def noise(
        self, length: int, sample_rate: int, generator: np.random.Generator
    ) -> tuple[Float[Tensor, "{length}"], Facts]:
        """Noise of any level, and where it comes from."""
        if self.folder is None:
            return synthesise(self.ambience, length, sample_rate, generator), {}
        taken = recorded_noise(self.recordings, length, sample_rate, generator)
        file = taken.file.relative_to(self.folder).as_posix()
        return taken.samples, {"file": file, "start_seconds": taken.start_seconds}
