"""Tar and zip archives as they lie: where each member begins, and its bytes at once.

An index is made once per archive and process; a member is then one open, one seek and one read.
Nothing stays open, so forked processes and threads share nothing.
"""

import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Int64, Shaped

from xaudio.errors import AudioError

SUFFIXES = (".tar", ".zip")

_LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip member: lengths of its name and extra field
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_ENCRYPTED = 0x1


@dataclass(frozen=True, eq=False)
class Archive:
    """The index of an archive.

    Attributes:
        path: The archive.
        names: UTF-8 names of its files, ascending, a leading ``./`` taken off.
        places: Per file its offset, its bytes in the archive, how it is packed (0 stored, 8
            deflated) and its CRC-32 (-1 in a tar, which has none).
    """

    path: Path
    names: Shaped[np.ndarray, " members"]
    places: Int64[np.ndarray, "members 4"]

    def read(self, member: str) -> bytes:
        """The bytes of a file.

        Raises:
            AudioError: There is no such file, or the archive is damaged there.
        """
        name = _plain(member).encode()
        at = int(np.searchsorted(self.names, name))
        if at == len(self.names) or self.names[at] != name:
            raise AudioError(f"The archive '{self.path}' holds no file '{member}'.")
        offset, size, packed, checksum = (int(number) for number in self.places[at])
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                if checksum >= 0:
                    name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
                    file.seek(name_length + extra_length, os.SEEK_CUR)
                data = file.read(size)
            whole = len(data) == size
            data = zlib.decompress(data, -zlib.MAX_WBITS) if packed == _DEFLATED else data
        except OSError as error:
            raise AudioError(f"'{self.path}' cannot be read: {error.strerror}.") from None
        except (zlib.error, struct.error):
            whole = False
        if not whole or (checksum >= 0 and zlib.crc32(data) != checksum):
            raise AudioError(
                f"The archive '{self.path}' is truncated or damaged at '{member}'. Copy it again."
            )
        return data


def open_archive(path: Path) -> Archive:
    """The index of a tar (not compressed as a whole) or zip archive; remembered until it changes.

    Raises:
        AudioError: There is no such archive, or it cannot be read.
    """
    try:
        state = path.stat()
        return _indexed(path, state.st_size, state.st_mtime_ns)
    except FileNotFoundError:
        raise AudioError(f"There is no archive '{path}'.") from None
    except OSError as error:
        raise AudioError(f"'{path}' cannot be read: {error.strerror}.") from None
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise AudioError(
            f"'{path}' is no tar or zip archive, or is damaged ({error}). A tar that is compressed "
            "as a whole must be uncompressed first: its members cannot be reached one by one."
        ) from None


@lru_cache(maxsize=1024)
def _indexed(path: Path, size: int, modified: int) -> Archive:  # noqa: ARG001 - for the cache
    members = _zip_members(path) if zipfile.is_zipfile(path) else _tar_members(path)
    found = {_plain(name).encode(errors="surrogateescape"): place for name, place in members}
    names = sorted(found)
    places = np.array([found[name] for name in names], np.int64).reshape(-1, 4)
    return Archive(path, np.array(names, dtype=bytes), places)


def _tar_members(path: Path) -> Iterable[tuple[str, tuple[int, int, int, int]]]:
    with tarfile.open(path, "r:") as archive:
        while (member := archive.next()) is not None:
            # It would keep every header of a large shard.
            archive.members.clear()  # type: ignore[attr-defined]
            if member.isreg() and not member.issparse():
                yield member.name, (member.offset_data, member.size, _STORED, -1)


def _zip_members(path: Path) -> Iterable[tuple[str, tuple[int, int, int, int]]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            packed = member.compress_type
            if member.flag_bits & _ENCRYPTED or packed not in (_STORED, _DEFLATED):
                raise zipfile.BadZipFile(f"'{member.filename}' is encrypted or packed unusually")
            if not member.is_dir():
                yield (
                    member.filename,
                    (member.header_offset, member.compress_size, packed, member.CRC),
                )


def _plain(name: str) -> str:
    return name.removeprefix("./")
