"""Any table of clips, its columns and labels as the user says; and HSAD-like ones."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.manifest_files import read_table
from xaudio.datasets.manifest_table import SCHEMA
from xaudio.datasets.readers.columns import agreed, manifest_of, of_spoof
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.tree import located, scan
from xaudio.errors import CorpusError

_SUFFIXES = (".csv", ".tsv", ".parquet")
_USUAL = {
    "path": ("path", "file", "filename", "file_name", "audio", "audio_path", "filepath"),
    "label": ("label", "class", "category", "target"),
    "speaker": ("speaker", "speaker_id"),
    "attack": ("attack", "spoofing_method", "method", "system"),
    "codec": ("codec", "degradation", "condition"),
}
# The paper's four classes; no table of the data set was published, so its columns are a guess that
# `columns` overrules.
_HSAD_MEANING = {
    "human": "bonafide",
    "cloned": "spoof",
    "ai": "spoof",
    "ai-generated": "spoof",
    "zero-shot": "spoof",
    "zero-shot ai-generated": "spoof",
    "hybrid": "spoof",
}


@readers.register("table")
def one_table(
    folder: Path,
    columns: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Manifest:
    """A CSV, TSV or Parquet table, given itself or as the only one in its folder.

    Args:
        folder: The table, or the folder it lies in.
        columns: Which of its columns is which of the manifest's: ``{"path": "file"}``. The others
            are taken where they have the manifest's name.
        labels: What its labels mean: ``{"real": "bonafide", "fake": "spoof"}``.
    """
    path = _table_path(folder)
    table = _named_as_ours(read_table(path), columns or {}, path)
    return _manifest(table, path, agreed(_texts(table["label"]), labels))


@readers.register("hsad")
def hsad(folder: Path, columns: Mapping[str, str] | None = None) -> Manifest:
    """A table as HSAD's: human, cloned, AI-generated and hybrid speech, clean and degraded.

    arXiv 2509.07323. The class is the attack where no method is told; `codec` is the degradation.

    Args:
        folder: The table, or the folder it lies in.
        columns: As for ``table``; without it the usual names are tried.
    """
    path = _table_path(folder)
    table = read_table(path)
    lower = {name.lower(): name for name in table.column_names}
    usual = {
        ours: lower[theirs]
        for ours, names in _USUAL.items()
        for theirs in reversed(names)
        if theirs in lower
    }
    table = _named_as_ours(table, usual | dict(columns or {}), path)
    classes = pc.utf8_lower(pc.utf8_trim_whitespace(_texts(table["label"])))
    meaning = agreed(classes, _HSAD_MEANING)
    given = _texts(table["attack"]) if "attack" in table.column_names else pa.nulls(len(table))
    attacks = pc.coalesce(given.cast(pa.string()), classes)
    table = table.drop_columns([name for name in ("attack",) if name in table.column_names])
    return _manifest(table.append_column("attack", of_spoof(attacks, meaning)), path, meaning)


def _table_path(folder: Path) -> Path:
    if folder.is_file():
        return folder
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES)
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise CorpusError(
            f"{folder} must hold one table ({' '.join(_SUFFIXES)}), but holds {names}. Give the "
            "path of the table itself."
        )
    return found[0]


def _named_as_ours(table: pa.Table, columns: Mapping[str, str], path: Path) -> pa.Table:
    for ours, theirs in columns.items():
        if ours not in SCHEMA.names:
            raise CorpusError(
                f"A manifest has no column '{ours}'; it has {', '.join(SCHEMA.names)}."
            )
        if theirs not in table.column_names:
            raise CorpusError(
                f"{path} has no column '{theirs}'; it has {', '.join(table.column_names)}."
            )
    taken = {
        name: columns.get(name, name)
        for name in SCHEMA.names
        if columns.get(name, name) in table.column_names
    }
    lacking = [name for name in ("path", "label") if name not in taken]
    if lacking:
        raise CorpusError(
            f"{path} has no column {', '.join(map(repr, lacking))}; it has "
            f"{', '.join(table.column_names)}. Say which is which: "
            "columns={'path': 'file', 'label': 'class'}, or --column path=file "
            "--column label=class."
        )
    return pa.table({ours: table[theirs] for ours, theirs in taken.items()})


def _manifest(table: pa.Table, path: Path, labels: pa.Array) -> Manifest:
    """The table's rows, their audio looked for from the table's folder on."""
    places = _texts(table["path"])
    part = {name: _whole(table[name]) for name in table.column_names}
    part["label"] = labels
    if "clip" not in part:
        part["clip"] = places
    members = part.get("member", pa.nulls(len(table), pa.string()))
    return manifest_of([part | _found(path.parent, places, members)])


def _found(folder: Path, places: pa.Array, members: pa.Array) -> dict[str, pa.Array]:
    """Absolute paths and archives that the table names as they are, others below the folder."""
    absolute = pc.match_substring_regex(places, r"^(/|[A-Za-z]:[/\\])")
    named = pc.or_(absolute, pc.is_valid(members))
    within = pc.binary_join_element_wise(f"{folder.as_posix()}/", places, "")
    below = located(scan(folder), pc.replace_substring_regex(places, r"^\./", ""))
    return {
        "path": pc.if_else(named, pc.if_else(absolute, places, within), below["path"]),
        "member": pc.if_else(named, members, below["member"]),
    }


def _texts(column: pa.ChunkedArray) -> pa.Array:
    return _whole(column.cast(pa.string()))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
