"""Clips by their bytes: the digests that decide which cells a clip belongs to."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import numpy as np
import pyarrow as pa

from xaudio.datasets.manifest import Manifest, ManifestRow, rows_of
from xaudio.datasets.sound import present, row_bytes
from xaudio.errors import AudioError
from xaudio.sweeps.content import content_hash

THREADS = 8  # reading waits for disks, and hashing lets other threads run
AT_ONCE = 4096


def with_digests(manifest: Manifest) -> pa.Table:
    """The manifest's table with a digest for every clip: SHA-256 of its bytes.

    The manifest's own word is taken where it has one. A missing file has a digest made from its
    name, so that it counts as changed once it is there.
    """
    table = manifest.table
    given = table["digest"].to_pylist()
    there = present(table)
    unknown = [row for row, digest in enumerate(given) if there[row] and digest is None]
    for row, digest in zip(unknown, _computed(table, unknown), strict=True):
        given[row] = digest
    gone = np.flatnonzero(~there)
    for row, clip in zip(gone.tolist(), rows_of(table.take(gone)), strict=True):
        given[row] = missing_digest(clip)
    place = table.schema.get_field_index("digest")
    return table.set_column(place, table.schema.field(place), pa.array(given, pa.string()))


def missing_digest(row: ManifestRow) -> str:
    """What stands for the bytes of a file that is not there."""
    return content_hash("missing file", row.clip, str(row.path), row.member or "")


def _computed(table: pa.Table, rows: Sequence[int]) -> Iterator[str]:
    with ThreadPoolExecutor(THREADS) as threads:
        for start in range(0, len(rows), AT_ONCE):
            block = table.take(rows[start : start + AT_ONCE])
            yield from threads.map(_digest, rows_of(block))


def _digest(row: ManifestRow) -> str:
    try:
        return sha256(row_bytes(row)).hexdigest()
    except AudioError:
        return missing_digest(row)
