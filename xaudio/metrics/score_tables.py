"""From tables of scores to the arrays that metrics take."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from xaudio.errors import MetricError
from xaudio.metrics.score_formats import LABELS
from xaudio.metrics.teer import AsvScores


class DetectorScores(NamedTuple):
    """A detector's scores of each class, higher for bona fide; unpacks into any metric here."""

    bonafide: Float[np.ndarray, " bonafide"]
    spoof: Float[np.ndarray, " spoof"]


def with_labels(scores: pa.Table, key: pa.Table) -> pa.Table:
    """The scores with the labels of their key, in the order of the scores.

    Clips are matched by name, and where both tables name a claimed speaker by that as well. Tables
    that name the same clips in the same order are taken row by row, at once.

    Raises:
        MetricError: A clip is scored twice, has no label, or has a label but no score.
    """
    both = [name for name in ("speaker", "clip") if name in scores.column_names]
    both = [name for name in both if name in key.column_names]
    if "clip" not in both:
        raise MetricError("Scores and their key are matched by a column `clip`; one lacks it.")
    ours, theirs = _identity(scores, both), _identity(key, both)
    labels = key.select([name for name in LABELS if name in key.column_names])
    if not ours.equals(theirs):
        labels = labels.take(_places(ours, theirs))
    return pa.table(
        dict(zip(scores.column_names, scores.columns, strict=True))
        | dict(zip(labels.column_names, labels.columns, strict=True))
    )


def _places(ours: pa.Array, theirs: pa.Array) -> pa.Array:
    """Where each of our trials stands in the key, each exactly once."""
    found = pc.index_in(ours, value_set=theirs)
    if found.null_count:
        raise MetricError(
            f"{found.null_count} of {len(ours)} scored clips are not in the key, the first is "
            f"{ours[pc.index(found.is_null(), True).as_py()]}."
        )
    times = np.bincount(found.to_numpy(), minlength=len(theirs))
    for wrong, what in ((times > 1, "scored more than once"), (times == 0, "without a score")):
        if wrong.any():
            raise MetricError(
                f"{np.count_nonzero(wrong)} of {len(theirs)} clips of the key are {what} (or named "
                f"twice in the key), the first is {theirs[int(wrong.argmax())]}."
            )
    return found


def detector_scores(table: pa.Table) -> DetectorScores:
    """The column `score` parted by the column `label`.

    Raises:
        MetricError: The table lacks a column or a class.
    """
    return DetectorScores(
        *(_of_class(table, "score", "label", name) for name in ("bonafide", "spoof"))
    )


def asv_scores(table: pa.Table, column: str = "asv_score") -> AsvScores:
    """A verifier's scores parted by the column `asv_label`.

    Args:
        table: With `asv_label` and the scores.
        column: `asv_score`, or `sasv_score` for what the a-DCF takes.

    Raises:
        MetricError: The table lacks a column or a class.
    """
    return AsvScores(
        *(_of_class(table, column, "asv_label", name) for name in ("target", "nontarget", "spoof"))
    )


def _of_class(table: pa.Table, column: str, labels: str, name: str) -> np.ndarray:
    for needed in (column, labels):
        if needed not in table.column_names:
            raise MetricError(
                f"The table has no column {needed}; it has {', '.join(table.column_names)}."
            )
    inside = table[column].filter(pc.equal(table[labels], name))
    if len(inside) == 0:
        raise MetricError(f"No row has the {labels} {name}; at least one is needed.")
    return np.asarray(inside.to_numpy())


def _identity(table: pa.Table, names: list[str]) -> pa.Array:
    if len(names) == 1:
        return table[names[0]].combine_chunks()
    return pc.binary_join_element_wise(*(table[name] for name in names), " ").combine_chunks()
