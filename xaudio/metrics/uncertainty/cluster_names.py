"""Names of clusters, as a caller has them, made into numbers."""

from collections.abc import Hashable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from xaudio.errors import MetricError

Names = Sequence[Hashable] | np.ndarray | pa.Array | pa.ChunkedArray


def name_array(names: Names, clips: int, what: str = "") -> pa.Array:
    """Names as an arrow array; what is None or not a number is null.

    Raises:
        MetricError: They are not as many as the clips, or of several kinds.
    """
    if len(names) != clips:
        raise MetricError(f"There are {clips} {what} scores but {len(names)} clusters.")
    if isinstance(names, pa.ChunkedArray):
        return names.combine_chunks()
    try:
        return pa.array(names, from_pandas=True)
    except pa.ArrowException as error:
        raise MetricError(
            f"Names of clusters must all be text or all be whole numbers: {error}"
        ) from None


def joined_names(
    bonafide: Names | None, spoof: Names | None, sizes: tuple[int, int]
) -> pa.Array | None:
    """Names of the bona fide clips, then of the spoofs; null where a class has none.

    Raises:
        MetricError: As `name_array`, or one class has text and the other numbers.
    """
    if bonafide is None and spoof is None:
        return None
    given = [
        None if names is None else name_array(names, clips, what)
        for names, clips, what in zip((bonafide, spoof), sizes, ("bona fide", "spoof"), strict=True)
    ]
    kinds = {one.type for one in given if one is not None and one.type != pa.null()}
    if len(kinds) > 1:
        raise MetricError(
            "Names of clusters must be of one kind for bona fide clips and spoofs; given "
            f"{' and '.join(sorted(str(kind) for kind in kinds))}."
        )
    kind = kinds.pop() if kinds else pa.null()
    return pa.concat_arrays(
        [
            pa.nulls(clips, kind) if one is None else one.cast(kind)
            for one, clips in zip(given, sizes, strict=True)
        ]
    )


def numbered(names: Names | None, clips: int) -> Int[np.ndarray, " clips"]:
    """Numbers from 0 in the order of the names, -1 for none.

    The order of the clips plays no part in them, so neither does it in what is drawn.

    >>> numbered(["b", None, "a", "b"], 4)
    array([ 1, -1,  0,  1])
    """
    if names is None:
        return np.full(clips, -1)
    given = name_array(names, clips)
    if given.null_count == clips:
        return np.full(clips, -1)
    coded = given.dictionary_encode()
    rank = pc.rank(coded.dictionary, sort_keys="ascending").to_numpy().astype(np.int64) - 1
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    return np.where(codes < 0, -1, rank[codes])
