"""The clips of a sweep, once each, as arrays: what is known of them, and whose they are."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

from xaudio.errors import SweepError

KNOWN = ("clip", "digest", "label", "speaker", "attack", "codec", "source")
CLUSTERS = ("speaker", "attack", "codec", "source", "clip")
DETECTION = ("bonafide", "spoof")


@dataclass(frozen=True, eq=False)
class Clips:
    """The clips of a sweep by position, so that scores can be laid side by side.

    Attributes:
        table: One row per clip: at least the columns of `KNOWN`.
    """

    table: pa.Table

    @classmethod
    def of(cls, table: pa.Table) -> "Clips":
        """The clips a manifest or score rows speak of; columns that are missing are null."""
        present = without_repetition(table, "clip")
        for name in KNOWN:
            if name not in present.column_names:
                present = present.append_column(name, pa.nulls(len(present), pa.string()))
        return cls(present.combine_chunks())

    def __len__(self) -> int:
        return self.table.num_rows

    def positions(self, clips: pa.ChunkedArray) -> Int[np.ndarray, " row"]:
        """The position of each clip named."""
        return pc.index_in(clips, value_set=self.table["clip"]).to_numpy()

    @cached_property
    def is_bonafide(self) -> Bool[np.ndarray, " clip"]:
        """Which clips are human speech."""
        return pc.equal(self.table["label"], "bonafide").to_numpy()

    @cached_property
    def is_detection(self) -> bool:
        """Whether the labels are those of spoofing detection."""
        return set(pc.unique(self.table["label"]).to_pylist()) <= set(DETECTION)

    def clusters(self, by: str = "speaker") -> Int[np.ndarray, " clip"]:
        """A number per clip, equal where clips are no independent witnesses of each other.

        Numbers follow the names' order. A clip of which it is not known is a cluster of its own.

        Args:
            by: What clips share, one of `CLUSTERS`.

        Raises:
            SweepError: It is none of them.
        """
        if by not in CLUSTERS:
            raise SweepError(
                f"Clips are clustered by {', '.join(CLUSTERS)}, not by '{by}': "
                "give one of these names."
            )
        # Clips of equal bytes are one clip twice.
        same = pc.coalesce(self.table["digest"], self.table["clip"])
        alone = pc.binary_join_element_wise("clip", same, ":")
        if by == "clip":
            return codes(alone)
        return codes(pc.coalesce(pc.binary_join_element_wise(by, self.table[by], ":"), alone))


def without_repetition(table: pa.Table, column: str) -> pa.Table:
    """The first row of each value of a column."""
    numbers = _dictionary(table[column]).indices.to_numpy()
    return table.take(np.unique(numbers, return_index=True)[1])


def codes(values: pa.ChunkedArray | pa.Array) -> Int[np.ndarray, " value"]:
    """A number per value, 0 and up, in the order of the values.

    >>> codes(pa.array(["b", "a", "b"])).tolist()
    [1, 0, 1]
    """
    encoded = _dictionary(values)
    ascending = pc.array_sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(ascending), dtype=np.int64)
    rank[ascending] = np.arange(len(ascending))
    return rank[encoded.indices.to_numpy()]


def _dictionary(values: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return pc.dictionary_encode(whole, null_encoding="encode")
