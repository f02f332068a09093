"""IMA ADPCM: four bits per sample, of voice mail, games and early sound files."""

from dataclasses import dataclass
from typing import ClassVar

from perturbations.codecs.sound_files import SoundFileCoder
from perturbations.codecs.tandem import TandemCodec
from perturbations.corruption import register_corruption


def ima_adpcm_coder(sample_rate: int) -> SoundFileCoder:
    """IMA ADPCM (IMA, 1992) at the clip's own rate, by libsndfile."""
    return SoundFileCoder(sample_rate, "WAV", "IMA_ADPCM")


@register_corruption
@dataclass(frozen=True)
class ImaAdpcm(TandemCodec):
    """IMA ADPCM: four bits per sample at the clip's own sample rate, whose band it keeps."""

    name: ClassVar[str] = "ima-adpcm"
    summary: ClassVar[str] = "Encodes to IMA ADPCM (four bits per sample) and back."

    def coder(self, sample_rate: int) -> SoundFileCoder:
        """See `ima_adpcm_coder`."""
        return ima_adpcm_coder(sample_rate)
