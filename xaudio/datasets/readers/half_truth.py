"""HAD and ADD 2023: genuine speech with synthetic parts, the stretches in the label file.

HAD: Yi et al., Interspeech 2021. ADD 2023: Yi et al., IJCAI DADA 2023; track 1.2 (whole clips) and
track 2 (partly synthetic ones). A line is `NAME 0.00-1.62-T/1.62-2.48-F 0`, or `NAME genuine`.
"""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.columns import manifest_of, placed, repeated, turned
from xaudio.datasets.readers.protocol import Protocol, read_protocol
from xaudio.datasets.readers.protocol_files import named, one_per_split, plain
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.stretches import segment_column
from xaudio.datasets.readers.tree import Tree, located, scan
from xaudio.errors import CorpusError

_PARTS = ("clip", "stretches", "key")
_WHOLE = ("clip", "key")
_LIST = ("clip", "again", "unused", "unused_too", "key")
_MEANING = {"1": "bonafide", "0": "spoof"}
_WORDS = {
    "genuine": "bonafide",
    "bonafide": "bonafide",
    "real": "bonafide",
    "fake": "spoof",
    "spoof": "spoof",
}
_STRETCH = r"^(?P<start>\d+(?:\.\d+)?)-(?P<end>\d+(?:\.\d+)?)-(?P<key>[TF])$"


@readers.register("had")
def had(folder: Path) -> Manifest:
    """HAD: `HAD_{train,dev,test}_label.txt`; 1 is genuine, 0 has synthetic parts."""
    tree = scan(folder)
    patterns = {split: rf"HAD_{split}_label\.txt" for split in ("train", "dev", "test")}
    parts = []
    for split, place in one_per_split(tree, patterns, "HAD").items():
        protocol = read_protocol(folder / place, {3: _PARTS})
        audio = placed("conbine", protocol["clip"], ".wav")
        parts.append(_labelled(tree, place, protocol, split, audio))
    return manifest_of(parts)


@readers.register("add2023")
def add2023(folder: Path) -> Manifest:
    """ADD 2023: every `label.txt`; what lies beside one or below belongs to it."""
    tree = scan(folder)
    pattern = r"label\.txt"
    places = named(tree, pattern)
    if not places:
        raise CorpusError(f"{folder} holds no {plain(pattern)} of ADD 2023, also not below.")
    layouts = {2: _WHOLE, 3: _PARTS, 5: _LIST}
    parts = []
    for place in places:
        protocol = read_protocol(folder / place, layouts)
        audio = placed("wav", protocol["clip"], ".wav")
        parts.append(_labelled(tree, place, protocol, _split(place), audio))
    return manifest_of(parts)


def _split(place: str) -> str | None:
    """``"train"`` for ``ADD2023_Track2_train/label.txt``: the last word that names a part."""
    words = re.findall(r"train|dev|test|eval|adp", place.lower())
    return words[-1] if words else None


def _labelled(
    tree: Tree, place: str, protocol: Protocol, split: str | None, audio: pa.Array
) -> dict[str, pa.Array]:
    """A label file's part of the manifest; its audio is looked for in its own folder."""
    home = place.rpartition("/")[0]
    own = tree.below(home) if home else tree
    within = pc.binary_join_element_wise(f"{home}/" if home else "", audio, "")
    meaning = _MEANING if protocol.has("stretches") else _WORDS
    part = {
        "clip": pc.replace_substring_regex(protocol["clip"], r"\.(wav|flac)$", ""),
        "label": turned(protocol, "key", meaning),
        "split": repeated(split, len(protocol)),
        **located(own, within),
    }
    return part | _stretches(protocol) if protocol.has("stretches") else part


def _stretches(protocol: Protocol) -> dict[str, pa.Array]:
    """The synthetic stretches, and the end of the last as the clip's length."""
    lists = pc.split_pattern(protocol["stretches"], "/")
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    parsed = pc.extract_regex(lists.flatten(), _STRETCH)
    broken = pc.index(pc.is_null(parsed), True).as_py()
    if broken >= 0:
        raise protocol.refusal(
            int(rows[broken]),
            f"'{lists.flatten()[broken]}' is no stretch; expected start-end-T or start-end-F, as "
            "in 0.00-1.62-T/1.62-2.48-F.",
        )
    start, end = (
        pc.struct_field(parsed, name).cast(pa.float64()).to_numpy(zero_copy_only=False)
        for name in ("start", "end")
    )
    fake = pc.equal(pc.struct_field(parsed, "key"), "F").to_numpy(zero_copy_only=False)
    seconds = np.zeros(len(protocol))
    np.maximum.at(seconds, rows, end)
    return {
        "seconds": pa.array(seconds),
        "segments": segment_column(rows[fake], start[fake], end[fake], len(protocol)),
    }
