"""Lossy codecs, for real: encoded and decoded in memory, put back in place by measurement."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.ambience import RATE, voices
from perturbations.corruption import Corruption, Key, register_corruption
from perturbations.errors import CorruptionError
from perturbations.waveform import cut_or_pad, resample, within_full_scale

LARGEST_DELAY_SECONDS = 0.5

MP3_BITRATES_KBPS: Mapping[tuple[int, ...], tuple[int, ...]] = {
    (32_000, 44_100, 48_000): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (16_000, 22_050, 24_000): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (8_000, 11_025, 12_000): (8, 16, 24, 32, 40, 48, 56, 64),
}
OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
INT16_FULL_SCALE = 32767
OPUS_LOWEST_KBPS, OPUS_HIGHEST_KBPS = 6, 256


@dataclass(frozen=True)
class Coder:
    """How FFmpeg's libraries are to encode one channel, and what undoes it.

    Attributes:
        encoder: FFmpeg's name of the encoder.
        decoder: FFmpeg's name of the decoder.
        sample_format: Of the encoder's input: packed or planar float, or 16-bit integers.
        sample_rate: Of the encoder's input, in hertz.
        bitrate_kbps: Target in kbit/s.
        options: Further options of the encoder, as pairs.
    """

    encoder: str
    decoder: str
    sample_format: str
    sample_rate: int
    bitrate_kbps: float
    options: tuple[tuple[str, str], ...] = ()

    def packets(self, samples: np.ndarray) -> Iterator:
        """The encoded packets of mono float32 `samples` at the coder's sample rate."""
        from av import AudioFrame, CodecContext

        context: Any = CodecContext.create(self.encoder, "w")
        context.sample_rate = self.sample_rate
        context.format = self.sample_format
        context.layout = "mono"
        context.bit_rate = round(self.bitrate_kbps * 1000)
        context.options = dict(self.options)
        context.open()
        size = context.frame_size
        padded = np.pad(samples, (0, -len(samples) % size)).reshape(-1, 1, size)
        if self.sample_format == "s16":
            padded = np.round(padded * INT16_FULL_SCALE).astype(np.int16)
        for number, block in enumerate(padded):
            frame = AudioFrame.from_ndarray(block, format=self.sample_format, layout="mono")
            frame.sample_rate = self.sample_rate
            frame.pts = number * size
            yield from context.encode(frame)
        yield from context.encode(None)

    def round_trip(self, samples: np.ndarray) -> tuple[np.ndarray, int]:
        """Encode and decode; what comes out, late and too long as codecs are, and its rate."""
        from av import CodecContext

        context: Any = CodecContext.create(self.decoder, "r")
        context.sample_rate = self.sample_rate
        context.layout = "mono"
        decoded = [
            frame for packet in (*self.packets(samples), None) for frame in context.decode(packet)
        ]
        samples = np.concatenate([frame.to_ndarray()[0] for frame in decoded])
        if samples.dtype == np.int16:
            samples = samples.astype(np.float32) / INT16_FULL_SCALE
        return samples, decoded[0].sample_rate


def raw_round_trip(
    waveform: Float[Tensor, "1 time"], sample_rate: int, coder: Coder
) -> Float[Tensor, "1 new"]:
    """Through the coder and back to `sample_rate`, delay and padding left in."""
    given = resample(waveform, sample_rate, coder.sample_rate)[0]
    decoded, rate = coder.round_trip(given.numpy())
    return resample(torch.from_numpy(decoded)[None], rate, sample_rate)


@lru_cache(maxsize=256)
def measured_delay(coder: Coder, sample_rate: int) -> int:
    """Samples by which the coder is late, resampling included; negative where it is early.

    Measured where the cross-correlation of a synthesised voice with its coded self is highest.
    """
    voice = voices(1, 2 * RATE, np.random.default_rng(0))
    reference = within_full_scale(0.1 * resample(voice, RATE, sample_rate))
    return lag(reference[0], raw_round_trip(reference, sample_rate, coder)[0], sample_rate)


def lag(reference: Float[Tensor, "time"], late: Float[Tensor, "later"], sample_rate: int) -> int:
    """Samples by which `late` follows `reference`, by cross-correlation, within half a second."""
    size = len(reference) + len(late)
    spectra = torch.fft.rfft(late, n=size) * torch.fft.rfft(reference, n=size).conj()
    correlation = torch.fft.irfft(spectra, n=size)
    reach = round(LARGEST_DELAY_SECONDS * sample_rate)
    near = torch.cat([correlation[-reach:], correlation[: reach + 1]])
    return int(near.argmax()) - reach


def code(
    waveform: Float[Tensor, "batch time"], sample_rate: int, coder: Coder
) -> Float[Tensor, "batch time"]:
    """Each clip through the coder, in place and of its own length again.

    Encoded and decoded on the CPU, in memory, each clip with a coder of its own, so that threads
    and batches cannot get in each other's way.
    """
    length = waveform.shape[1]
    delay = measured_delay(coder, sample_rate)
    rows = []
    for row in within_full_scale(waveform.detach().cpu()):
        coded = raw_round_trip(row[None], sample_rate, coder)
        early = torch.nn.functional.pad(coded, (-delay, 0))
        rows.append(cut_or_pad(early, length))
    return torch.cat(rows).to(waveform)


def mp3_coder(sample_rate: int, bitrate_kbps: float) -> Coder:
    """LAME at a constant bit rate, at the lowest MP3 rate that holds the clip's whole band.

    Where MP3 has no such bit rate at that sample rate (nothing below 32 kbit/s above 24 kHz), the
    nearest sample rate that has it, as encoders do. LAME quality 7, as audiomentations uses it.
    """
    rates = [r for group, kbps in MP3_BITRATES_KBPS.items() if bitrate_kbps in kbps for r in group]
    rate = min((r for r in rates if r >= sample_rate), default=max(rates))
    options = (("compression_level", "7"),)
    return Coder("libmp3lame", "mp3float", "fltp", rate, bitrate_kbps, options)


def opus_coder(sample_rate: int, bitrate_kbps: float) -> Coder:
    """Opus by libopus: constant bit rate, 20 ms frames, complexity 5 (what phones use).

    Constant, because a variable rate takes a third more or less than the one named.
    """
    rate = min((r for r in OPUS_RATES if r >= sample_rate), default=max(OPUS_RATES))
    options = (("vbr", "off"), ("compression_level", "5"))
    return Coder("libopus", "opus", "flt", rate, bitrate_kbps, options)


def g722_coder(sample_rate: int, bitrate_kbps: float = 64.0) -> Coder:  # noqa: ARG001
    """ITU-T G.722 wideband telephony: 16 kHz, two ADPCM sub-bands, always 64 kbit/s here."""
    return Coder("g722", "g722", "s16", 16_000, bitrate_kbps)


@dataclass(frozen=True)
class Codec(Corruption):
    """A lossy codec whose severity is its bit rate."""

    quantity: ClassVar[str] = "bitrate_kbps"

    @abstractmethod
    def coder(self, sample_rate: int, bitrate_kbps: float) -> Coder:
        """The coder for clips of this rate."""

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return code(waveform, sample_rate, self.coder(sample_rate, level))


@register_corruption
@dataclass(frozen=True)
class Mp3(Codec):
    """MP3 by LAME at a constant bit rate.

    The bit rates are those of Li et al., arXiv 2503.17577.
    """

    name: ClassVar[str] = "mp3"
    summary: ClassVar[str] = "Encodes to MP3 (LAME, constant bit rate) and back."

    levels: tuple[float, ...] = (40.0, 32.0, 24.0, 16.0, 8.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        known = sorted({kbps for group in MP3_BITRATES_KBPS.values() for kbps in group})
        if not set(self.levels) <= set(known):
            raise CorruptionError(
                f"'mp3' was given the bit rates {self.levels}; "
                f"MP3 has {', '.join(map(str, known))} kbit/s."
            )

    def coder(self, sample_rate: int, bitrate_kbps: float) -> Coder:
        """See `mp3_coder`."""
        return mp3_coder(sample_rate, bitrate_kbps)


@register_corruption
@dataclass(frozen=True)
class Opus(Codec):
    """Opus by libopus at a constant bit rate.

    Of the bit rates of Li et al., arXiv 2503.17577 (1 to 31), those below 6 kbit/s stand for
    nothing: Opus begins there (RFC 6716, 2.1.1) and libopus answers them all alike.
    """

    name: ClassVar[str] = "opus"
    summary: ClassVar[str] = "Encodes to Opus (libopus, constant bit rate) and back."

    levels: tuple[float, ...] = (31.0, 16.0, 12.0, 8.0, 6.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(OPUS_LOWEST_KBPS <= kbps <= OPUS_HIGHEST_KBPS for kbps in self.levels):
            raise CorruptionError(
                f"'opus' was given the bit rates {self.levels}; "
                f"they must be from {OPUS_LOWEST_KBPS} to {OPUS_HIGHEST_KBPS} kbit/s."
            )

    def coder(self, sample_rate: int, bitrate_kbps: float) -> Coder:
        """See `opus_coder`."""
        return opus_coder(sample_rate, bitrate_kbps)
