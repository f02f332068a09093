"""ITU-T G.723.1, the codec of early internet telephony and video calls."""

from dataclasses import dataclass
from typing import ClassVar

from perturbations.codecs.ffmpeg import FFmpegCoder
from perturbations.codecs.tandem import TandemCodec
from perturbations.corruption import register_corruption


def g723_1_coder() -> FFmpegCoder:
    """G.723.1 at 8 kHz and 6.3 kbit/s; FFmpeg decodes 5.3 kbit/s and does not encode it."""
    return FFmpegCoder(
        sample_rate=8_000,
        encoder="g723_1",
        decoder="g723_1",
        sample_format="s16",
        bitrate_kbps=6.3,
        lookahead=60,
    )


@register_corruption
@dataclass(frozen=True)
class G7231(TandemCodec):
    """G.723.1 at 6.3 kbit/s: 8 kHz, nothing above 4 kHz is left."""

    name: ClassVar[str] = "g723-1"
    summary: ClassVar[str] = "Encodes to G.723.1 (8 kHz, 6.3 kbit/s) and back."

    def coder(self, sample_rate: int) -> FFmpegCoder:  # noqa: ARG002
        """See `g723_1_coder`."""
        return g723_1_coder()
