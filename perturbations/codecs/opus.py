"""Opus by libopus."""

from dataclasses import dataclass
from typing import ClassVar

from perturbations.codecs.codec import Codec, check_range, rate_at_least
from perturbations.codecs.ffmpeg import FFmpegCoder
from perturbations.corruption import register_corruption
from perturbations.errors import CorruptionError

OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
OPUS_LOWEST_KBPS, OPUS_HIGHEST_KBPS = 6.0, 256.0
HIGHEST_COMPLEXITY = 10


def opus_coder(sample_rate: int, bitrate_kbps: float, complexity: int = 5) -> FFmpegCoder:
    """Opus by libopus: constant bit rate, 20 ms frames, complexity 5 (what phones use).

    Constant, because a variable rate takes a third more or less than the one named.
    """
    return FFmpegCoder(
        sample_rate=rate_at_least(sample_rate, OPUS_RATES),
        encoder="libopus",
        decoder="opus",
        sample_format="flt",
        bitrate_kbps=bitrate_kbps,
        options=(("vbr", "off"), ("compression_level", str(complexity))),
    )


@register_corruption
@dataclass(frozen=True)
class Opus(Codec):
    """Opus by libopus at a constant bit rate.

    Of the bit rates of Li et al., arXiv 2503.17577 (1 to 31), those below 6 kbit/s stand for
    nothing: Opus begins there (RFC 6716, 2.1.1) and libopus answers them all alike.

    Attributes:
        complexity: How hard the encoder tries, a whole number from 0 to 10. At 1 it runs four
            times as fast as at the 5 of mobile phones. That costs eight recordings of speech up to
            0.7 of PESQ (2.9 instead of 3.6 at 12 kbit/s, 3.8 instead of 4.1 at 16, nothing at 31).
    """

    name: ClassVar[str] = "opus"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = "Encodes to Opus (libopus, constant bit rate) and back."

    levels: tuple[float, ...] = (31.0, 16.0, 12.0, 8.0, 6.0)
    complexity: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range(self.name, self.levels, OPUS_LOWEST_KBPS, OPUS_HIGHEST_KBPS, "kbit/s")
        if self.complexity not in range(HIGHEST_COMPLEXITY + 1):
            raise CorruptionError(
                f"'opus' was given a complexity of {self.complexity}; "
                f"it is a whole number from 0 to {HIGHEST_COMPLEXITY}."
            )

    def coder(self, sample_rate: int, level: float) -> FFmpegCoder:
        """See `opus_coder`."""
        return opus_coder(sample_rate, level, self.complexity)
