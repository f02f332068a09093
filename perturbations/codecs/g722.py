"""ITU-T G.722, wideband telephony."""

from dataclasses import dataclass
from typing import ClassVar

from perturbations.codecs.codec import check_bitrates
from perturbations.codecs.ffmpeg import FFmpegCoder
from perturbations.codecs.tandem import TandemCodec
from perturbations.corruption import register_corruption

G722_BITS_PER_CODEWORD = {64.0: 8, 56.0: 7, 48.0: 6}


def g722_coder(sample_rate: int = 16_000, bitrate_kbps: float = 64.0) -> FFmpegCoder:  # noqa: ARG001
    """G.722: 16 kHz, two sub-bands of adaptive differences; the clip's own rate plays no part.

    The encoder always makes 64 kbit/s. At 56 and 48 the line takes the last one or two bits of the
    lower band's codewords for data, and the decoder does without them (G.722, modes 2 and 3).
    Frames of 0.2 s: a frame means nothing to G.722, and few of them are coded faster.
    """
    return FFmpegCoder(
        sample_rate=16_000,
        encoder="g722",
        decoder="g722",
        sample_format="s16",
        bitrate_kbps=64.0,
        options=(("frame_size", "3200"),),
        decoder_options=(("bits_per_codeword", str(G722_BITS_PER_CODEWORD[bitrate_kbps])),),
        lookahead=22,
    )


@register_corruption
@dataclass(frozen=True)
class G722(TandemCodec):
    """G.722, the wideband codec of office and internet telephones: nothing above 8 kHz is left.

    Attributes:
        bitrate_kbps: For speech, of the 64 kbit/s that are sent whatever the mode: 64, 56 or 48.
    """

    name: ClassVar[str] = "g722"
    summary: ClassVar[str] = "Encodes to G.722 (wideband telephony, 16 kHz) and back."

    bitrate_kbps: float = 64.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bitrates(self.name, [self.bitrate_kbps], G722_BITS_PER_CODEWORD)

    def coder(self, sample_rate: int) -> FFmpegCoder:
        """See `g722_coder`."""
        return g722_coder(sample_rate, self.bitrate_kbps)
