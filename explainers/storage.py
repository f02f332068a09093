"""A file of named arrays with a JSON header: one ``.npz``, no pickle, written aside and renamed."""

import json
import uuid
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from explainers.errors import ExplanationError

HEADER = "header"


def write_archive(path: Path, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write header and arrays; readers see the old file or the whole new one, never a part."""
    try:
        text = json.dumps(header, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ExplanationError(
            f"The explanation cannot be saved to {path}: what describes it must be text, finite "
            f"numbers, lists and mappings ({error})."
        ) from error
    if not path.parent.is_dir():
        raise ExplanationError(f"{path} cannot be written: there is no folder {path.parent}.")
    encoded = np.frombuffer(text.encode(), dtype=np.uint8)
    contents: dict[str, Any] = {HEADER: encoded, **arrays}
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with aside.open("wb") as file:
            np.savez_compressed(file, **contents)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def read_archive(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of a file written by `write_archive`."""
    if not path.is_file():
        raise ExplanationError(f"There is no explanation file at {path}.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(arrays.pop(HEADER).tobytes())
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        AttributeError,
        TypeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ExplanationError(
            f"{path} is not an explanation file, or it is damaged; it must be a whole .npz as "
            f"written by Explanation.save ({error})."
        ) from error
    if not isinstance(header, dict):
        raise ExplanationError(f"{path} is not an explanation file: its header is no mapping.")
    return header, arrays
