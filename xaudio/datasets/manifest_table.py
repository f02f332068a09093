"""A manifest as a table: its columns, and every check on them, over all rows at once."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.archives import SUFFIXES
from xaudio.errors import CorpusError

LABELS = ("bonafide", "spoof")

SCHEMA = pa.schema(
    [
        pa.field("clip", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        ("speaker", pa.string()),
        ("attack", pa.string()),
        ("seconds", pa.float64()),
        ("split", pa.string()),
        ("segments", pa.list_(pa.list_(pa.float64()))),
        ("source", pa.string()),
        ("digest", pa.string()),
        ("codec", pa.string()),
        ("member", pa.string()),
    ],
    metadata={"polarity": "scores are higher for bonafide"},
)
REQUIRED = tuple(field.name for field in SCHEMA if not field.nullable)

_ROUNDING = 0.001  # lengths are often rounded to milliseconds when they are written down


def conformed(table: pa.Table) -> pa.Table:
    """The same rows with exactly the columns of `SCHEMA`, in its types; what lacks is null.

    Columns that `SCHEMA` does not have are left aside.

    Raises:
        CorpusError: A required column lacks, or one holds another type.
    """
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise CorpusError(
            f"There is no column {', '.join(repr(name) for name in missing)}; "
            f"it has {', '.join(table.column_names) or 'none'}."
        )
    columns = [_column(table, field) for field in SCHEMA]
    return pa.table(dict(zip(SCHEMA.names, columns, strict=True))).cast(SCHEMA)


def _column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name not in table.column_names:
        column = pa.nulls(len(table), field.type)
    else:
        column = _cast(table[field.name], field)
    if field.name in REQUIRED:
        _refuse_empty(column, field.name)
    if pa.types.is_list(field.type):
        return pc.coalesce(column, pa.scalar([], field.type))
    return column


def _cast(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    try:
        return column.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise CorpusError(
            f"column '{field.name}': holds {column.type}, expected {field.type}."
        ) from None


def _refuse_empty(column: pa.ChunkedArray | pa.Array, name: str) -> None:
    row = _first(pc.fill_null(pc.equal(column, ""), True))
    if row is not None:
        raise CorpusError(f"Row {row}, column '{name}': is empty.")


def check_table(table: pa.Table) -> None:
    """Refuse a table of `SCHEMA` in which a row is not as `ManifestRow` says.

    Raises:
        CorpusError: The message names row, clip and column.
    """
    _check_clips(table)
    _check_members(table)
    _check_labels(table)
    _check_seconds(table)
    _check_digests(table)
    _check_segments(table)


def _first(bad: pa.ChunkedArray | pa.Array) -> int | None:
    """The first row in which `bad` is true."""
    row = pc.index(bad, True).as_py()
    return None if row < 0 else row


def _complain(table: pa.Table, row: int, column: str, complaint: str) -> CorpusError:
    clip = table["clip"][row].as_py()
    return CorpusError(f"Row {row} (clip '{clip}'), column '{column}': {complaint}")


def _check_clips(table: pa.Table) -> None:
    clips = table["clip"]
    if pc.count_distinct(clips).as_py() == len(clips):
        return
    counted = pc.value_counts(clips)
    times = counted.field("counts")
    most = pc.index(times, pc.max(times)).as_py()
    raise CorpusError(
        f"Column 'clip': the id '{counted.field('values')[most]}' stands in {times[most]} rows; "
        "ids must be unique."
    )


def _check_members(table: pa.Table) -> None:
    """A whole archive is no clip."""
    nameless = pc.is_null(table["member"])
    for suffix in SUFFIXES:
        row = _first(pc.and_(nameless, pc.ends_with(table["path"], suffix)))
        if row is not None:
            complaint = f"'{table['path'][row]}' is an archive; give the clip's name inside it."
            raise _complain(table, row, "member", complaint)


def _check_labels(table: pa.Table) -> None:
    """Labels are those of spoof detection, or others; a mix is a slip of the pen."""
    labels = table["label"]
    known = pc.is_in(labels, value_set=pa.array(LABELS))
    if not pc.any(known).as_py():
        return
    row = _first(pc.invert(known))
    if row is not None:
        raise _complain(
            table,
            row,
            "label",
            f"'{labels[row]}' is neither 'bonafide' nor 'spoof', which other rows are. Label all "
            "rows with these two, or all with names of your own.",
        )


def _check_seconds(table: pa.Table) -> None:
    seconds = table["seconds"]
    row = _first(pc.invert(pc.and_(pc.is_finite(seconds), pc.greater(seconds, 0))))
    if row is not None:
        raise _complain(table, row, "seconds", f"{seconds[row]} is not a length above zero.")


def _check_digests(table: pa.Table) -> None:
    digests = table["digest"]
    row = _first(pc.invert(pc.match_substring_regex(digests, r"\A[0-9a-f]{64}\z")))
    if row is not None:
        complaint = f"'{digests[row]}' is not a SHA-256 in 64 hexadecimal digits."
        raise _complain(table, row, "digest", complaint)


def _check_segments(table: pa.Table) -> None:
    """Stretches ascend, do not overlap, and lie inside the clip."""
    segments = table["segments"].combine_chunks()
    rows = pc.list_parent_indices(segments).to_numpy(zero_copy_only=False)
    if not len(rows):
        return
    stretches = segments.flatten()
    _check_pairs(stretches, rows)
    start, end = stretches.flatten().to_numpy(zero_copy_only=False).reshape(-1, 2).T
    human = pc.equal(table["label"], "bonafide").to_numpy()[rows]
    if human.any():
        complaint = "a bona fide clip has no synthetic stretches."
        raise _complain(table, int(rows[human.argmax()]), "segments", complaint)
    seconds = pc.fill_null(table["seconds"], float("inf")).to_numpy()[rows]
    outside = ~((start >= 0) & (start < end) & (end <= seconds + _ROUNDING) & np.isfinite(end))
    if outside.any():
        at = int(outside.argmax())
        row = int(rows[at])
        raise _complain(
            table,
            row,
            "segments",
            f"[{start[at]}, {end[at]}] is not a stretch inside the clip of "
            f"{table['seconds'][row]} s.",
        )
    early = (rows[1:] == rows[:-1]) & (start[1:] < end[:-1])
    if early.any():
        at = int(early.argmax())
        raise _complain(
            table,
            int(rows[at]),
            "segments",
            f"the stretch from {start[at + 1]} s begins before the one until {end[at]} s has "
            "ended.",
        )


def _check_pairs(stretches: pa.ListArray, rows: np.ndarray) -> None:
    uneven = pc.fill_null(pc.not_equal(pc.list_value_length(stretches), 2), True)
    at = _first(uneven)
    if at is None:
        gap = _first(pc.is_null(stretches.flatten()))
        at = None if gap is None else gap // 2
    if at is not None:
        raise CorpusError(
            f"Row {rows[at]}, column 'segments': {stretches[at].as_py()} is not [start, end] in "
            "seconds."
        )
