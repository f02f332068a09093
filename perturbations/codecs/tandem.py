"""Codecs with fewer than five bit rates, graded by how often a clip goes through them."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from jaxtyping import Complex, Float
from torch import Tensor

from perturbations.codecs.alignment import in_place
from perturbations.codecs.coder import Coded, Coder
from perturbations.codecs.transmission import received, sent
from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import ClipCorruption, Key
from perturbations.errors import CorruptionError

MOST_PASSES = 20
LEG_SAMPLES = 37.618
"""Delay of the line between two coders: no whole number of samples or frames."""
GUARD = 64
SILENCE_POWER = 1e-10
"""About the noise of 16 bits, so that the ratio exists for silence too."""


@dataclass(frozen=True)
class TandemCodec(ClipCorruption):
    """A codec with fewer than five bit rates: severity is how often a clip goes through it.

    One encoding after another, as in a call that several networks carry and convert; ITU-T G.113
    counts impairments this way (one quantisation distortion unit per G.711 conversion). One to
    five passes are our choice. The fact `bitrate_kbps` is that of one pass, the fact
    `in_band_snr_db` the signal-to-noise ratio at the codec's own sample rate: what its band leaves
    out, most of what is lost at the first pass, takes no part in it.
    """

    quantity: ClassVar[str] = "passes"
    primary: ClassVar[str] = "in_band_snr_db"

    levels: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0, 5.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(passes in range(1, MOST_PASSES + 1) for passes in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; they are numbers of passes, "
                f"whole and from 1 to {MOST_PASSES}."
            )

    @abstractmethod
    def coder(self, sample_rate: int) -> Coder:
        """The coder for clips of this rate."""

    def corrupt_clip(
        self,
        samples: Float[Tensor, " time"],
        sample_rate: int,
        level: float,
        key: Key,  # noqa: ARG002
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        coder = self.coder(sample_rate)
        given = sent(samples, sample_rate, coder).numpy()
        coded = tandem(coder, given, round(level))
        facts = {
            "bitrate_kbps": coded.bits * sample_rate / len(samples) / 1000,
            "in_band_snr_db": snr_db(given, coded.samples),
        }
        return CorruptedSamples(received(coded, samples, sample_rate), facts=facts)


def tandem(coder: Coder, samples: Float[np.ndarray, " time"], passes: int) -> Coded:
    """Encoded and decoded again and again, each time a fraction of a sample further on.

    The shift stands for the analogue line between two coders of a connection. Without it the
    second coder would see the grid of samples and frames of the first: G.711 would then lose
    nothing more, and adaptive coders less than they do on a line. It is undone at the end.

    Args:
        coder: Its decoder must give the rate its encoder takes.
        samples: At the coder's rate.
        passes: One or more.

    Returns:
        As many samples as were given, and the bits of one pass.
    """
    coded = in_place(coder, samples)
    if passes == 1:
        return coded
    shift = (passes - 1) * LEG_SAMPLES
    line = np.pad(coded.samples, (0, math.ceil(shift)))
    for _ in range(passes - 1):
        line = in_place(coder, delayed(line, LEG_SAMPLES)).samples
    return Coded(delayed(line, -shift)[: len(samples)], coded.sample_rate, coded.bits)


def delayed(samples: Float[np.ndarray, " time"], delay: float) -> Float[np.ndarray, " time"]:
    """The samples later by any number of samples, a fraction too; earlier where negative.

    The length is kept; what is shifted out at one end is lost, and zeros come in at the other.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(len(samples) + math.ceil(abs(delay)) + GUARD, real=True)
    return irfft(rfft(samples, size) * phases(size, delay), size)[: len(samples)]


@lru_cache(maxsize=8)
def phases(size: int, delay: float) -> Complex[np.ndarray, " frequency"]:
    """What a delay by so many samples does to each frequency of a transform of `size` points."""
    cycles = np.arange(size // 2 + 1) / size
    return np.exp(-2j * np.pi * cycles * delay).astype(np.complex64)


def snr_db(given: Float[np.ndarray, " time"], coded: Float[np.ndarray, " time"]) -> float:
    """Power of what was given over the power of the difference, in dB."""
    signal, noise = np.mean(given**2), np.mean((coded - given) ** 2)
    return float(10 * np.log10((signal + SILENCE_POWER) / (noise + SILENCE_POWER)))
