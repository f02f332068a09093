"""Columns of a manifest from columns of a protocol: labels turned, dashes left out, clips told."""

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.protocol import Protocol
from xaudio.errors import CorpusError

OWN_LABELS = {"bonafide": "bonafide", "spoof": "spoof"}

_SAYS_NOT_WHICH = frozenset(
    ("ai", "authentic", "bona-fide", "bona_fide", "cloned", "deepfake", "fake", "false",
     "generated", "genuine", "human", "natural", "nontarget", "original", "real", "spoofed",
     "synthetic", "target", "true")
)  # fmt: skip


def turned(protocol: Protocol, column: str, meaning: Mapping[str, str]) -> pa.Array:
    """A protocol's keys as labels, each by what it means.

    Raises:
        CorpusError: A key has no meaning here; the message names its line and all keys found.
    """
    keys = protocol[column]
    known = pc.index_in(keys, value_set=pa.array(list(meaning)))
    row = pc.index(pc.is_null(known), True).as_py()
    if row >= 0:
        raise protocol.refusal(
            row,
            f"the label '{keys[row]}' is none of {', '.join(meaning)}. Found in the file: "
            f"{_counted(keys)}.",
        )
    return pa.array(list(meaning.values())).take(known)


def agreed(labels: pa.Array, meaning: Mapping[str, str] | None) -> pa.Array:
    """Labels of any data set, translated as the user says; never guessed.

    Raises:
        CorpusError: A label has no translation, or there are none and it is not plain which of the
            labels means human speech.
    """
    if meaning is None:
        found = set(pc.unique(labels).to_pylist())
        unclear = {label for label in found if str(label).lower() in _SAYS_NOT_WHICH}
        if unclear or (found and found <= {"0", "1"}):
            raise CorpusError(
                f"The labels are {_counted(labels)}. Say which of them is human speech: "
                "labels={'real': 'bonafide', 'fake': 'spoof'}, or --label real=bonafide "
                "--label fake=spoof."
            )
        return labels
    known = pc.index_in(labels, value_set=pa.array(list(meaning)))
    if known.null_count:
        raise CorpusError(
            f"The labels are {_counted(labels)}, but only {', '.join(meaning)} were given a "
            "meaning. Give one to each."
        )
    return pa.array(list(meaning.values())).take(known)


def without_dash(column: pa.Array) -> pa.Array:
    """The column with null for a dash, which stands for nothing known or none."""
    return pc.if_else(pc.equal(column, "-"), None, column)


def of_spoof(attacks: pa.Array, labels: pa.Array) -> pa.Array:
    """What made each spoofed clip; null for bona fide."""
    return pc.if_else(pc.equal(labels, "bonafide"), None, without_dash(attacks))


def joined(protocol: Protocol, names: tuple[str, ...]) -> pa.Array:
    """Several columns as one, with dashes between."""
    return pc.binary_join_element_wise(*(protocol[name] for name in names), "-")


def placed(start: str, names: pa.Array, suffix: str) -> pa.Array:
    """Official places: a folder, the clips' names, and a suffix for those that have none."""
    bare = pc.invert(pc.ends_with(names, suffix))
    whole = pc.if_else(bare, pc.binary_join_element_wise(names, suffix, ""), names)
    return pc.binary_join_element_wise(f"{start}/" if start else "", whole, "")


def repeated(value: str | None, count: int) -> pa.Array:
    """One value for all."""
    return pa.array([value], pa.string()).take(pa.nulls(count, pa.int32()).fill_null(0))


def manifest_of(columns: list[dict[str, pa.Array]]) -> Manifest:
    """One manifest of several parts, each some columns of `SCHEMA`."""
    tables = [pa.table(part) for part in columns]
    return Manifest(pa.concat_tables(tables, promote_options="default"))


def _counted(values: pa.Array) -> str:
    counts = Counter(values.to_pylist()).most_common(12)
    return ", ".join(f"'{value}' ({count})" for value, count in counts)
