"""Vorbis by libvorbis."""

from dataclasses import dataclass
from typing import ClassVar

from perturbations.codecs.codec import Codec, check_range
from perturbations.codecs.sound_files import SoundFileCoder
from perturbations.corruption import register_corruption

LOWEST_RATE, HIGHEST_RATE = 8_000, 48_000
BEST_QUALITY = 10.0


def vorbis_coder(sample_rate: int, quality: float) -> SoundFileCoder:
    """Libvorbis, which libsndfile carries; FFmpeg's own encoder of Vorbis is an experiment.

    At the clip's rate where that lies between 8 and 48 kHz.

    Args:
        sample_rate: Of the clip, in hertz.
        quality: 0 (smallest) to 10, as `oggenc` counts.
    """
    rate = min(max(sample_rate, LOWEST_RATE), HIGHEST_RATE)
    return SoundFileCoder(rate, "OGG", "VORBIS", 1 - quality / BEST_QUALITY)


@register_corruption
@dataclass(frozen=True)
class Vorbis(Codec):
    """Vorbis, which has qualities and no bit rates; the fact says what a clip took.

    At 16 kHz speech takes about 49, 40, 31, 27 and 24 kbit/s. The qualities are ours: no published
    levels were found, and below 0 libsndfile does not go.
    """

    name: ClassVar[str] = "vorbis"
    summary: ClassVar[str] = "Encodes to Ogg Vorbis (libvorbis, by quality) and back."
    quantity: ClassVar[str] = "quality"

    levels: tuple[float, ...] = (6.0, 4.0, 2.0, 1.0, 0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range(self.name, self.levels, 0.0, BEST_QUALITY, "of quality")

    def coder(self, sample_rate: int, level: float) -> SoundFileCoder:
        """See `vorbis_coder`."""
        return vorbis_coder(sample_rate, level)
