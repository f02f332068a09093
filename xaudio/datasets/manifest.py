"""A manifest: which clips there are, where they lie, and what is known about each.

One Parquet table, one row per clip. Labels are `bonafide` (human speech) and `spoof`; scores of
every detector are higher for bona fide. Audio paths are relative to the manifest's folder, so a
corpus can be moved as a whole.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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
    ],
    metadata={"polarity": "scores are higher for bonafide"},
)
REQUIRED = tuple(field.name for field in SCHEMA if not field.nullable)


@dataclass(frozen=True)
class ManifestRow:
    """One clip. What is not known is None.

    Attributes:
        clip: Its id, unique in the manifest.
        path: Where its audio lies.
        label: ``"bonafide"`` or ``"spoof"``; partly synthetic is spoof.
        speaker: Who speaks, or whom it imitates; intervals are clustered by it.
        attack: What made it; None for bona fide.
        seconds: Its length.
        split: ``"train"``, ``"test"`` or whatever the corpus calls its parts.
        segments: Synthetic stretches of a partly synthetic clip, (start, end) in seconds.
        source: Where the human speech behind it comes from.
        digest: SHA-256 of the file's bytes, in hexadecimal.
    """

    clip: str
    path: Path
    label: str
    speaker: str | None = None
    attack: str | None = None
    seconds: float | None = None
    split: str | None = None
    segments: tuple[tuple[float, float], ...] = ()
    source: str | None = None
    digest: str | None = None

    @property
    def is_bonafide(self) -> bool:
        """Whether this is human speech, all of it."""
        return self.label == "bonafide"


@dataclass(frozen=True)
class Manifest:
    """Checked rows, one per clip.

    Raises:
        CorpusError: A row is not as `ManifestRow` says; the message names row and column.
    """

    rows: tuple[ManifestRow, ...]

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            _check_row(number, row)
        clip, times = next(iter(Counter(row.clip for row in self.rows).most_common(1)), ("", 0))
        if times > 1:
            raise CorpusError(
                f"Column 'clip': the id '{clip}' stands in {times} rows; ids must be unique."
            )

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[ManifestRow]:
        return iter(self.rows)

    def __getitem__(self, index: int) -> ManifestRow:
        return self.rows[index]

    def filter(
        self,
        *,
        label: str | Collection[str] | None = None,
        attack: str | Collection[str] | None = None,
        speaker: str | Collection[str] | None = None,
        split: str | Collection[str] | None = None,
        source: str | Collection[str] | None = None,
    ) -> "Manifest":
        """The rows that have, in every column named, that value or one of those values."""
        asked = {
            "label": label,
            "attack": attack,
            "speaker": speaker,
            "split": split,
            "source": source,
        }
        wanted = {
            column: {values} if isinstance(values, str) else set(values)
            for column, values in asked.items()
            if values is not None
        }
        return Manifest(
            tuple(
                row
                for row in self.rows
                if all(getattr(row, column) in values for column, values in wanted.items())
            )
        )

    def to_table(self) -> pa.Table:
        """All rows as an arrow table, paths as they are."""
        return pa.Table.from_pylist([_as_record(row) for row in self.rows], schema=SCHEMA)


def load_manifest(path: str | Path) -> Manifest:
    """Read a Parquet manifest; relative audio paths count from the manifest's own folder.

    Columns beyond those of `ManifestRow` are left aside. The audio itself is not looked at.

    Raises:
        CorpusError: The file cannot be read, lacks a column, or a row is not as it should be.
    """
    path = Path(path)
    table = _conformed(_read(path), path)
    folder = path.parent
    try:
        return Manifest(
            tuple(_as_row(number, record, folder) for number, record in enumerate(table))
        )
    except CorpusError as error:
        raise CorpusError(f"{path}: {error}") from None


def save_manifest(manifest: Manifest, path: str | Path) -> None:
    """Write a manifest as Parquet; audio below its folder is written as a relative path."""
    path = Path(path)
    folder = path.resolve().parent
    records = [
        {**_as_record(row), "path": _relative_path(row.path, folder)} for row in manifest.rows
    ]
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    pq.write_table(pa.Table.from_pylist(records, schema=SCHEMA), unfinished)
    unfinished.replace(path)


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise CorpusError(f"There is no manifest at {path}; give the path of a Parquet file.")
    try:
        return pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise CorpusError(f"{path} cannot be read as a Parquet manifest: {error}.") from None


def _conformed(table: pa.Table, path: Path) -> list[dict]:
    """Records with exactly the columns of the schema, in its types."""
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise CorpusError(
            f"{path} has no column {', '.join(repr(name) for name in missing)}; "
            f"it has {', '.join(table.column_names) or 'none'}."
        )
    columns = {}
    for field in SCHEMA:
        if field.name not in table.column_names:
            continue
        try:
            columns[field.name] = table[field.name].cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise CorpusError(
                f"{path}, column '{field.name}': holds {table[field.name].type}, "
                f"expected {field.type}."
            ) from None
    return pa.table(columns).to_pylist()


def _as_row(number: int, record: dict, folder: Path) -> ManifestRow:
    empty = [column for column in REQUIRED if record[column] in (None, "")]
    if empty:
        raise CorpusError(f"Row {number}, column '{empty[0]}': is empty.")
    for stretch in record.get("segments") or ():
        if stretch is None or len(stretch) != 2 or None in stretch:
            raise CorpusError(
                f"Row {number}, column 'segments': {stretch} is not [start, end] in seconds."
            )
    return ManifestRow(
        **{
            **record,
            "path": folder / record["path"],
            "segments": tuple((start, end) for start, end in record.get("segments") or ()),
        }
    )


def _as_record(row: ManifestRow) -> dict:
    return {
        **{name: getattr(row, name) for name in SCHEMA.names},
        "path": str(row.path),
        "segments": [list(stretch) for stretch in row.segments],
    }


def _relative_path(audio: Path, folder: Path) -> str:
    absolute = audio.resolve()
    if absolute.is_relative_to(folder):
        return absolute.relative_to(folder).as_posix()
    return str(absolute)


def _check_row(number: int, row: ManifestRow) -> None:
    for column, complaint in _complaints(row):
        raise CorpusError(f"Row {number} (clip '{row.clip}'), column '{column}': {complaint}")


def _complaints(row: ManifestRow) -> Iterator[tuple[str, str]]:
    if not row.clip:
        yield "clip", "is empty; every clip needs an id."
    if row.label not in LABELS:
        yield "label", f"'{row.label}' is neither 'bonafide' nor 'spoof'."
    if row.seconds is not None and not (isfinite(row.seconds) and row.seconds > 0):
        yield "seconds", f"{row.seconds} is not a length above zero."
    if row.digest is not None and not re.fullmatch("[0-9a-f]{64}", row.digest):
        yield "digest", f"'{row.digest}' is not a SHA-256 in 64 hexadecimal digits."
    if row.segments and row.is_bonafide:
        yield "segments", "a bona fide clip has no synthetic stretches."
    yield from (("segments", complaint) for complaint in _segment_complaints(row))


def _segment_complaints(row: ManifestRow) -> Iterator[str]:
    """Segments ascend, do not overlap, and lie inside the clip."""
    # Lengths are often rounded to milliseconds when they are written down.
    clip_end = float("inf") if row.seconds is None else row.seconds + 0.001
    for start, end in row.segments:
        if not 0 <= start < end <= clip_end:
            yield f"[{start}, {end}] is not a stretch inside the clip of {row.seconds} s."
    for (_, end), (start, _) in pairwise(row.segments):
        if start < end:
            yield f"the stretch from {start} s begins before the one until {end} s has ended."
