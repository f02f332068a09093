"""MP3 by LAME."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from perturbations.codecs.codec import Codec, check_bitrates, rate_at_least
from perturbations.codecs.coder import Coded, Coder
from perturbations.corruption import register_corruption
from perturbations.errors import CorruptionError

MP3_BITRATES_KBPS: Mapping[tuple[int, ...], tuple[int, ...]] = {
    (32_000, 44_100, 48_000): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (16_000, 22_050, 24_000): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (8_000, 11_025, 12_000): (8, 16, 24, 32, 40, 48, 56, 64),
}
SHORTEST_SECONDS = 0.1


@dataclass(frozen=True)
class LameCoder(Coder):
    """LAME 3.100 at a constant bit rate and the decoder minimp3, in one call.

    Through fast-mp3-augment, whose LAME is compiled to run more than twice as fast as the one in
    PyAV's wheels. It keeps the coded bytes to itself, so the bits are counted from the frames that
    come out, each of which a constant bit rate gives the same number; the first may be the frame
    of tags that LAME puts into a file.

    Attributes:
        bitrate_kbps: A bit rate that MP3 has at this sample rate.
        quality: LAME's, 0 (slow) to 9 (fast); 7, as audiomentations uses it.
    """

    bitrate_kbps: float
    quality: int = 7

    def round_trip(self, samples: Float[np.ndarray, " time"]) -> Coded:
        """See `Coder.round_trip`; a clip too short for the library is followed by silence."""
        try:
            from fast_mp3_augment import compress_roundtrip
        except ImportError as fault:
            raise CorruptionError(
                "MP3 needs the package 'fast-mp3-augment', which holds LAME; install it with pip."
            ) from fault

        missing = math.ceil(SHORTEST_SECONDS * self.sample_rate) - len(samples)
        decoded = compress_roundtrip(
            np.pad(samples, (0, missing)) if missing > 0 else samples,
            self.sample_rate,
            round(self.bitrate_kbps),
            preserve_delay=True,
            quality=self.quality,
        )
        bits = round(len(decoded) / self.sample_rate * self.bitrate_kbps * 1000)
        return Coded(decoded, self.sample_rate, bits)


def mp3_coder(sample_rate: int, bitrate_kbps: float) -> LameCoder:
    """LAME at the lowest MP3 rate that holds the clip's whole band.

    Where MP3 has no such bit rate at that sample rate (nothing below 32 kbit/s above 24 kHz), the
    nearest sample rate that has it, as encoders do.
    """
    rates = [r for group, kbps in MP3_BITRATES_KBPS.items() if bitrate_kbps in kbps for r in group]
    return LameCoder(rate_at_least(sample_rate, rates), bitrate_kbps)


@register_corruption
@dataclass(frozen=True)
class Mp3(Codec):
    """MP3 by LAME at a constant bit rate.

    The bit rates are those of Li et al., arXiv 2503.17577.
    """

    name: ClassVar[str] = "mp3"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = "Encodes to MP3 (LAME, constant bit rate) and back."

    levels: tuple[float, ...] = (40.0, 32.0, 24.0, 16.0, 8.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        known = {float(kbps) for group in MP3_BITRATES_KBPS.values() for kbps in group}
        check_bitrates(self.name, self.levels, known)

    def coder(self, sample_rate: int, level: float) -> LameCoder:
        """See `mp3_coder`."""
        return mp3_coder(sample_rate, level)
