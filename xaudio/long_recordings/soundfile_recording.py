"""Recordings that libsndfile reads: WAV, FLAC, Ogg, MP3, AIFF, AU."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import soundfile
from jaxtyping import Float32
from numpy import ndarray

from xaudio.decoding.reading import mixing
from xaudio.errors import AudioError
from xaudio.long_recordings.recording import BLOCK, Recording, check_complete


@dataclass(frozen=True)
class SoundFileRecording(Recording):
    """A file for libsndfile.

    Attributes:
        path: Where it lies.
    """

    path: Path

    @staticmethod
    def of(path: Path, name: str, digest: str) -> "SoundFileRecording | None":
        """The file's facts; None where libsndfile does not know the format."""
        try:
            with soundfile.SoundFile(os.fsencode(path)) as sound:
                rate = sound.samplerate
                kind = f"soundfile: {sound.format} {sound.subtype}, {rate} Hz"
                return SoundFileRecording(
                    name, digest, rate, sound.frames / rate, (kind, *mixing(sound.channels)), path
                )
        except (soundfile.SoundFileError, TypeError):
            return None

    def blocks(self, first: int = 0) -> Iterator[Float32[ndarray, " time"]]:
        """Blocks until nothing is left, whatever the header promises."""
        place = first
        try:
            with soundfile.SoundFile(os.fsencode(self.path)) as sound:
                sound.seek(min(first, sound.frames))
                while len(block := sound.read(BLOCK, dtype="float32", always_2d=True)):
                    place += len(block)
                    yield block.mean(axis=1)
        except soundfile.SoundFileError as error:
            raise AudioError(f"'{self.name}' is truncated or damaged: {error}") from None
        check_complete(self, self.announced or 0.0, place / self.sample_rate)
