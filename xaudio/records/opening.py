"""A case's files, read as what they are: input from anybody.

Only plain files directly beside the record are read, by the names the record lists, hardly more
bytes than it says and never more than a limit in all. What leads elsewhere (a path, a link) counts
as missing.
"""

import os
import stat
import zipfile
import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from xaudio.errors import ModelError
from xaudio.records.record import MOST_BYTES, NAME, CaseRecord, read_record

MOST_BYTES_IN_ALL = 1_000_000_000


class CaseFiles(ABC):
    """The files of one case."""

    @abstractmethod
    def read(self, name: str, most: int) -> bytes | None:
        """A file's bytes, at most so many; None where there is none."""

    def record_bytes(self) -> bytes:
        """The record itself.

        Raises:
            ModelError: There is none.
        """
        data = self.read(NAME, MOST_BYTES + 1)
        if data is None:
            raise ModelError(f"{self} holds no {NAME} that could be read.")
        return data

    def members(self, record: CaseRecord) -> dict[str, bytes | None]:
        """The bytes of the files that the record lists; None for those that are missing.

        One more byte than listed is read at most, so that a file that has grown is seen to differ.
        """
        left, found = MOST_BYTES_IN_ALL, {}
        for listed in record.members:
            most = min(max(listed.bytes, 0) + 1, left)
            data = self.read(listed.name, most) if is_plain_name(listed.name) and most else None
            left -= len(data or b"")
            found[listed.name] = data
        return found


@dataclass(frozen=True)
class FolderFiles(CaseFiles):
    """Files in a folder, the record called `record_name`."""

    folder: Path
    record_name: str = NAME

    def __str__(self) -> str:
        return f"The folder '{self.folder}'"

    def record_bytes(self) -> bytes:
        """See `CaseFiles`; here the record may be called anything, and be a link."""
        file = self.folder / self.record_name
        try:
            with file.open("rb") as opened:
                return opened.read(MOST_BYTES + 1)
        except OSError as error:
            raise ModelError(f"The record '{file}' cannot be read: {error.strerror}.") from None

    def read(self, name: str, most: int) -> bytes | None:
        """See `CaseFiles`; links and what is no plain file are not followed."""
        try:
            handle = os.open(self.folder / name, os.O_RDONLY | _NO_LINK)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            is_plain = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return file.read(most) if is_plain else None


@dataclass(frozen=True)
class ZipFiles(CaseFiles):
    """Files in an archive."""

    file: Path

    def __str__(self) -> str:
        return f"The archive '{self.file}'"

    def read(self, name: str, most: int) -> bytes | None:
        """See `CaseFiles`; nothing is unpacked to disk, nor beyond the limit."""
        try:
            with zipfile.ZipFile(self.file) as archive, archive.open(name) as member:
                return member.read(most)
        except KeyError:
            return None
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise ModelError(f"{self} is damaged or no archive: {error}.") from None
        except (NotImplementedError, ValueError) as error:
            raise ModelError(f"{self} cannot be read: {error}.") from None


def open_case(place: str | Path) -> tuple[CaseRecord, CaseFiles]:
    """A record and its files from a ``record.json``, the folder that holds it, or a zip file.

    Raises:
        ModelError: There is no record that can be read.
    """
    path = Path(place)
    files: CaseFiles
    if path.is_dir():
        files = FolderFiles(path)
    elif not path.exists():
        raise ModelError(f"There is no case record '{path}'.")
    elif _begins_as_zip(path):
        files = ZipFiles(path)
    else:
        files = FolderFiles(path.parent, path.name)
    return read_record(files.record_bytes()), files


def is_plain_name(name: str) -> bool:
    """Whether a name is that of a file in the same folder, on any system.

    >>> [is_plain_name(name) for name in ("heard.wav", "../x", "a/b", "C:x", "..", "")]
    [True, False, False, False, False, False]
    """
    return name not in ("", ".", "..") and not set(name) & set("/\\:\0")


_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def _begins_as_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK"
    except OSError as error:
        raise ModelError(f"'{path}' cannot be read: {error.strerror}.") from None
