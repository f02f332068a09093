"""Recordings from strangers, decoded where they can do no harm."""

from xaudio.decoding.decoders import Decoded, Decoders
from xaudio.decoding.limits import Limits

__all__ = ["Decoded", "Decoders", "Limits", "decode"]


def decode(data: bytes, name: str, most_seconds: float = 60.0) -> Decoded:
    """Decode one recording in a process of its own that may take only so much.

    Whoever decodes often keeps `Decoders`, of which one is always ready.

    Args:
        data: The file's bytes.
        name: Its name; used in messages and to recognise raw ``.g722``.
        most_seconds: Of sound.

    Raises:
        AudioError: It is no recording, truncated, damaged, too long, or too costly to decode.
    """
    return Decoders(ready=0).decode(data, name, Limits(sound=most_seconds))
