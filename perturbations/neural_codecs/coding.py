"""What a neural codec is, and how a clip of any rate goes through it and keeps its place."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.ambience import RATE, voices
from perturbations.corrupted import CorruptedSamples
from perturbations.errors import CorruptionError
from perturbations.waveform import cut_or_pad, resample, within_full_scale

LONGEST_DELAY_SECONDS = 0.1
LEAST_LIKENESS = 0.5
BITRATE_TOLERANCE = 0.01


@dataclass(frozen=True)
class Coded:
    """What a decoder gave back.

    Attributes:
        samples: At the codec's rate; whole frames, so they may be a little more than were given.
        bits: Sent from the encoder to the decoder.
    """

    samples: Float[Tensor, " time"]
    bits: int


@runtime_checkable
class NeuralCodec(Protocol):
    """A network that turns sound into few bits, and these into sound.

    Attributes:
        sample_rate: At which it hears and speaks, in hertz.
        bitrates_kbps: What it can be set to, in kbit/s.
    """

    sample_rate: int
    bitrates_kbps: tuple[float, ...]

    def round_trip(self, samples: Float[Tensor, " time"], bitrate_kbps: float) -> Coded:
        """Encode and decode.

        Args:
            samples: At the codec's rate, in [-1, 1], on the device the codec lives on.
            bitrate_kbps: One of `bitrates_kbps`.
        """
        ...

    def __hash__(self) -> int:
        """Its identity: what is measured of a codec is measured once."""
        ...


def code(
    codec: NeuralCodec, samples: Float[Tensor, " time"], sample_rate: int, bitrate_kbps: float
) -> CorruptedSamples:
    """A clip through a codec: resampled to the codec's rate and back, in place, of its own length.

    Args:
        codec: What it goes through.
        samples: The clip.
        sample_rate: Its rate in hertz; any.
        bitrate_kbps: One of the codec's.

    Returns:
        The clip as decoded, with the fact ``bitrate_kbps``: bits sent per second of the clip. Codes
        come in whole frames, so that this is a little more than was asked for.

    Raises:
        CorruptionError: The codec has no such bit rate, or does not give back what it was given:
            it is out of tune with its own sample rate.
    """
    bitrate_kbps = offered_bitrate(codec, bitrate_kbps)
    given = resample(within_full_scale(samples[None]), sample_rate, codec.sample_rate)[0]
    coded = codec.round_trip(given, bitrate_kbps)
    check_clock(codec, given, coded)
    in_place = torch.nn.functional.pad(coded.samples, (-measured_delay(codec), 0))
    returned = resample(in_place[None].to(samples), codec.sample_rate, sample_rate)
    seconds = len(samples) / sample_rate
    return CorruptedSamples(
        cut_or_pad(returned, len(samples))[0],
        facts={"bitrate_kbps": coded.bits / seconds / 1000},
    )


def offered_bitrate(codec: NeuralCodec, bitrate_kbps: float) -> float:
    """The codec's own bit rate that was meant, within one percent.

    Raises:
        CorruptionError: It has none like that.
    """
    nearest = min(codec.bitrates_kbps, key=lambda offered: abs(offered - bitrate_kbps))
    if abs(nearest - bitrate_kbps) > BITRATE_TOLERANCE * nearest:
        offered = ", ".join(f"{each:.4g}" for each in sorted(codec.bitrates_kbps))
        raise CorruptionError(
            f"A bit rate of {bitrate_kbps:g} kbit/s was asked for; this codec has {offered} kbit/s."
        )
    return nearest


def check_clock(codec: NeuralCodec, given: Float[Tensor, " time"], coded: Coded) -> None:
    """Refuse a codec whose sound is not as long as what it was given, but for a frame.

    Raises:
        CorruptionError: It is shorter, or longer, by more than 0.1 s.
    """
    difference = (len(coded.samples) - len(given)) / codec.sample_rate
    if abs(difference) > LONGEST_DELAY_SECONDS:
        raise CorruptionError(
            f"The codec was given {len(given) / codec.sample_rate:.3f} s at {codec.sample_rate} Hz "
            f"and gave back {difference:+.3f} s more; it works at another sample rate than it says."
        )


@lru_cache(maxsize=4)
def measured_delay(codec: NeuralCodec) -> int:
    """Samples, at its own rate, by which a codec is late; negative where it is early.

    Measured where the cross-correlation of a synthesised voice with its coded self is highest,
    within 0.1 s. Where the two are too little alike (correlation below 0.5, ours) there is nothing
    to measure, and the codec is taken to be in time, as these codecs are built to be.
    """
    voice = voices(1, 2 * RATE, np.random.default_rng(0))
    clean = within_full_scale(0.1 * resample(voice, RATE, codec.sample_rate))[0]
    coded = codec.round_trip(clean, max(codec.bitrates_kbps)).samples.cpu().to(clean)
    coded = cut_or_pad(coded[None], len(clean))[0]
    size = 2 * len(clean)
    spectrum = torch.fft.rfft(coded, n=size) * torch.fft.rfft(clean, n=size).conj()
    reach = round(LONGEST_DELAY_SECONDS * codec.sample_rate)
    near = torch.fft.irfft(spectrum, n=size).roll(reach)[: 2 * reach + 1]
    likeness = near.max() / (clean.norm() * coded.norm()).clamp(min=1e-12)
    return int(near.argmax()) - reach if likeness >= LEAST_LIKENESS else 0
