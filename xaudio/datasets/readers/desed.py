"""DESED: domestic sound events (Turpault et al., DCASE 2019), one row per clip and event class.

A clip with speech and a dog is two rows of one file, each with the stretches in which its event
sounds; weak labels have no stretches. Files without events have no row.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.columns import repeated
from xaudio.datasets.readers.protocol import Protocol, read_headed
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.stretches import segment_column
from xaudio.datasets.readers.tree import Tree, located, scan
from xaudio.errors import CorpusError

_STRONG = ("filename", "onset", "offset", "event_label")


@readers.register("desed")
def desed(folder: Path) -> Manifest:
    """DESED: every `metadata/<split>/**.tsv` with events; audio in `audio/` at the same place.

    Where tables overlap (`validation.tsv` and its two halves) an event class of a file counts once.
    """
    tree = scan(folder)
    tables = [
        place for place in tree.documents if place.endswith(".tsv") and "/metadata/" in f"/{place}"
    ]
    parts = [part for place in tables if (part := _events(tree, place))]
    if not parts:
        raise CorpusError(f"{folder} holds no metadata/<split>/*.tsv with events, also not below.")
    table = pa.concat_tables([pa.table(part) for part in parts]).combine_chunks()
    same = pc.binary_join_element_wise(
        table["path"], pc.fill_null(table["member"], ""), table["label"], "\n"
    ).combine_chunks()
    first = pc.index_in(pc.unique(same), value_set=same)
    return Manifest(table.take(first))


def _events(tree: Tree, place: str) -> dict[str, pa.Array] | None:
    table = read_headed(tree.folder / place, "\t")
    if all(table.has(name) for name in _STRONG):
        files, labels, rows = _classes(table["filename"], table["event_label"])
        segments = _stretches(table, rows, len(files))
    elif table.has("filename") and table.has("event_labels"):
        lists = pc.split_pattern(pc.fill_null(table["event_labels"], ""), ",")
        names = table["filename"].take(pc.list_parent_indices(lists))
        files, labels, _ = _classes(names, lists.flatten())
        segments = pa.nulls(len(files), pa.list_(pa.list_(pa.float64())))
    else:
        return None
    home, _, name = place.removesuffix(".tsv").rpartition("/")
    start, _, part = f"/{home}/".partition("/metadata/")
    audio = f"{start}/audio/{part}{name}".removeprefix("/")
    # Tables of synthetic mixtures name the recipe, `1.jams`, of the sound beside it, `1.wav`.
    sounds = pc.replace_substring_regex(files, r"\.jams$", ".wav")
    clips = pc.binary_join_element_wise(f"{part}{name}/", files, "#", labels, "")
    return {
        "clip": clips,
        "label": labels,
        "split": repeated(part.split("/")[0] or name, len(files)),
        "segments": segments,
        **located(tree, pc.binary_join_element_wise(f"{audio}/", sounds, "")),
    }


def _classes(files: pa.Array, labels: pa.Array) -> tuple[pa.Array, pa.Array, np.ndarray]:
    """Each event class of each file once, and for every event which of them it is (-1: none)."""
    there = pc.and_(pc.is_valid(labels), pc.not_equal(labels, ""))
    pairs = pc.if_else(there, pc.binary_join_element_wise(files, labels, "\t"), None)
    distinct = pc.unique(pairs).drop_null()
    which = pc.fill_null(pc.index_in(pairs, value_set=distinct), -1).to_numpy()
    halves = pc.extract_regex(distinct, r"^(?P<file>[^\t]*)\t(?P<label>.*)$")
    return pc.struct_field(halves, "file"), pc.struct_field(halves, "label"), which


def _stretches(table: Protocol, rows: np.ndarray, count: int) -> pa.ListArray:
    ours = pa.array(rows >= 0)
    times = {}
    for column in ("onset", "offset"):
        values = table.numbers(column)
        row = pc.index(pc.and_(ours, pc.is_null(values)), True).as_py()
        if row >= 0:
            raise table.refusal(row, f"the event has no {column}.")
        times[column] = values.filter(ours).to_numpy()
    return segment_column(rows[rows >= 0].astype(np.int64), times["onset"], times["offset"], count)
