"""What a coder is: samples go in, and come out of the decoder late, padded and changed."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int16

INT16_FULL_SCALE = 32767


@dataclass(frozen=True)
class Coded:
    """What an encoder and its decoder made of a signal.

    Attributes:
        samples: What the decoder gave, with the codec's delay and padding.
        sample_rate: Theirs, in hertz; a decoder may have a rate of its own.
        bits: What lay between the two, without the headers of a file.
    """

    samples: Float[np.ndarray, " time"]
    sample_rate: int
    bits: int


@dataclass(frozen=True)
class Coder(ABC):
    """An encoder at one setting and the decoder that undoes it, for one channel.

    Immutable and without state: every round trip has an encoder and a decoder of its own, so that
    threads cannot get in each other's way.

    Attributes:
        sample_rate: What the encoder takes, in hertz.
    """

    sample_rate: int

    @abstractmethod
    def round_trip(self, samples: Float[np.ndarray, " time"]) -> Coded:
        """Encode and decode float32 samples of this coder's rate, one or more."""


def as_int16(samples: Float[np.ndarray, " time"]) -> Int16[np.ndarray, " time"]:
    """Samples in [-1, 1] as 16-bit integers; what lies beyond is clipped, as converters do."""
    return np.round(samples.clip(-1.0, 1.0) * INT16_FULL_SCALE).astype(np.int16)


def as_float(samples: Int16[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """16-bit integers as float32 samples."""
    return samples.astype(np.float32) / INT16_FULL_SCALE
