"""Clips of the folders by what is in them: the same recording has the same id wherever it lies."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import streamlit as st

ID_LENGTH = 16  # hexadecimal digits of the SHA-256 that stand in an address


def content_id(digest: str) -> str:
    """The part of a clip's digest that names it in an address."""
    return digest[:ID_LENGTH]


def with_content(wanted: str, files: Iterable[Path]) -> Path | None:
    """The first of these files whose bytes have that content id; None where none has."""
    return next((file for file in files if _id_of(file) == wanted), None)


def _id_of(file: Path) -> str | None:
    try:
        found = file.stat()
        return _id_as_it_was(file, found.st_mtime_ns, found.st_size)
    except OSError:
        return None  # gone, or not ours to read


@st.cache_data(max_entries=20_000, show_spinner=False)
def _id_as_it_was(file: Path, changed: int, size: int) -> str:  # noqa: ARG001 they tell it anew
    with file.open("rb") as opened:
        digest = sha256()
        while block := opened.read(1 << 20):
            digest.update(block)
    return content_id(digest.hexdigest())
