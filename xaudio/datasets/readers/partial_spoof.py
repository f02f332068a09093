"""PartialSpoof: utterances of ASVspoof 2019 LA with synthetic parts spliced in.

Zhang et al., IEEE/ACM TASLP 31, 2023. The stretches come from RTTM files, or else from the finest
of the segment labels, where 1 is bona fide and 0 is spoof.
"""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, Int64

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
from xaudio.datasets.readers.safe_arrays import read_dictionary
from xaudio.datasets.readers.stretches import segment_column
from xaudio.datasets.readers.tree import Tree, located, scan
from xaudio.errors import CorpusError

_COLUMNS = {5: ("speaker", "clip", "unused", "attack", "key")}
_RTTM = {
    10: (
        "kind", "clip", "channel", "start", "length", "words", "sort", "key", "score", "ahead",
    )
}  # fmt: skip
_LENGTHS = {2: ("clip", "seconds")}
_RTTM_NAMES = r"{split}/con_data/rttm_2cls_0sil|(?:.*[/_.-])?{split}[^/]*\.rttm"


@readers.register("partialspoof")
def partial_spoof(folder: Path) -> Manifest:
    """PartialSpoof: `PartialSpoof.LA.cm.*.trl.txt` with the stretches that are synthetic."""
    tree = scan(folder)
    patterns = {
        split: rf"PartialSpoof\.LA\.cm\.{split}\.trl\.txt" for split in ("train", "dev", "eval")
    }
    parts = []
    for split, place in one_per_split(tree, patterns, "PartialSpoof").items():
        protocol = read_protocol(folder / place, _COLUMNS)
        labels = turned(protocol, "key", OWN_LABELS)
        audio = placed(f"{split}/con_wav", protocol["clip"], ".wav")
        seconds = _seconds(tree, protocol, split)
        parts.append(
            {
                "clip": protocol["clip"],
                "label": labels,
                "speaker": without_dash(protocol["speaker"]),
                "attack": of_spoof(protocol["attack"], labels),
                "split": repeated(split, len(protocol)),
                "seconds": seconds,
                "segments": _segments(tree, protocol, split, seconds),
                **located(tree, audio),
            }
        )
    return manifest_of(parts)


def _seconds(tree: Tree, protocol: Protocol, split: str) -> pa.Array:
    """Lengths from `reco2dur`, where it is there."""
    places = named(tree, rf"{split}/con_data/reco2dur")
    if not places:
        return pa.nulls(len(protocol), pa.float64())
    lengths = read_protocol(tree.folder / places[0], _LENGTHS)
    at = pc.index_in(protocol["clip"], value_set=lengths["clip"])
    return lengths.numbers("seconds").take(at)


def _segments(tree: Tree, protocol: Protocol, split: str, seconds: pa.Array) -> pa.ListArray:
    rttm = named(tree, _RTTM_NAMES.format(split=split))
    if rttm:
        rows, start, end = _from_rttm(tree.folder / rttm[0], protocol)
    else:
        rows, start, end = _from_segment_labels(tree, protocol, split)
    # Labels are told in whole segments, of which the last may reach beyond the clip.
    limits = pc.fill_null(seconds, float("inf")).to_numpy(zero_copy_only=False)
    return segment_column(rows, start, np.minimum(end, limits[rows]), len(protocol))


Stretches = tuple[
    Int64[np.ndarray, " stretches"],
    Float64[np.ndarray, " stretches"],
    Float64[np.ndarray, " stretches"],
]


def _from_rttm(path: Path, protocol: Protocol) -> Stretches:
    """Rows, starts and ends in seconds of the stretches an RTTM file labels spoof."""
    rttm = read_protocol(path, _RTTM)
    spoof = pc.equal(turned(rttm, "key", OWN_LABELS), "spoof")
    rows = pc.index_in(rttm["clip"], value_set=protocol["clip"])
    ours = pc.and_(spoof, pc.is_valid(rows))
    start = rttm.numbers("start").filter(ours).to_numpy()
    length = rttm.numbers("length").filter(ours).to_numpy()
    return rows.filter(ours).to_numpy().astype(np.int64), start, start + length


def _from_segment_labels(tree: Tree, protocol: Protocol, split: str) -> Stretches:
    places = named(tree, rf"{split}_seglab_\d\.\d+\.npy")
    if not places:
        nothing = np.zeros(0)
        return np.zeros(0, np.int64), nothing, nothing
    finest = min(places, key=_resolution)
    step = _resolution(finest)
    labels = read_dictionary(tree.folder / finest)
    rows, start, end = [], [], []
    for row, clip in enumerate(protocol["clip"].to_pylist()):
        fake = _is_spoof(labels.get(clip, np.zeros(0)), clip, tree.folder / finest)
        edges = np.flatnonzero(np.diff(fake, prepend=False, append=False))
        rows.append(np.full(len(edges) // 2, row))
        start.append(edges[::2] * step)
        end.append(edges[1::2] * step)
    return np.concatenate(rows).astype(np.int64), np.concatenate(start), np.concatenate(end)


def _is_spoof(labels: np.ndarray, clip: str, path: Path) -> np.ndarray:
    text = labels.astype(str)
    if not np.isin(text, ("0", "1")).all():
        raise CorpusError(f"{path}: the labels of '{clip}' are not all 0 (spoof) or 1 (bona fide).")
    return text == "0"


def _resolution(place: str) -> float:
    return float(re.findall(r"_seglab_([\d.]+)\.npy", place)[0])
