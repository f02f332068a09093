"""One figure per model and corruption: mCE, relative mCE and the mean change."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from xaudio.errors import MetricError, SweepError
from xaudio.metrics.corruption_error import (
    corruption_errors,
    error_changes,
    relative_corruption_errors,
)
from xaudio.sweeps.conditions import CLEAN
from xaudio.sweeps.tables.outcomes import Outcome, outcomes
from xaudio.sweeps.tables.sources import RowSource

ALL = "all"
ERRORS = ("error", "eer_refitted")
# Ours: below half a per cent of errors a ratio says more about the reference than the model.
LITTLE = 0.005

CORRUPTION_ERROR_SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("corruption", pa.string()),
        ("reference", pa.string()),
        ("error", pa.string()),
        ("severities", pa.int32()),
        ("mean_error", pa.float64()),
        ("corruption_error", pa.float64()),
        ("relative_corruption_error", pa.float64()),
        ("mean_change", pa.float64()),
        ("warning", pa.string()),
    ]
)


def corruption_error_table(rows: pa.Table | RowSource, *, reference: str | None = None) -> pa.Table:
    """How much each corruption costs a model, beside what it costs a reference.

    Corruption errors after Hendrycks and Dietterich (ICLR 2019, see
    `xaudio.metrics.corruption_error`), for each of two errors: `error`, at the threshold fixed on
    clean clips, and `eer_refitted`. The row of the corruption ``"all"`` holds means over
    corruptions: mCE and relative mCE. A severity counts where the model and the reference have an
    error. `mean_change` needs no reference and always stands beside: ratios explode where the
    reference hardly errs, and then `warning` says so.

    Args:
        rows: Score rows, or a store to read them from.
        reference: Name of the model whose cost counts 1; the first one if not given. To compare
            sweeps with each other, pin a model whose weights do not change.

    Returns:
        The columns of `CORRUPTION_ERROR_SCHEMA`.

    Raises:
        SweepError: There is no such model.
    """
    # Replicates are not looked at here, so the fewest will do.
    return corruption_errors_from(outcomes(rows, samples=1), reference=reference)


def corruption_errors_from(found: Sequence[Outcome], *, reference: str | None = None) -> pa.Table:
    """The corruption error table of outcomes."""
    models = list(dict.fromkeys(each.place.model for each in found))
    if reference is not None and reference not in models:
        raise SweepError(
            f"The reference '{reference}' is not in this sweep; there are {', '.join(models)}."
        )
    if not models:
        return CORRUPTION_ERROR_SCHEMA.empty_table()
    rows = []
    for error in ERRORS:
        grids = {model: _grid(found, model, error) for model in models}
        for model in models:
            rows += _rows_of(model, reference or models[0], error, grids)
    return pa.Table.from_pylist(rows, schema=CORRUPTION_ERROR_SCHEMA)


Grid = dict[str, dict[int, float]]  # errors by corruption and severity


def _grid(found: Sequence[Outcome], model: str, error: str) -> Grid:
    grid: Grid = {}
    for each in found:
        value = each.value(error)
        if each.place.model == model and value is not None:
            grid.setdefault(each.place.corruption, {})[each.place.severity] = value
    return grid


def _rows_of(
    model: str, reference: str, error: str, grids: dict[str, Grid]
) -> list[dict[str, Any]]:
    """A row per corruption of one model, and one for all of them."""
    ours, theirs = grids[model], grids[reference]
    if CLEAN not in ours or CLEAN not in theirs:
        return []
    rows = []
    for corruption in sorted(ours.keys() & theirs.keys() - {CLEAN}):
        severities = sorted(ours[corruption].keys() & theirs[corruption].keys())
        if severities:
            rows.append(
                {
                    "corruption": corruption,
                    "severities": len(severities),
                    **_figures(
                        [ours[corruption][severity] for severity in severities],
                        ours[CLEAN][0],
                        [theirs[corruption][severity] for severity in severities],
                        theirs[CLEAN][0],
                    ),
                }
            )
    if rows:
        rows.append(_means(rows))
    return [row | {"model": model, "reference": reference, "error": error} for row in rows]


def _figures(
    ours: list[float], our_clean: float, theirs: list[float], their_clean: float
) -> dict[str, Any]:
    their_rise = float(np.mean(theirs)) - their_clean
    few = [
        text
        for text, size in (
            (f"the reference errs in only {np.mean(theirs):.2%} of clips", np.mean(theirs)),
            (f"the corruption costs the reference only {their_rise:.2%}", their_rise),
        )
        if size < LITTLE
    ]
    return {
        "mean_error": float(np.mean(ours)),
        "corruption_error": _ratio(corruption_errors, [ours], [theirs]),
        "relative_corruption_error": _ratio(
            relative_corruption_errors, [ours], our_clean, [theirs], their_clean
        ),
        "mean_change": float(error_changes([ours], our_clean)[0]),
        "warning": "; ".join(few) or None,
    }


def _ratio(errors: Any, *given: Any) -> float | None:
    """None where the reference loses nothing, which leaves no number."""
    try:
        return float(errors(*given)[0])
    except MetricError:
        return None


def _means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Over corruptions; a ratio that some corruption lacks has no mean."""
    row: dict[str, Any] = {
        "corruption": ALL,
        "severities": sum(each["severities"] for each in rows),
    }
    for name in ("mean_error", "corruption_error", "relative_corruption_error", "mean_change"):
        found = [each[name] for each in rows]
        row[name] = None if None in found else float(np.mean(found))
    warned = sum(each["warning"] is not None for each in rows)
    row["warning"] = f"{warned} of {len(rows)} ratios rest on little" if warned else None
    return row
