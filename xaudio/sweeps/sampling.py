"""Which clips are explained: few, the same for every condition and model, some of every kind."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest import rows_of
from xaudio.errors import SweepError
from xaudio.sweeps.buckets import PlannedClip


def sampled_clips(clips: pa.Table, count: int) -> tuple[PlannedClip, ...]:
    """A sample of the clips, chosen by digest alone: the same wherever and whenever it is asked.

    As many of every label as can be; of one label as many with annotated segments as without. Of
    each kind those whose digests come first, so that a new clip replaces one of the sample at most.

    Args:
        clips: The plan's clips, with digests.
        count: How many; all where there are no more.

    Raises:
        SweepError: Fewer than one was asked for.
    """
    if count < 1:
        raise SweepError(f"{count} clips were asked for; a sample needs at least one.")
    digests = clips["digest"].to_numpy(zero_copy_only=False)
    clips = clips.take(pa.array(np.unique(digests, return_index=True)[1]))
    chosen = list(in_turn([list(in_turn(kinds)) for kinds in _kinds_by_label(clips)]))[:count]
    rows = rows_of(clips.take(pa.array(sorted(chosen), pa.int64())))
    return tuple(PlannedClip(str(row.digest), row) for row in rows)


def _kinds_by_label(clips: pa.Table) -> list[tuple[list[int], list[int]]]:
    """For every label: places of the clips with annotated segments, and of those without."""
    annotated = pc.fill_null(pc.greater(pc.list_value_length(clips["segments"]), 0), False)
    found: dict[str, tuple[list[int], list[int]]] = {}
    kinds = zip(clips["label"].to_pylist(), annotated.to_pylist(), strict=True)
    for place, (label, has_segments) in enumerate(kinds):
        found.setdefault(label, ([], []))[0 if has_segments else 1].append(place)
    return [found[label] for label in sorted(found)]


def in_turn(queues: Sequence[Sequence[int]]) -> Iterator[int]:
    """The first of every queue, then the second of every queue that has one, and so on.

    >>> list(in_turn([[1, 2, 3], [10]]))
    [1, 10, 2, 3]
    """
    for turn in range(max(map(len, queues), default=0)):
        yield from (queue[turn] for queue in queues if turn < len(queue))
