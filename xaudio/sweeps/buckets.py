"""Clips that are scored and stored together: those whose digests begin alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from xaudio.datasets.manifest import ManifestRow, rows_of
from xaudio.errors import SweepError
from xaudio.sweeps.content import content_hash

HEXADECIMAL_DIGITS = 64


@dataclass(frozen=True)
class PlannedClip:
    """A clip by the digest of its bytes, with its row in the manifest."""

    digest: str
    row: ManifestRow

    @property
    def path(self) -> Path:
        """Where its audio lies."""
        return self.row.path


@dataclass(frozen=True, eq=False)
class Bucket:
    """Some clips, each of other bytes, in the order of their digests.

    Attributes:
        table: Their rows of the manifest.
        digest: Hash of all the bucket's clips' digests.
        size: How many clips the bucket has; `table` may hold only some of them.
    """

    table: pa.Table
    digest: str
    size: int

    def __len__(self) -> int:
        return self.table.num_rows

    def __reduce__(self) -> tuple[Any, ...]:
        # A slice would take the whole manifest along to another process.
        rows = self.table.take(list(range(len(self))))
        return Bucket, (rows, self.digest, self.size)

    @property
    def clips(self) -> tuple[PlannedClip, ...]:
        """The clips; made anew each time, so that a plan of millions stays small."""
        rows = rows_of(self.table)
        return tuple(PlannedClip(str(row.digest), row) for row in rows)


def buckets_of(clips: pa.Table, size: int) -> tuple[Bucket, ...]:
    """Clips of equal bytes once each, grouped by the leading bits of their digests.

    A group of more than `size` clips is split by its next bit. A new clip therefore changes one
    group only, however many clips there are.

    Args:
        clips: Rows of a manifest, all with digests.
        size: Most clips in one bucket.
    """
    if size < 1:
        raise SweepError(f"A bucket holds at least one clip; given {size}.")
    digests = clips["digest"].to_numpy(zero_copy_only=False).astype(f"S{HEXADECIMAL_DIGITS}")
    # Of clips with equal bytes the first stands for all.
    first = np.unique(digests, return_index=True)[1]
    unique = clips.take(pa.array(first))
    digests = digests[first]
    leading = np.array([int(digest[:16], 16) for digest in digests], dtype=np.uint64)
    return tuple(
        Bucket(
            unique.slice(start, stop - start),
            content_hash(*(digest.decode() for digest in digests[start:stop])),
            stop - start,
        )
        for start, stop in _groups(leading, size)
    )


def _groups(leading: np.ndarray, size: int) -> Iterator[tuple[int, int]]:
    """Where each group begins and ends among ascending 64-bit beginnings of digests."""
    waiting = [(0, len(leading), 0)]
    while waiting:
        start, stop, depth = waiting.pop()
        if stop - start <= size:
            if stop > start:
                yield start, stop
            continue
        if depth == HEXADECIMAL_DIGITS:  # 64 equal bits happen in no archive of clips
            yield start, stop
            continue
        bits = (leading[start:stop] >> np.uint64(63 - depth)) & np.uint64(1)
        middle = start + int(np.searchsorted(bits, 1))
        waiting += [(middle, stop, depth + 1), (start, middle, depth + 1)]
