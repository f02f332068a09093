"""Whether probabilities are kept under each condition: reliability of the map fitted on clean."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from xaudio.metrics.calibration import reliability_curve
from xaudio.sweeps.tables.conditions import PLACE
from xaudio.sweeps.tables.outcomes import Look, looks, spoof_probabilities
from xaudio.sweeps.tables.sources import RowSource, source_of

BINS = 10

CALIBRATION_SCHEMA = pa.schema(
    [
        *PLACE,
        ("bin", pa.int32()),
        ("clips", pa.int64()),
        ("probability", pa.float64()),
        ("share", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)


def calibration_table(rows: pa.Table | RowSource) -> pa.Table:
    """How often clips are synthetic that are said to be so with a probability.

    The probability is that of a logistic map from scores, fitted on each model's clean clips, at
    the condition's own share of spoofs. Kept probabilities lie on the diagonal: `share` is
    `probability`. There are ten bins of equal width; one without a clip has no row.

    | column | |
    | --- | --- |
    | `bin` | 0 for probabilities below 0.1, 9 for those of 0.9 and more |
    | `clips` | in it, repeats counted |
    | `probability` | mean of what was said |
    | `share` | of synthetic clips among them |
    | `low`, `high` | its exact 95 % interval (Clopper and Pearson 1934), counting every clip as
      independent, which is too narrow where one speaker has many |

    Args:
        rows: Score rows of a detector, or a store to read them from.

    Returns:
        The columns of `CALIBRATION_SCHEMA`, for the conditions with scores of both classes.
    """
    found = [point for look in looks(source_of(rows)) for point in reliability_rows(look)]
    return calibration_from(found)


def calibration_from(found: Iterable[dict[str, Any]]) -> pa.Table:
    """The calibration table of rows of reliability."""
    table = pa.Table.from_pylist(list(found), schema=CALIBRATION_SCHEMA)
    return table.sort_by([(name, "ascending") for name, _ in (*PLACE, ("bin", None))])


def reliability_rows(look: Look) -> list[dict[str, Any]]:
    """The points of one model's reliability curve under one condition."""
    if look.clean.calibrator is None or not look.here.has_both_classes:
        return []
    edges = np.arange(1, BINS) / BINS
    curve = reliability_curve(*spoof_probabilities(look.here, look.clean), edges)
    names = ("bin", "clips", "probability", "share", "low", "high")
    columns = (getattr(curve, name).tolist() for name in names)
    return [
        look.place._asdict() | dict(zip(names, point, strict=True))
        for point in zip(*columns, strict=True)
    ]
