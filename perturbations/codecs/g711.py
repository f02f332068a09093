"""ITU-T G.711, the companding of every fixed telephone line: mu-law and A-law."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int16, UInt8

from perturbations.codecs.coder import Coded, Coder, as_float, as_int16
from perturbations.codecs.tandem import TandemCodec
from perturbations.corruption import register_corruption

MU_BIAS, MU_LARGEST = 33, 8191


def mu_law_encode(samples: Int16[np.ndarray, " time"]) -> UInt8[np.ndarray, " time"]:
    """16-bit samples as mu-law characters, as the ITU's reference does (G.191, `ulaw_compress`)."""
    return _mu_law_table()[samples.view(np.uint16)]


def mu_law_decode(characters: UInt8[np.ndarray, " time"]) -> Int16[np.ndarray, " time"]:
    """Mu-law characters as 16-bit samples, four times the values of G.711, table 2.

    >>> mu_law_decode(mu_law_encode(np.array([0, 1000, -32768], dtype=np.int16))).tolist()
    [0, 988, -32124]
    """
    code = ~characters.astype(np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = (((2 * mantissa + MU_BIAS) << exponent) - MU_BIAS) * 4
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def a_law_encode(samples: Int16[np.ndarray, " time"]) -> UInt8[np.ndarray, " time"]:
    """16-bit samples as A-law characters, as the ITU's reference does (G.191, `alaw_compress`)."""
    return _a_law_table()[samples.view(np.uint16)]


def a_law_decode(characters: UInt8[np.ndarray, " time"]) -> Int16[np.ndarray, " time"]:
    """A-law characters as 16-bit samples, eight times the values of G.711, table 1.

    >>> a_law_decode(a_law_encode(np.array([0, 1000, -32768], dtype=np.int16))).tolist()
    [8, 1008, -32256]
    """
    code = characters.astype(np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    normal = exponent > 0
    magnitude = ((2 * mantissa + 1 + 32 * normal) << (np.maximum(exponent, 1) - 1)) * 8
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


@lru_cache(maxsize=1)
def _mu_law_table() -> UInt8[np.ndarray, "65536"]:
    """The character of each 16-bit sample: sign, chord and step, all bits inverted."""
    samples = np.arange(65_536, dtype=np.uint16).view(np.int16)
    biased = np.minimum((_magnitude(samples) >> 2) + MU_BIAS, MU_LARGEST)
    exponent = _highest_bit(biased) - 5
    mantissa = (biased >> (exponent + 1)) & 15
    return ((~((exponent << 4) | mantissa) & 0x7F) | (0x80 * (samples >= 0))).astype(np.uint8)


@lru_cache(maxsize=1)
def _a_law_table() -> UInt8[np.ndarray, "65536"]:
    """The character of each 16-bit sample: sign, chord and step, every other bit inverted."""
    samples = np.arange(65_536, dtype=np.uint16).view(np.int16)
    magnitude = _magnitude(samples) >> 4
    exponent = np.maximum(_highest_bit(magnitude) - 3, 0)
    mantissa = (magnitude >> (np.maximum(exponent, 1) - 1)) & 15
    return (((exponent << 4) | mantissa | (0x80 * (samples >= 0))) ^ 0x55).astype(np.uint8)


def _magnitude(samples: Int16[np.ndarray, " time"]) -> np.ndarray:
    """How far from zero; -1 is as far as 0, so that both halves are alike."""
    wide = samples.astype(np.int32)
    return np.where(wide < 0, ~wide, wide)


def _highest_bit(values: np.ndarray) -> np.ndarray:
    """Number of the highest bit that is set; -1 for zero."""
    return np.frexp(values.astype(np.float64))[1] - 1


@dataclass(frozen=True)
class MuLawCoder(Coder):
    """One character of mu-law per sample."""

    sample_rate: int = 8_000

    def round_trip(self, samples: Float[np.ndarray, " time"]) -> Coded:
        """See `Coder.round_trip`."""
        characters = mu_law_encode(as_int16(samples))
        return Coded(as_float(mu_law_decode(characters)), self.sample_rate, 8 * len(characters))


@dataclass(frozen=True)
class ALawCoder(Coder):
    """One character of A-law per sample."""

    sample_rate: int = 8_000

    def round_trip(self, samples: Float[np.ndarray, " time"]) -> Coded:
        """See `Coder.round_trip`."""
        characters = a_law_encode(as_int16(samples))
        return Coded(as_float(a_law_decode(characters)), self.sample_rate, 8 * len(characters))


@register_corruption
@dataclass(frozen=True)
class G711Mu(TandemCodec):
    """G.711 mu-law, the telephone of North America and Japan: nothing above 4 kHz is left."""

    name: ClassVar[str] = "g711-mu"
    summary: ClassVar[str] = "Encodes to G.711 mu-law (telephone, 8 kHz, 64 kbit/s) and back."

    def coder(self, sample_rate: int) -> Coder:  # noqa: ARG002
        """See `MuLawCoder`."""
        return MuLawCoder()


@register_corruption
@dataclass(frozen=True)
class G711A(TandemCodec):
    """G.711 A-law, the telephone of Europe and most of the world: nothing above 4 kHz is left."""

    name: ClassVar[str] = "g711-a"
    summary: ClassVar[str] = "Encodes to G.711 A-law (telephone, 8 kHz, 64 kbit/s) and back."

    def coder(self, sample_rate: int) -> Coder:  # noqa: ARG002
        """See `ALawCoder`."""
        return ALawCoder()
