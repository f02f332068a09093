"""Parquet files that are there completely or not at all, and what is said of a damaged one."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from xaudio.errors import SweepError

UNFINISHED = ".unfinished"
UNREADABLE = (pa.ArrowException, OSError)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_FOLDER = (errno.EEXIST, errno.ENOTDIR)


def write_whole(table: pa.Table, path: Path) -> None:
    """Write a table as a Parquet file.

    Raises:
        SweepError: The disk is full, or the folder cannot be written to.
    """
    with _aside(path) as file:
        pq.write_table(table, file)


def copy_whole(source: Path, path: Path) -> None:
    """Copy a Parquet file as it is.

    Raises:
        SweepError: It is damaged, the disk is full, or the folder cannot be written to.
    """
    read_header(source)
    with _aside(path) as file, source.open("rb") as original:
        shutil.copyfileobj(original, file)


@contextmanager
def _aside(path: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when everything is on the disk."""
    # Its own name until then, because several machines may write the same file at once.
    aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        _remove(aside)
        if error.errno in _FULL:
            raise SweepError(
                f"The disk of {path.parent} is full. Finished cells are kept: free some "
                "space and start the same sweep again."
            ) from None
        if error.errno in _NO_FOLDER:
            raise SweepError(
                f"'{path.parent}' cannot be a folder: a part of this path is a file. Give another "
                "folder for the results."
            ) from None
        raise SweepError(
            f"'{path}' cannot be written: {error.strerror or error}. Finished cells are kept; "
            "start the same sweep again once it can."
        ) from error
    except BaseException:
        _remove(aside)
        raise


def read_whole(path: Path) -> pa.Table:
    """Everything in a Parquet file, without what its header says beside the columns.

    Raises:
        SweepError: It cannot be read.
    """
    try:
        return pq.read_table(path).replace_schema_metadata()
    except UNREADABLE as error:
        raise _damaged(path, error) from error


def read_header(path: Path) -> dict[str, str]:
    """What a Parquet file's header says beside the columns.

    Raises:
        SweepError: It cannot be read.
    """
    try:
        metadata = pq.read_schema(path).metadata or {}
    except UNREADABLE as error:
        raise _damaged(path, error) from error
    return {name.decode(): text.decode() for name, text in metadata.items()}


def _damaged(path: Path, error: Exception) -> SweepError:
    said = str(error).partition(". ")[0]
    return SweepError(
        f"'{path}' cannot be read ({said}). If it is damaged, delete it "
        "and start the same sweep again; what it held is made anew."
    )


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return
