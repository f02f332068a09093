"""ASVspoof 2019 (LA, PA) and 2021 (LA, DF, PA), from the protocols and keys as published.

2019: Wang et al., Computer Speech & Language 64, 2020. 2021: Liu et al., IEEE/ACM TASLP 31, 2023,
columns as in the official evaluation package. The keys say `bonafide` and `spoof`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.columns import (
    OWN_LABELS,
    joined,
    manifest_of,
    of_spoof,
    placed,
    repeated,
    turned,
    without_dash,
)
from xaudio.datasets.readers.protocol import Protocol, read_protocol
from xaudio.datasets.readers.protocol_files import named, one_per_split, the_one
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.tree import Tree, located, scan

_COLUMNS_2019 = {5: ("speaker", "clip", "environment", "attack", "key")}
_COLUMNS_2021_LA = {
    8: ("speaker", "clip", "codec", "transmission", "attack", "key", "trim", "subset")
}
_COLUMNS_2021_DF = {
    13: (
        "speaker", "clip", "codec", "source", "attack", "key", "trim", "subset",
        "vocoder", "task", "team", "gender_pair", "language",
    )
}  # fmt: skip
_ENVIRONMENT = ("asv_room", "asv_microphone", "distance")
_ATTACKER = ("attacker_room", "attacker_microphone", "replay_device", "attacker_distance")
_COLUMNS_2021_PA = {12: ("speaker", "clip", *_ENVIRONMENT, *_ATTACKER, "key", "trim", "subset")}


@readers.register("asvspoof2019-la")
def asvspoof2019_la(folder: Path) -> Manifest:
    """ASVspoof 2019 LA: `ASVspoof2019.LA.cm.{train.trn,dev.trl,eval.trl}.txt`, FLAC files."""
    return _asvspoof2019(folder, "LA")


@readers.register("asvspoof2019-pa")
def asvspoof2019_pa(folder: Path) -> Manifest:
    """ASVspoof 2019 PA; `source` is the environment, three letters as in the protocol."""
    return _asvspoof2019(folder, "PA")


@readers.register("asvspoof2021-la")
def asvspoof2021_la(folder: Path) -> Manifest:
    """ASVspoof 2021 LA; `source` is the line the call went over (`loc_tx`, `ita_tx`, ...)."""
    tree, protocol = _keys_2021(folder, "LA", _COLUMNS_2021_LA)
    extra = {"codec": protocol["codec"], "source": without_dash(protocol["transmission"])}
    return manifest_of([_trials(tree, protocol, "LA", protocol["attack"]) | extra])


@readers.register("asvspoof2021-df")
def asvspoof2021_df(folder: Path) -> Manifest:
    """ASVspoof 2021 DF; `source` is the corpus it comes from (`asvspoof`, `vcc2018`, ...)."""
    tree, protocol = _keys_2021(folder, "DF", _COLUMNS_2021_DF)
    extra = {"codec": protocol["codec"], "source": without_dash(protocol["source"])}
    return manifest_of([_trials(tree, protocol, "DF", protocol["attack"]) | extra])


@readers.register("asvspoof2021-pa")
def asvspoof2021_pa(folder: Path) -> Manifest:
    """ASVspoof 2021 PA; `attack` is the attacker's setting, `source` the recording's."""
    tree, protocol = _keys_2021(folder, "PA", _COLUMNS_2021_PA)
    extra = {"source": joined(protocol, _ENVIRONMENT)}
    return manifest_of([_trials(tree, protocol, "PA", joined(protocol, _ATTACKER)) | extra])


def _asvspoof2019(folder: Path, task: str) -> Manifest:
    tree = scan(folder)
    patterns = {
        split: rf"ASVspoof2019\.{task}\.cm\.{split}\.(?:trn|trl)\.txt"
        for split in ("train", "dev", "eval")
    }
    parts = []
    for split, place in one_per_split(tree, patterns, f"ASVspoof 2019 {task}").items():
        protocol = read_protocol(folder / place, _COLUMNS_2019)
        labels = turned(protocol, "key", OWN_LABELS)
        audio = placed(f"ASVspoof2019_{task}_{split}/flac", protocol["clip"], ".flac")
        parts.append(
            {
                "clip": protocol["clip"],
                "label": labels,
                "speaker": without_dash(protocol["speaker"]),
                "attack": of_spoof(protocol["attack"], labels),
                "split": repeated(split, len(protocol)),
                "source": without_dash(protocol["environment"]),
                **located(tree, audio),
            }
        )
    return manifest_of(parts)


def _keys_2021(
    folder: Path, task: str, layout: Mapping[int, Sequence[str]]
) -> tuple[Tree, Protocol]:
    """The tree and `keys/<task>/CM/trial_metadata.txt`; the tasks' keys have one name."""
    tree = scan(folder)
    of_task = rf"(?:.*/)?{task}/CM/trial_metadata\.txt"
    pattern = of_task if named(tree, of_task) else r"(?:CM/)?trial_metadata\.txt"
    place = the_one(tree, pattern, f"ASVspoof 2021 {task}")
    return tree, read_protocol(folder / place, layout)


def _trials(tree: Tree, protocol: Protocol, task: str, attacks: pa.Array) -> dict[str, pa.Array]:
    labels = turned(protocol, "key", OWN_LABELS)
    audio = placed(f"ASVspoof2021_{task}_eval/flac", protocol["clip"], ".flac")
    return {
        "clip": protocol["clip"],
        "label": labels,
        "speaker": without_dash(protocol["speaker"]),
        "attack": of_spoof(attacks, labels),
        "split": protocol["subset"],
        **located(tree, audio),
    }
