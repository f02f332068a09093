"""ITU-T G.726, adaptive differences of 2 to 5 bits, as cordless telephones have."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from perturbations.codecs.codec import check_bitrates
from perturbations.codecs.coder import Coded
from perturbations.codecs.ffmpeg import FFmpegCoder
from perturbations.codecs.tandem import TandemCodec
from perturbations.corruption import register_corruption

G726_BITS_PER_SAMPLE = {16.0: 2, 24.0: 3, 32.0: 4, 40.0: 5}


@dataclass(frozen=True)
class G726Coder(FFmpegCoder):
    """FFmpeg's G.726, given half of full scale.

    Its decoder wraps around what goes beyond 16 bits, where the recommendation limits it. Steps
    grow with the signal, so that half the scale costs nothing that could be heard.
    """

    def round_trip(self, samples: Float[np.ndarray, " time"]) -> Coded:
        """See `Coder.round_trip`."""
        half = super().round_trip(0.5 * samples)
        return Coded((2 * half.samples).clip(-1.0, 1.0), half.sample_rate, half.bits)


def g726_coder(bitrate_kbps: float) -> G726Coder:
    """G.726 at 8 kHz; 32 kbit/s is what G.721 was."""
    bits = str(G726_BITS_PER_SAMPLE[bitrate_kbps])
    return G726Coder(
        sample_rate=8_000,
        encoder="g726",
        decoder="g726",
        sample_format="s16",
        bitrate_kbps=bitrate_kbps,
        decoder_options=(("bits_per_coded_sample", bits),),
    )


@register_corruption
@dataclass(frozen=True)
class G726(TandemCodec):
    """G.726: 8 kHz, nothing above 4 kHz is left.

    Attributes:
        bitrate_kbps: 16, 24, 32 (cordless telephones, submarine cables) or 40.
    """

    name: ClassVar[str] = "g726"
    summary: ClassVar[str] = "Encodes to G.726 (adaptive differences, 8 kHz) and back."

    bitrate_kbps: float = 32.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bitrates(self.name, [self.bitrate_kbps], G726_BITS_PER_SAMPLE)

    def coder(self, sample_rate: int) -> G726Coder:  # noqa: ARG002
        """See `g726_coder`."""
        return g726_coder(self.bitrate_kbps)
