"""GSM 06.10 full rate, the first codec of mobile calls."""

from dataclasses import dataclass
from typing import ClassVar

from perturbations.codecs.sound_files import SoundFileCoder
from perturbations.codecs.tandem import TandemCodec
from perturbations.corruption import register_corruption


def gsm_coder() -> SoundFileCoder:
    """GSM 06.10 at 8 kHz and 13 kbit/s by libgsm, which libsndfile carries; PyAV only decodes."""
    return SoundFileCoder(8_000, "WAV", "GSM610")


@register_corruption
@dataclass(frozen=True)
class Gsm(TandemCodec):
    """GSM 06.10 full rate, 13 kbit/s: 8 kHz, nothing above 4 kHz is left.

    Half rate and enhanced full rate are not here: no encoder of them comes with PyAV or soundfile.
    `amr-nb` at 12.2 kbit/s is the enhanced full rate but for its packing.
    """

    name: ClassVar[str] = "gsm"
    summary: ClassVar[str] = "Encodes to GSM 06.10 full rate (8 kHz, 13 kbit/s) and back."

    def coder(self, sample_rate: int) -> SoundFileCoder:  # noqa: ARG002
        """See `gsm_coder`."""
        return gsm_coder()
