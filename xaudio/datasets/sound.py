"""The sound of a manifest's rows: read from files, or from tar and zip archives without unpacking.

Reading starts from a row alone and leaves no file open, so any number of processes may do it.
"""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool

from xaudio.audio import Clip, clip_from_bytes
from xaudio.datasets.archives import open_archive
from xaudio.datasets.manifest import ManifestRow
from xaudio.errors import AudioError


def row_bytes(row: ManifestRow) -> bytes:
    """The bytes of a row's audio file, wherever it lies.

    Raises:
        AudioError: The file, the archive or its member is missing or cannot be read.
    """
    if row.member is not None:
        return open_archive(row.path).read(row.member)
    try:
        return row.path.read_bytes()
    except FileNotFoundError:
        raise AudioError(f"There is no file '{row.path}'.") from None
    except OSError as error:
        raise AudioError(f"'{row.path}' cannot be read: {error.strerror}.") from None


def read_row(row: ManifestRow) -> Clip:
    """The recording of a row, decoded.

    Raises:
        AudioError: As for `row_bytes` and `xaudio.audio.clip_from_bytes`.
    """
    return clip_from_bytes(row_bytes(row), Path(row.member or row.path).name)


def present(table: pa.Table) -> Bool[np.ndarray, " rows"]:
    """Which rows' audio is there, of a table with the columns `path` and `member`.

    Each folder is listed once, and each archive's index read once.

    Raises:
        AudioError: A file that should be an archive is none.
    """
    paths = table["path"].combine_chunks()
    members = table["member"].combine_chunks()
    in_archive = pc.is_valid(members)
    there = _listed(paths.filter(pc.invert(in_archive)))
    inside = _packed(paths.filter(in_archive), members.filter(in_archive))
    found = np.zeros(len(table), bool)
    packed = in_archive.to_numpy(zero_copy_only=False)
    found[~packed], found[packed] = there, inside
    return found


def _listed(paths: pa.StringArray) -> Bool[np.ndarray, " rows"]:
    folders = pc.unique(pc.replace_substring_regex(paths, r"(?s)[^/]*$", "")).to_pylist()
    files = pa.chunked_array([_files(folder) for folder in folders], pa.binary())
    listed = pc.is_in(paths.cast(pa.binary()), value_set=files)
    return listed.to_numpy(zero_copy_only=False)


def _files(folder: str) -> pa.BinaryArray:
    """Full names, as bytes because not every name is text."""
    start = folder.encode()
    try:
        with os.scandir(start or b".") as entries:
            names = [entry.name for entry in entries if entry.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        names = []
    return pc.binary_join_element_wise(start, pa.array(names, pa.binary()), b"")


def _packed(archives: pa.StringArray, members: pa.StringArray) -> Bool[np.ndarray, " rows"]:
    found = np.zeros(len(archives), bool)
    coded = archives.dictionary_encode()
    which = coded.indices.to_numpy(zero_copy_only=False)
    names = pc.replace_substring_regex(members, r"^\./", "").cast(pa.binary())
    for number, path in enumerate(coded.dictionary.to_pylist()):
        rows = np.flatnonzero(which == number)
        if Path(path).is_file():
            held = pa.array(open_archive(Path(path)).names.tolist(), pa.binary())
            found[rows] = pc.is_in(names.take(pa.array(rows)), value_set=held)
    return found
