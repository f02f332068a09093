"""Coders of libsndfile, through a sound file in memory."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from jaxtyping import Float

from perturbations.codecs.coder import Coded, Coder
from perturbations.errors import CorruptionError

BLOCK = 8192


@dataclass(frozen=True)
class SoundFileCoder(Coder):
    """An encoder and the decoder of libsndfile; FFmpeg tells the coded packets from the headers.

    FFmpeg's own decoder of Vorbis would lose up to a frame at the end of some lengths.

    Attributes:
        container: libsndfile's name of the file format.
        subtype: libsndfile's name of the coding.
        compression_level: 0 (best) to 1 (smallest), where the coding has such a thing.
    """

    container: str
    subtype: str
    compression_level: float | None = None

    def encoded(self, samples: Float[np.ndarray, " time"]) -> BytesIO:
        """The file, written in blocks: libsndfile has crashed on long Vorbis writes at one go."""
        from soundfile import LibsndfileError, SoundFile

        file = BytesIO()
        within = samples.clip(-1.0, 1.0)
        try:
            with SoundFile(file, "w", self.sample_rate, 1, **self._form()) as sound:
                for start in range(0, len(within), BLOCK):
                    sound.write(within[start : start + BLOCK])
        except (LibsndfileError, ValueError) as fault:
            raise CorruptionError(
                f"libsndfile cannot write {self.container} {self.subtype} at {self.sample_rate} Hz "
                f"here ({fault}). The `soundfile` wheels of PyPI can."
            ) from fault
        file.seek(0)
        return file

    def _form(self) -> dict[str, Any]:
        return {
            "format": self.container,
            "subtype": self.subtype,
            "compression_level": self.compression_level,
        }

    def round_trip(self, samples: Float[np.ndarray, " time"]) -> Coded:
        """See `Coder.round_trip`."""
        import av
        import soundfile

        file = self.encoded(samples)
        with av.open(file, "r", format=self.container.lower()) as packets:
            size = sum(packet.size for packet in packets.demux(audio=0))
        file.seek(0)
        decoded, rate = soundfile.read(file, dtype="float32")
        return Coded(decoded, rate, 8 * size)
