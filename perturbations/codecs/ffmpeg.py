"""Coders of FFmpeg's libraries, through PyAV, in memory."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from perturbations.codecs.coder import Coded, Coder, as_float, as_int16
from perturbations.errors import CorruptionError

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FFmpegCoder(Coder):
    """An encoder and a decoder of FFmpeg's.

    Attributes:
        encoder: FFmpeg's name of the encoder.
        decoder: FFmpeg's name of the decoder.
        sample_format: Of the encoder's input: packed or planar float, or 16-bit integers.
        bitrate_kbps: Target in kbit/s.
        options: Further options of the encoder, as pairs.
        decoder_options: Options of the decoder, as pairs.
        lookahead: Samples that the encoder looks ahead over and, having no flush, would keep for
            itself; as much silence is sent after the clip.
    """

    encoder: str
    decoder: str
    sample_format: str
    bitrate_kbps: float
    options: Options = ()
    decoder_options: Options = ()
    lookahead: int = 0

    def packets(self, samples: Float[np.ndarray, " time"]) -> list:
        """The encoded packets; the clip is one frame, which FFmpeg cuts into the encoder's."""
        from av import AudioFrame

        context = self._opened(self.encoder, "w", self.options)
        line = np.pad(samples, (0, self.lookahead))
        if self.sample_format.startswith("s16"):
            line = as_int16(line)
        frame = AudioFrame.from_ndarray(line[None], format=self.sample_format, layout="mono")
        frame.sample_rate = self.sample_rate
        frame.pts = 0
        return [*context.encode(frame), *context.encode(None)]

    def round_trip(self, samples: Float[np.ndarray, " time"]) -> Coded:
        """See `Coder.round_trip`."""
        packets = self.packets(samples)
        context = self._opened(self.decoder, "r", self.decoder_options)
        return decoded(packets, context)

    def _opened(self, name: str, mode: Literal["r", "w"], options: Options) -> Any:
        from av import CodecContext, FFmpegError
        from av.codec.codec import UnknownCodecError

        try:
            context: Any = CodecContext.create(name, mode)
            context.sample_rate = self.sample_rate
            context.layout = "mono"
            if mode == "w":
                context.format = self.sample_format
                context.bit_rate = round(self.bitrate_kbps * 1000)
            context.options = dict(options)
            context.open()
        except (FFmpegError, UnknownCodecError) as fault:
            raise CorruptionError(
                f"FFmpeg's '{name}' cannot be had at {self.sample_rate} Hz and "
                f"{self.bitrate_kbps:g} kbit/s ({fault}). The `av` wheels of PyPI hold it; "
                "`xaudio doctor` says what this machine has."
            ) from fault
        return context


def decoded(packets: list, context: Any) -> Coded:
    """What a decoder makes of packets, flushed at the end."""
    frames = [frame for packet in (*packets, None) for frame in context.decode(packet)]
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    if samples.dtype == np.int16:
        samples = as_float(samples)
    return Coded(samples, frames[0].sample_rate, 8 * sum(packet.size for packet in packets))
