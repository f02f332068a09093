"""Points of explanation drift over score drift, as a chart can draw them."""

from collections.abc import Sequence
from dataclasses import dataclass

from xaudio.reports.charts import Row, distinct


@dataclass(frozen=True)
class DriftPoint:
    """One model and method under one condition, of the clips of one decision.

    Attributes:
        model: By name.
        method: By name.
        corruption: The condition.
        severity: Of it.
        decision: ``kept`` or ``flipped``.
        score: How far scores moved, in SD of clean scores.
        explanation: How far explanations did: 1 less their rank correlation.
        score_ends: How far the 95 % interval reaches below and above; 0 where there is none.
        explanation_ends: Likewise.
        said: All of it in words.
    """

    model: str
    method: str
    corruption: str
    severity: int
    decision: str
    score: float
    explanation: float
    score_ends: tuple[float, float]
    explanation_ends: tuple[float, float]
    said: str


def drift_points_of(rows: Sequence[Row]) -> list[DriftPoint]:
    """The points that can be drawn.

    Args:
        rows: Of a sweep's drift, each with its decision.
    """
    known = [
        row
        for row in rows
        if row["severity"] > 0 and None not in (row["score_drift"], row["explanation_drift"])
    ]
    return [_point(row) for row in known]


def level_of(rows: Sequence[Row], column: str) -> float | None:
    """The mean of what chance would give, over the rows that know it; None where none does."""
    values = [row[column] for row in rows if row.get(column) is not None]
    return sum(values) / len(values) if values else None


def panels_of(points: Sequence[DriftPoint]) -> list[tuple[str, str]]:
    """The models and methods there are."""
    return distinct((point.model, point.method) for point in points)


def _point(row: Row) -> DriftPoint:
    said = (
        f"{row['corruption']}, severity {row['severity']}, decision {row['decision']}<br>"
        f"explanation drift {_told(row, 'explanation_drift')}<br>"
        f"score drift {_told(row, 'score_drift')}<br>{row['clips']} clips"
    )
    return DriftPoint(
        row["model"],
        row["method"],
        row["corruption"],
        row["severity"],
        row["decision"],
        row["score_drift"],
        row["explanation_drift"],
        _ends(row, "score_drift"),
        _ends(row, "explanation_drift"),
        said,
    )


def _told(row: Row, name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    between = "" if low is None or high is None else f" [{low:.2f}, {high:.2f}]"
    return f"{row[name]:.2f}{between}"


def _ends(row: Row, name: str) -> tuple[float, float]:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None or high is None:
        return 0.0, 0.0
    return max(row[name] - low, 0.0), max(high - row[name], 0.0)
