"""Open a recording of any length: look at its header, check that it is all there, read nothing."""

import hashlib
import os
from pathlib import Path

from xaudio.audio import Clip, readable_name
from xaudio.containers import missing_bytes
from xaudio.errors import AudioError
from xaudio.long_recordings.ffmpeg_recording import RAW_G722, FFmpegRecording
from xaudio.long_recordings.recording import ClipRecording, Recording
from xaudio.long_recordings.soundfile_recording import SoundFileRecording

Source = str | os.PathLike[str] | Clip | Recording

HEAD = 1 << 20  # bytes in which a WAV or AIFF file's samples begin
OGG_PAGE = 65_307  # most bytes of a page (RFC 3533)


def open_recording(source: Source) -> Recording:
    """A recording, ready to be read piece by piece.

    The file is read through once for its digest; nothing is decoded.

    Args:
        source: A file in any container soundfile or FFmpeg (PyAV) knows, or a clip in memory.

    Raises:
        AudioError: The file is missing, empty, truncated or not audio.
    """
    if isinstance(source, Recording):
        return source
    if isinstance(source, Clip):
        return ClipRecording.of(source)
    return _opened(Path(source))


def _opened(path: Path) -> Recording:
    name = readable_name(path.name)
    try:
        lost = _missing(path)
        if path.stat().st_size == 0:
            raise AudioError(f"'{name}' is empty (0 bytes); a recording was expected.")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise AudioError(f"There is no file '{path}'.") from None
    except OSError as error:
        raise AudioError(f"'{path}' cannot be read: {error.strerror}.") from None
    if lost:
        raise AudioError(
            f"'{name}' is truncated: at least {lost} bytes it announces are missing. "
            "Copy or record it again."
        )
    known = None
    if not name.lower().endswith(RAW_G722):
        known = SoundFileRecording.of(path, name, digest)
    return known or FFmpegRecording.of(path, name, digest)


def _missing(path: Path) -> int:
    """How many bytes a WAV, AIFF or Ogg file still promises, seen from its head or its tail."""
    with path.open("rb") as file:
        size = path.stat().st_size
        head = file.read(HEAD)
        if head[:4] != b"OggS":
            return max(0, missing_bytes(head) - (size - len(head)))
        file.seek(max(0, size - 2 * OGG_PAGE))
        tail = file.read()
        return missing_bytes(tail[max(0, tail.find(b"OggS")) :])
