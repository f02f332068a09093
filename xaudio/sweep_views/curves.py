"""Curves over severity: a line per model under each corruption, from clean on, with bands."""

from collections.abc import Sequence
from dataclasses import dataclass

from xaudio.reports.charts import Row, distinct
from xaudio.reports.measures import REFITTED, Measure
from xaudio.reports.threshold_drift import in_spreads

PERCENT = 100.0


@dataclass(frozen=True)
class SeverityCurve:
    """One line.

    Attributes:
        model: Whose.
        corruption: Under which condition.
        name: What it is where a model has several lines; else empty.
        severities: 0 is clean.
        values: At each of them.
        low: Lower ends of the 95 % intervals; None where there is none.
        high: Upper ends.
    """

    model: str
    corruption: str
    name: str
    severities: tuple[int, ...]
    values: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]

    @property
    def banded(self) -> list[int]:
        """Which of the points have an interval."""
        ends = zip(self.low, self.high, strict=True)
        return [place for place, end in enumerate(ends) if None not in end]

    def said(self, unit: str) -> list[str]:
        """Each value with its interval, in words."""
        return [
            f"{value:.1f}{unit}"
            + ("" if low is None or high is None else f" [{low:.1f}, {high:.1f}]")
            for value, low, high in zip(self.values, self.low, self.high, strict=True)
        ]


def measure_curves(rows: Sequence[Row], measure: Measure, name: str = "") -> list[SeverityCurve]:
    """A share of errors over severity, in per cent.

    Args:
        rows: Of a sweep's condition table.
        measure: Which.
        name: What its lines are called.
    """
    return _curves(rows, (measure.column, measure.low, measure.high), PERCENT, name)


def fixed_and_refitted(rows: Sequence[Row], measure: Measure) -> list[SeverityCurve]:
    """The errors that users meet, and beside them the EER that is re-fitted under each condition.

    Args:
        rows: Of a sweep's condition table.
        measure: What users meet.
    """
    if measure is REFITTED:
        return measure_curves(rows, REFITTED, REFITTED.name)
    refitted = [row for row in rows if REFITTED.of(row) is not None]
    return measure_curves(rows, measure, measure.name) + measure_curves(
        refitted, REFITTED, REFITTED.name
    )


def threshold_curves(rows: Sequence[Row]) -> list[SeverityCurve]:
    """How far the best threshold lies from the deployed one, in SD of clean scores.

    Args:
        rows: Of a sweep's threshold table.
    """
    columns = ("in_spreads", "in_spreads_low", "in_spreads_high")
    return _curves(in_spreads(rows), columns, 1.0, "")


def _curves(
    rows: Sequence[Row], columns: tuple[str, str, str], scale: float, name: str
) -> list[SeverityCurve]:
    known = [row for row in rows if row.get(columns[0]) is not None]
    corrupted = [row for row in known if row["severity"] > 0]
    places = distinct((row["corruption"], row["model"]) for row in corrupted)
    return [_curve(known, corruption, model, columns, scale, name) for corruption, model in places]


def _curve(
    rows: Sequence[Row],
    corruption: str,
    model: str,
    columns: tuple[str, str, str],
    scale: float,
    name: str,
) -> SeverityCurve:
    own = [
        row
        for row in rows
        if row["model"] == model and (row["severity"] == 0 or row["corruption"] == corruption)
    ]
    own.sort(key=lambda row: row["severity"])
    severities = tuple(row["severity"] for row in own)
    values = tuple(scale * row[columns[0]] for row in own)
    low, high = (
        tuple(None if row.get(column) is None else scale * row[column] for row in own)
        for column in columns[1:]
    )
    return SeverityCurve(model, corruption, name, severities, values, low, high)
