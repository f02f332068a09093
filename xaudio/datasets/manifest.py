"""A manifest: which clips there are, where they lie, and what is known about each.

One table, one row per clip, kept in columns: a million clips take no million Python objects.
Labels are `bonafide` (human speech) and `spoof`, and scores of every detector are higher for bona
fide; or they are any other classes. Audio paths are relative to the manifest's folder, so a corpus
can be moved as a whole.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest_files import read_table, write_table
from xaudio.datasets.manifest_table import LABELS, SCHEMA, check_table, conformed
from xaudio.errors import CorpusError

__all__ = ["LABELS", "SCHEMA", "Manifest", "ManifestRow", "load_manifest", "of_split", "rows_of"]

_BATCH = 4096  # rows that are Python objects at a time


@dataclass(frozen=True)
class ManifestRow:
    """One clip. What is not known is None.

    Attributes:
        clip: Its id, unique in the manifest.
        path: Where its audio lies: a file, or the tar or zip archive that holds it.
        label: ``"bonafide"`` or ``"spoof"`` (partly synthetic is spoof); or a class of any other
            task.
        speaker: Who speaks, or whom it imitates; intervals are clustered by it.
        attack: What made it; None for bona fide.
        seconds: Its length.
        split: ``"train"``, ``"test"`` or whatever the corpus calls its parts.
        segments: The stretches that are synthetic, or in which a labelled event sounds: (start,
            end) in seconds.
        source: Where the human speech behind it comes from.
        digest: SHA-256 of the file's bytes, in hexadecimal.
        codec: What it was coded with before it came into the corpus.
        member: Its name inside the archive at `path`.
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
    codec: str | None = None
    member: str | None = None

    @property
    def is_bonafide(self) -> bool:
        """Whether this is human speech, all of it."""
        return self.label == "bonafide"


@dataclass(frozen=True)
class Manifest:
    """Checked rows, one per clip.

    Attributes:
        table: The rows with the columns of `SCHEMA`. Given with fewer or more columns, it is
            filled up with nulls and the others are left aside.

    Raises:
        CorpusError: A row is not as `ManifestRow` says; the message names row and column.

    >>> manifest = Manifest.of([ManifestRow("a", Path("a.wav"), "bonafide")])
    >>> len(manifest), manifest[0].label, manifest.is_detection
    (1, 'bonafide', True)
    """

    table: pa.Table

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", conformed(self.table))
        check_table(self.table)

    @classmethod
    def of(cls, rows: Iterable[ManifestRow]) -> "Manifest":
        """A manifest of rows made one by one."""
        records = [_as_record(row) for row in rows]
        try:
            return cls(pa.Table.from_pylist(records, schema=SCHEMA))
        except UnicodeEncodeError as error:
            raise CorpusError(
                f"{error.object!r} is no text: a name holds bytes that are not UTF-8. Rename the "
                "file."
            ) from None

    @property
    def rows(self) -> tuple[ManifestRow, ...]:
        """All rows as objects; made anew each time."""
        return tuple(self)

    @property
    def is_detection(self) -> bool:
        """Whether the labels are `bonafide` and `spoof` rather than classes of another task."""
        known = pc.is_in(self.table["label"], value_set=pa.array(LABELS))
        return bool(pc.all(known, min_count=0).as_py())

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[ManifestRow]:
        return rows_of(self.table)

    def __getitem__(self, index: int) -> ManifestRow:
        position = range(len(self))[index]
        return next(rows_of(self.table.slice(position, 1)))

    def filter(
        self,
        *,
        label: str | Collection[str] | None = None,
        attack: str | Collection[str] | None = None,
        speaker: str | Collection[str] | None = None,
        split: str | Collection[str] | None = None,
        source: str | Collection[str] | None = None,
        codec: str | Collection[str] | None = None,
    ) -> "Manifest":
        """The rows that have, in every column named, that value or one of those values."""
        asked = {
            "label": label,
            "attack": attack,
            "speaker": speaker,
            "split": split,
            "source": source,
            "codec": codec,
        }
        table = self.table
        for column, values in asked.items():
            if values is not None:
                wanted = [values] if isinstance(values, str) else list(values)
                kept = pc.is_in(table[column], value_set=pa.array(wanted, pa.string()))
                table = table.filter(kept)
        return Manifest(table)


def of_split(manifest: Manifest, split: str) -> Manifest:
    """The clips of one part of the corpus.

    Raises:
        CorpusError: No clip belongs to it; the message names the parts there are.
    """
    part = manifest.filter(split=split)
    if len(part):
        return part
    there = sorted(pc.unique(manifest.table["split"]).drop_null().to_pylist())
    known = f"it has {', '.join(there)}" if there else "it names none; leave the split out"
    raise CorpusError(f"No clip of the manifest is of the split '{split}': {known}.")


def rows_of(table: pa.Table) -> Iterator[ManifestRow]:
    """The rows of a table that has the columns of `SCHEMA`, a batch of them in memory at a time."""
    for batch in table.select(SCHEMA.names).to_batches(max_chunksize=_BATCH):
        for record in batch.to_pylist():
            record["path"] = Path(record["path"])
            record["segments"] = tuple((start, end) for start, end in record["segments"] or ())
            yield ManifestRow(**record)


def load_manifest(path: str | Path) -> Manifest:
    """Read a manifest, Parquet or CSV; relative audio paths count from the manifest's own folder.

    In a CSV file the first line names the columns, an empty field is unknown, and `segments` is
    written as JSON. Columns beyond those of `ManifestRow` are left aside. The audio itself is not
    looked at.

    Raises:
        CorpusError: The file cannot be read, lacks a column, or a row is not as it should be.
    """
    path = Path(path)
    table = read_table(path)
    try:
        return Manifest(_below(table, path.parent))
    except CorpusError as error:
        raise CorpusError(f"{path}: {error}") from None


def save_manifest(manifest: Manifest, path: str | Path) -> None:
    """Write a manifest as Parquet, or as CSV or TSV where the name ends so.

    Audio below the manifest's folder is written as a relative path. The file appears complete or
    not at all.

    Raises:
        CorpusError: The name ends otherwise, or the file cannot be written.
    """
    path = Path(path)
    write_table(_relative_to(manifest.table, path.resolve().parent), path)


def _as_record(row: ManifestRow) -> dict:
    return {
        **{name: getattr(row, name) for name in SCHEMA.names},
        "path": row.path.as_posix(),
        "segments": [list(stretch) for stretch in row.segments],
    }


def _below(table: pa.Table, folder: Path) -> pa.Table:
    """The table with its relative paths counted from `folder`."""
    if "path" not in table.column_names:
        return table
    paths = table["path"].cast(pa.string())
    prefix = "" if folder == Path() else folder.as_posix().rstrip("/") + "/"
    is_absolute = pc.match_substring_regex(paths, r"^(/|[A-Za-z]:[/\\])")
    is_empty = pc.equal(paths, "")
    joined = pc.binary_join_element_wise(prefix, paths, "")
    found = pc.if_else(pc.or_(is_absolute, is_empty), paths, joined)
    return table.set_column(table.column_names.index("path"), "path", found)


def _relative_to(table: pa.Table, folder: Path) -> pa.Table:
    """The table with absolute paths, and those below `folder` counted from there."""
    parts = pc.extract_regex(table["path"], r"(?s)^(?P<folder>(?:.*/)?)(?P<name>[^/]*)$")
    parents = pc.struct_field(parts, "folder").combine_chunks().dictionary_encode()
    written = [_prefix(Path(parent), folder) for parent in parents.dictionary.to_pylist()]
    prefixes = pa.array(written, pa.string()).take(parents.indices)
    names = pc.struct_field(parts, "name").combine_chunks()
    joined = pc.binary_join_element_wise(prefixes, names, "")
    return table.set_column(table.column_names.index("path"), "path", joined)


def _prefix(parent: Path, folder: Path) -> str:
    absolute = parent.resolve()
    if absolute == folder:
        return ""
    if absolute.is_relative_to(folder):
        absolute = absolute.relative_to(folder)
    return absolute.as_posix().rstrip("/") + "/"
