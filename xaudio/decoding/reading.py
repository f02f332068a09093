"""Recordings as blocks of mono samples, by libsndfile or FFmpeg; needs no torch."""

import math
from collections.abc import Generator, Iterator
from io import BufferedIOBase
from typing import Any

import numpy as np
import soundfile
from jaxtyping import Float32

from xaudio.containers import missing_bytes
from xaudio.errors import AudioError

_BLOCK = 1 << 16  # frames decoded at a time, so that eight channels never lie in memory together
_SLACK = 0.25  # seconds a container's stated duration may exceed what it decodes to (priming)
_RAW_G722 = ".g722"  # headerless: only the name tells

Block = tuple[Float32[np.ndarray, "time"], int]
_Made = tuple[int, tuple[str, ...]]


class Reading:
    """A recording's blocks as they are decoded, each with its rate in hertz; to iterate over once.

    Channels are averaged to one. A name ending in ``.g722`` is read as raw G.722 at 64 kbit/s.

    Attributes:
        sample_rate: In hertz; known when the last block was read.
        chain: What was done to the bytes to get these samples, in order; known likewise.
    """

    def __init__(self, file: BufferedIOBase, name: str, longest: float = math.inf):
        """Prepare to read.

        Args:
            file: Seekable, at its beginning; stays open.
            name: The file's name; used in messages and to recognise raw ``.g722``.
            longest: Most seconds to decode: decoding stops there, whatever the file announces.
        """
        self._file, self._name, self._longest = file, name, longest
        self.sample_rate = 0
        self.chain: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Block]:
        """The blocks.

        Raises:
            AudioError: It is no recording, truncated, damaged or longer than `longest`.
        """
        count = 0
        for block, sample_rate in self._blocks():
            count += len(block)
            if count > self._longest * sample_rate:
                raise AudioError(
                    f"'{self._name}' lasts longer than {self._longest:g} s, the most that is taken "
                    "here. Cut it shorter."
                )
            yield block, sample_rate

    def _blocks(self) -> Iterator[Block]:
        raw = self._name.lower().endswith(_RAW_G722)
        sound = None if raw else _opened_by_soundfile(self._file)
        if sound is not None:
            made = yield from _by_soundfile(sound, self._name)
        else:
            self._file.seek(0)
            made = yield from _by_ffmpeg(self._file, self._name, "g722" if raw else None)
        self.sample_rate, self.chain = made


def check_whole(data: Any, name: str) -> None:
    """Refuse a file of which a part is missing, as far as its container tells.

    Args:
        data: Its bytes, or what gives bytes when it is sliced, such as a memory map.
        name: The file's name, for the message.

    Raises:
        AudioError: It is empty or truncated.
    """
    if not len(data):
        raise AudioError(f"'{name}' is empty (0 bytes); a recording was expected.")
    if lost := missing_bytes(data):
        raise AudioError(
            f"'{name}' is truncated: at least {lost} bytes it announces are missing. "
            "Copy or record it again."
        )


def mixing(channels: int) -> tuple[str, ...]:
    """How so many channels become one, as a step of a chain.

    >>> mixing(2), mixing(1)
    (('mixed 2 channels to one (mean)',), ())
    """
    return (f"mixed {channels} channels to one (mean)",) if channels > 1 else ()


def _opened_by_soundfile(file: BufferedIOBase) -> soundfile.SoundFile | None:
    try:
        return soundfile.SoundFile(file)
    except (soundfile.SoundFileError, TypeError):
        return None


def _by_soundfile(sound: soundfile.SoundFile, name: str) -> Generator[Block, None, _Made]:
    with sound:
        announced, found = sound.frames, 0
        try:
            # `SoundFile.blocks` would trust the header's length.
            while len(block := sound.read(_BLOCK, dtype="float32", always_2d=True)):
                found += len(block)
                yield block.mean(axis=1), sound.samplerate
        except soundfile.SoundFileError as error:
            raise AudioError(f"'{name}' is truncated or damaged: {error}") from None
        if announced - found > _SLACK * sound.samplerate:
            raise shorter(name, announced / sound.samplerate, found / sound.samplerate)
        kind = f"{sound.format} {sound.subtype}"
        chain = (f"soundfile: {kind}, {sound.samplerate} Hz", *mixing(sound.channels))
        return sound.samplerate, chain


def _by_ffmpeg(file: BufferedIOBase, name: str, raw: str | None) -> Generator[Block, None, _Made]:
    import av

    found = 0
    try:
        # A playlist must not make the decoder open other files or addresses.
        options = {"protocol_whitelist": "none"}
        with av.open(file, format=raw, options=options) as container:
            if not container.streams.audio:
                raise AudioError(f"'{name}' holds no audio ({container.format.long_name}).")
            stream = container.streams.audio[0]
            for block, block_rate in _ffmpeg_blocks(container, av):
                found += len(block)
                yield block, block_rate
            rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
            kind = f"{container.format.name} {stream.codec_context.name}"
            stated = stated_seconds(container, av.time_base)
    except MemoryError:
        raise
    except av.FFmpegError:
        raise AudioError(
            f"'{name}' is not a recording, or is truncated or damaged: neither libsndfile nor "
            "FFmpeg can decode it."
        ) from None
    if stated - found / rate > _SLACK:
        raise shorter(name, stated, found / rate)
    return rate, (f"FFmpeg: {kind}, {rate} Hz", *mixing(channels))


def _ffmpeg_blocks(container: Any, av: Any) -> Iterator[Block]:
    """Mono blocks of a container's first audio stream, and the stream's own rate."""
    converter = av.AudioResampler(format="fltp")
    for frame in container.decode(audio=0):
        for block in converter.resample(frame):
            yield block.to_ndarray().mean(axis=0), block.sample_rate


def stated_seconds(container: Any, time_base: int) -> float:
    """The duration a container's header states; 0 where it is only an estimate or a video's."""
    stream = container.streams.audio[0]
    if not {"mov", "matroska", "asf"} & set(container.format.name.split(",")):
        return 0.0
    if stream.duration:
        return float(stream.duration * stream.time_base)
    only_audio = len(container.streams) == 1
    return container.duration / time_base if only_audio and container.duration else 0.0


def shorter(name: str, announced: float, found: float) -> AudioError:
    """What to say of a file that announces more seconds than it holds."""
    return AudioError(
        f"'{name}' is truncated: it announces {announced:.2f} s and holds {found:.2f} s. "
        "Copy or record it again."
    )
