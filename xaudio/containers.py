"""What an audio container promises about its length, and whether the bytes keep the promise."""

from collections.abc import Iterator

_OGG_HEADER = 27
_UNKNOWN_SIZE = 0x7FFF0000  # writers to a pipe leave 0x7FFF.... or 0xFFFFFFFF for "until the end"


def missing_bytes(data: bytes) -> int:
    """How many bytes a WAV, AIFF or Ogg file still promises after its last one.

    Other containers, and sizes that a writer to a pipe left open, count as complete.

    >>> header = b"RIFF" + (44).to_bytes(4, "little") + b"WAVE"
    >>> missing_bytes(header + b"data" + (8).to_bytes(4, "little") + bytes(6))
    2
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _missing_from_chunk(data, b"data", "little")
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return _missing_from_chunk(data, b"SSND", "big")
    if data[:4] == b"OggS":
        return _missing_from_ogg(data)
    return 0


def _missing_from_chunk(data: bytes, wanted: bytes, byteorder: str) -> int:
    for name, start, size in _chunks(data, byteorder):
        if name == wanted:
            return 0 if size >= _UNKNOWN_SIZE else max(0, start + size - len(data))
    return 1


def _chunks(data: bytes, byteorder: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and size of each chunk of a RIFF or FORM file."""
    position = 12
    while position + 8 <= len(data):
        name = data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], byteorder)  # type: ignore[arg-type]
        yield name, position + 8, size
        position += 8 + size + size % 2


def _missing_from_ogg(data: bytes) -> int:
    """Follow the pages (RFC 3533, section 6) until one reaches past the end."""
    position = 0
    while data[position : position + 4] == b"OggS":
        table = position + _OGG_HEADER
        segments = data[table - 1] if table <= len(data) else 0
        sizes = data[table : table + segments]
        end = table + segments + sum(sizes)
        if end > len(data):
            return end - len(data)
        position = end
    return 0
