"""ASVspoof 5: tracks 1 (detection) and 2 (trials of speaker verification).

Wang et al., ASVspoof workshop 2024; columns as in the README of the release, and the six columns of
the challenge's first phase. The keys say `bonafide` and `spoof`; in track 2 `target` and
`nontarget` are bona fide.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.columns import (
    OWN_LABELS,
    manifest_of,
    of_spoof,
    placed,
    repeated,
    turned,
    without_dash,
)
from xaudio.datasets.readers.protocol import Protocol, read_protocol
from xaudio.datasets.readers.protocol_files import named, one_per_split
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.tree import Tree, located, scan

_TRACK_1 = {
    10: (
        "speaker", "clip", "gender", "codec", "codec_quality", "codec_seed",
        "attack_tag", "attack", "key", "reserved",
    ),
    6: ("speaker", "clip", "gender", "codec", "attack", "key"),
}  # fmt: skip
_TRACK_2 = {5: ("speaker", "clip", "gender", "attack", "key")}
_ASV_LABELS = {"target": "bonafide", "spoof": "spoof", "nontarget": "bonafide"}
_FOLDERS = {"train": "flac_T", "dev": "flac_D", "eval": "flac_E_eval"}
_NO_CODEC = pa.array(["-", "C00"])


@readers.register("asvspoof5")
def asvspoof5(folder: Path) -> Manifest:
    """ASVspoof 5, track 1, with codecs; `source` is the recording a coded clip was made from."""
    tree = scan(folder)
    released = {
        "train": r"ASVspoof5\.train\.tsv",
        "dev": r"ASVspoof5\.dev\.track_1\.tsv",
        "eval": r"ASVspoof5\.eval\.track_1\.tsv",
    }
    first_phase = {split: rf"ASVspoof5\.{split}\.metadata\.txt" for split in released}
    patterns = {
        split: pattern
        if named(tree, pattern) or not named(tree, first_phase[split])
        else first_phase[split]
        for split, pattern in released.items()
    }
    parts = []
    for split, place in one_per_split(tree, patterns, "ASVspoof 5").items():
        protocol = read_protocol(folder / place, _TRACK_1)
        labels = turned(protocol, "key", OWN_LABELS)
        part = _part(tree, protocol, labels, split)
        coded = pc.is_in(protocol["codec"], value_set=_NO_CODEC)
        part["codec"] = pc.if_else(coded, "none", protocol["codec"])
        if protocol.has("codec_seed"):
            part["source"] = pc.coalesce(without_dash(protocol["codec_seed"]), protocol["clip"])
        parts.append(part)
    return manifest_of(parts)


@readers.register("asvspoof5-track2")
def asvspoof5_track2(folder: Path) -> Manifest:
    """ASVspoof 5, track 2: every clip once, however many trials it stands in.

    `speaker` is the target speaker, whom a spoofed clip imitates; of a clip that only stands in
    nontarget trials the speaker is not told.
    """
    tree = scan(folder)
    patterns = {
        split: rf"ASVspoof5\.{split}\.(?:track_2\.)?trial\.(?:tsv|txt)" for split in ("dev", "eval")
    }
    parts = []
    for split, place in one_per_split(tree, patterns, "ASVspoof 5, track 2").items():
        protocol = read_protocol(folder / place, _TRACK_2)
        labels = turned(protocol, "key", _ASV_LABELS)
        part = _part(tree, protocol, labels, split)
        strange = pc.equal(protocol["key"], "nontarget")
        part["speaker"] = pc.if_else(strange, None, part["speaker"])
        once = _each_clip_once(protocol)
        parts.append({name: column.take(once) for name, column in part.items()})
    return manifest_of(parts)


def _part(tree: Tree, protocol: Protocol, labels: pa.Array, split: str) -> dict[str, pa.Array]:
    return {
        "clip": protocol["clip"],
        "label": labels,
        "speaker": without_dash(protocol["speaker"]),
        "attack": of_spoof(protocol["attack"], labels),
        "split": repeated(split, len(protocol)),
        **located(tree, placed(_FOLDERS[split], protocol["clip"], ".flac")),
    }


def _each_clip_once(protocol: Protocol) -> pa.Array:
    """For every clip the row that tells its speaker, if there is one; in the file's order."""
    rank = pc.index_in(protocol["key"], value_set=pa.array(list(_ASV_LABELS)))
    order = pc.sort_indices(pa.table({"rank": rank}), [("rank", "ascending")])
    ranked = protocol["clip"].take(order)
    rows = order.take(pc.index_in(pc.unique(ranked), value_set=ranked))
    return rows.take(pc.array_sort_indices(rows))
