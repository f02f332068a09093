"""Explanation drift against score drift: the points of a plot, one per condition."""

import pyarrow as pa

from xaudio.errors import MetricError

AS_DRIFT = {
    "spearman": (1.0, -1.0),
    "cosine": (1.0, -1.0),
    "top_overlap": (1.0, -1.0),
    "tile_spearman": (1.0, -1.0),
    "tile_cosine": (1.0, -1.0),
    "tile_top_overlap": (1.0, -1.0),
    "earth_mover_seconds": (0.0, 1.0),
    "evidence_mover_seconds": (0.0, 1.0),
    "peak_seconds": (0.0, 1.0),
    "inside_change": (0.0, -1.0),
}
"""How each measure becomes a drift, 0 for the clean map: what is added, and the sign."""

POINT_SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("method", pa.string()),
        ("corruption", pa.string()),
        ("severity", pa.int32()),
        ("parameters", pa.string()),
        ("clips", pa.int64()),
        ("kept", pa.float64()),
        ("score_drift", pa.float64()),
        ("score_drift_low", pa.float64()),
        ("score_drift_high", pa.float64()),
        ("explanation_drift", pa.float64()),
        ("explanation_drift_low", pa.float64()),
        ("explanation_drift_high", pa.float64()),
        ("chance", pa.float64()),
        ("randomised_model", pa.float64()),
        ("shifted", pa.float64()),
        ("repeated", pa.float64()),
    ]
)


def drift_points(table: pa.Table, measure: str = "spearman", decision: str = "all") -> pa.Table:
    """One point per model, method and condition: how far scores moved, how far explanations did.

    Args:
        table: From `drift_table`.
        measure: One of `AS_DRIFT`. Similarities are told as one less the similarity, the loss of
            evidence inside annotated segments as a positive number.
        decision: ``all``, ``kept`` or ``flipped``.

    Returns:
        The columns of `POINT_SCHEMA`: `kept` is the share of decisions kept, score drift is in
        units of the clean scores' spread, and `chance` is the drift of relevance with random
        phases, as far as one gets by knowing nothing.

    Raises:
        MetricError: There is no such measure.
    """
    if measure not in AS_DRIFT:
        raise MetricError(f"There is no drift by '{measure}'; choose one of {', '.join(AS_DRIFT)}.")
    wanted = [row for row in table.to_pylist() if row["decision"] in (decision, "kept", "all")]
    by_place = {(*_condition(row), row["decision"], row["measure"]): row for row in wanted}
    points = []
    for row in wanted:
        if (row["decision"], row["measure"]) != (decision, measure):
            continue
        moved, counted, kept = (
            by_place[(*_condition(row), split, name)]
            for split, name in (
                (decision, "score_drift_spreads"),
                ("all", "score_drift"),
                ("kept", "score_drift"),
            )
        )
        low, high = sorted((_drift(row["low"], measure), _drift(row["high"], measure)), key=_last)
        points.append(
            {
                **row,
                "kept": kept["clips"] / counted["clips"] if counted["clips"] else None,
                "score_drift": moved["mean"],
                "score_drift_low": moved["low"],
                "score_drift_high": moved["high"],
                "explanation_drift": _drift(row["mean"], measure),
                "explanation_drift_low": low,
                "explanation_drift_high": high,
                "chance": _drift(row["phase_randomised"], measure),
                "randomised_model": _drift(row["randomised_model"], measure),
                "shifted": _drift(row["shifted"], measure),
                "repeated": _drift(row["repeated"], measure),
            }
        )
    return pa.Table.from_pylist(points, schema=POINT_SCHEMA)


def _condition(row: dict) -> tuple:
    return row["model"], row["method"], row["corruption"], row["severity"]


def _drift(value: float | None, measure: str) -> float | None:
    added, sign = AS_DRIFT[measure]
    return None if value is None else added + sign * value


def _last(value: float | None) -> float:
    return float("inf") if value is None else value
