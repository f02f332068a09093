"""Recordings that FFmpeg reads through PyAV: M4A, WebM, AMR, raw G.722, videos' sound."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from jaxtyping import Float32
from numpy import ndarray

from xaudio.decoding.reading import mixing, stated_seconds
from xaudio.errors import AudioError
from xaudio.long_recordings.recording import Recording, check_complete

RAW_G722 = ".g722"  # headerless: only the name tells
PREROLL = 0.5  # seconds a decoder is given to settle after a jump


@dataclass(frozen=True)
class Clock:
    """How the time stamps of a container's first audio stream tell which sample a frame begins at.

    Attributes:
        origin: Time stamp of the first sample, in seconds.
        tick: Seconds between two neighbouring time stamps.
        leading: Samples of the first frame, which an encoder's delay may have shortened.
    """

    origin: float
    tick: float
    leading: int

    def place(self, frame: Any) -> int:
        """The sample a frame begins at.

        Where the clock ticks slower than samples come (1 ms in WebM), frames are taken to be of
        one length, which settles what the stamp leaves open.
        """
        stamped = (float(frame.pts * frame.time_base) - self.origin) * frame.sample_rate
        if self.tick * frame.sample_rate < 1.5:
            return round(stamped)
        whole = self.leading + round((stamped - self.leading) / frame.samples) * frame.samples
        near = abs(whole - stamped) <= self.tick * frame.sample_rate
        return whole if near else round(stamped)


@dataclass(frozen=True)
class FFmpegRecording(Recording):
    """A file for FFmpeg.

    Attributes:
        path: Where it lies.
        stated: Seconds its header promises; 0 where that is only an estimate or a video's.
        clock: None where samples can only be counted from the beginning.
    """

    path: Path
    stated: float
    clock: Clock | None

    @staticmethod
    def of(path: Path, name: str, digest: str) -> "FFmpegRecording":
        """The file's facts.

        Raises:
            AudioError: FFmpeg cannot read it, or it holds no audio.
        """
        import av

        with _opened(path, name) as container:
            if not container.streams.audio:
                raise AudioError(f"'{name}' holds no audio ({container.format.long_name}).")
            codec = container.streams.audio[0].codec_context
            rate, channels = codec.sample_rate, codec.channels
            stated = stated_seconds(container, av.time_base)
            return FFmpegRecording(
                name,
                digest,
                rate,
                stated or (container.duration or 0) / av.time_base or None,
                (f"FFmpeg: {container.format.name} {codec.name}, {rate} Hz", *mixing(channels)),
                path,
                stated,
                _clock(container),
            )

    def blocks(self, first: int = 0) -> Iterator[Float32[ndarray, " time"]]:
        """Blocks of the first audio stream; jumps where the container's time stamps allow it."""
        with _opened(self.path, self.name) as container:
            jumped = self._jumped(container, first)
            if jumped is not None:
                yield from self._mono(*jumped, first)
                return
        with _opened(self.path, self.name) as container:
            yield from self._mono(0, container.decode(audio=0), first)

    def _jumped(self, container: Any, first: int) -> tuple[int, Iterator[Any]] | None:
        """The sample at or before `first` where a jump led, and the frames from there on."""
        import av

        wanted = first / self.sample_rate - PREROLL
        if self.clock is None or wanted <= 0:
            return None
        stream = container.streams.audio[0]
        try:
            stamp = int((wanted + self.clock.origin) / stream.time_base)
            container.seek(stamp, stream=stream, backward=True)
            frames = container.decode(audio=0)
            head = next(frames, None)
        except av.FFmpegError:
            return None
        if head is None or head.pts is None or self.clock.place(head) > first:
            return None
        return self.clock.place(head), chain([head], frames)

    def _mono(
        self, place: int, frames: Iterator[Any], first: int
    ) -> Iterator[Float32[ndarray, " time"]]:
        """Mono blocks from sample `first` on of frames that begin at sample `place`."""
        import av

        converter = av.AudioResampler(format="fltp")
        for frame in frames:
            for block in converter.resample(frame):
                mono = block.to_ndarray().mean(axis=0)
                unwanted = max(first - place, 0)
                place += len(mono)
                if unwanted < len(mono):
                    yield mono[unwanted:]
        check_complete(self, self.stated, place / self.sample_rate)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Any]:
    import av

    raw = "g722" if name.lower().endswith(RAW_G722) else None
    # A playlist must not make the decoder open other files or addresses.
    options = {"protocol_whitelist": "none"}
    try:
        with path.open("rb") as file, av.open(file, format=raw, options=options) as container:
            yield container
    except av.FFmpegError:
        raise AudioError(
            f"'{name}' is not a recording, or is truncated or damaged: neither libsndfile nor "
            "FFmpeg can decode it."
        ) from None


def _clock(container: Any) -> Clock | None:
    """None for raw streams, whose time stamps after a jump are estimates."""
    frame = next(container.decode(audio=0), None)
    indexed = {"mov", "matroska"} & set(container.format.name.split(","))
    if not indexed or frame is None or frame.pts is None:
        return None
    tick = float(container.streams.audio[0].time_base)
    return Clock(float(frame.pts * frame.time_base), tick, frame.samples)
