"""Text files as the tools of phonetics write them."""

import codecs
from pathlib import Path

from explainers.errors import ExplanationError


def read_text(path: Path) -> str:
    r"""A text file in UTF-8 or UTF-16, with or without a byte order mark, lines ended by ``\n``.

    Raises:
        ExplanationError: It is missing, unreadable, or in another encoding.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ExplanationError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        text = raw.decode(_encoding(raw))
    except UnicodeDecodeError as error:
        raise ExplanationError(
            f"{path} cannot be read: it is text in neither UTF-8 nor UTF-16. Save it as UTF-8."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding(raw: bytes) -> str:
    """UTF-16 shows by its mark, or by the zero byte beside the first letter."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if raw[:1] == b"\0":
        return "utf-16-be"
    return "utf-16-le" if raw[1:2] == b"\0" else "utf-8-sig"
