"""AMR narrow band, the codec of GSM and UMTS calls."""

from dataclasses import dataclass
from typing import ClassVar

from perturbations.codecs.codec import Codec, check_bitrates
from perturbations.codecs.ffmpeg import FFmpegCoder
from perturbations.corruption import register_corruption

AMR_BITRATES_KBPS = (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2)


def amr_nb_coder(bitrate_kbps: float) -> FFmpegCoder:
    """3GPP TS 26.071 at 8 kHz by OpenCORE, without discontinuous transmission."""
    return FFmpegCoder(
        sample_rate=8_000,
        encoder="libopencore_amrnb",
        decoder="amrnb",
        sample_format="s16",
        bitrate_kbps=bitrate_kbps,
    )


@register_corruption
@dataclass(frozen=True)
class AmrNb(Codec):
    """AMR narrow band at five of its eight bit rates: 8 kHz, nothing above 4 kHz is left.

    A coded frame is padded to whole bytes, so the fact is 3 to 9 % above the level. Its wideband
    sister AMR-WB is not here: no encoder of it comes with PyAV or soundfile. G.722 is the wideband
    telephone codec that is.
    """

    name: ClassVar[str] = "amr-nb"
    summary: ClassVar[str] = "Encodes to AMR narrow band (mobile calls, 8 kHz) and back."

    levels: tuple[float, ...] = (12.2, 10.2, 7.4, 5.9, 4.75)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bitrates(self.name, self.levels, AMR_BITRATES_KBPS)

    def coder(self, sample_rate: int, level: float) -> FFmpegCoder:  # noqa: ARG002
        """See `amr_nb_coder`."""
        return amr_nb_coder(level)
