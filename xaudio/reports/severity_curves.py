"""Anything over severity: a panel per corruption, a line per model, bands where there are any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from xaudio.reports.charts import (
    DASHES,
    INK,
    Row,
    chart_style,
    curve,
    distinct,
    legend,
    model_handles,
    named_styles,
    severity_axis,
    small_multiples,
    spread,
)
from xaudio.reports.measures import REFITTED, Measure

PERCENT = 100.0


@dataclass(frozen=True)
class Quantity:
    """What one line of a model shows.

    Attributes:
        column: Of the rows.
        low: Column of the lower end of its band; none if empty.
        high: Column of the upper end.
        scale: What values are multiplied by.
        name: In the legend; needed where a model has several lines.
        dress: How the line differs from the model's own style.
    """

    column: str
    low: str = ""
    high: str = ""
    scale: float = 1.0
    name: str = ""
    dress: Mapping[str, Any] = field(default_factory=dict)


def eer_curves(conditions: Sequence[Row]) -> Figure:
    """The re-fitted equal error rate with its interval, in per cent.

    Args:
        conditions: Rows of a sweep's condition table. The clean row begins every curve.
    """
    return measure_curves(conditions, REFITTED, "EER, re-fitted (%)")


def measure_curves(conditions: Sequence[Row], measure: Measure, unit: str) -> Figure:
    """Any share of errors with its interval, in per cent; `unit` stands beside the axis."""
    shown = Quantity(measure.column, measure.low, measure.high, PERCENT)
    return severity_chart(conditions, [shown], unit, bottom=0.0)


def fixed_threshold_curves(conditions: Sequence[Row]) -> Figure:
    """False rejections and false acceptances at the threshold fixed on clean clips, in per cent.

    Without bands: two per model would hide each other.
    """
    open_marks = {"linestyle": DASHES, "markerfacecolor": "none"}
    shown = [
        Quantity("false_rejection", scale=PERCENT, name="false rejections"),
        Quantity("false_acceptance", scale=PERCENT, name="false acceptances", dress=open_marks),
    ]
    return severity_chart(conditions, shown, "Errors (%)", bottom=0.0)


def severity_chart(
    rows: Sequence[Row],
    quantities: Sequence[Quantity],
    unit: str,
    *,
    bottom: float | None = None,
    level: float | None = None,
) -> Figure:
    """One or several quantities over severity.

    Args:
        rows: With `model`, `corruption` and `severity`, 0 where clean; rows that lack a quantity
            have no point on its line.
        quantities: What is drawn.
        unit: What stands beside the vertical axes.
        bottom: Where these begin; where the values do if None.
        level: Where a dotted line is drawn across all panels; nowhere if None.
    """
    known = [row for row in rows if any(row.get(each.column) is not None for each in quantities)]
    styles = named_styles(row["model"] for row in known)

    def draw(panel: Axes, corruption: str) -> None:
        if level is not None:
            panel.axhline(level, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
        for model, style in styles.items():
            there = _curve_rows(known, model, corruption)
            for each in quantities:
                _draw(panel, there, each, {**style, **each.dress})

    kinds = {each.name: _key(each) for each in quantities if each.name}
    with chart_style():
        names = distinct(row["corruption"] for row in known if row["severity"] > 0)
        figure, panels = small_multiples(names, draw, "Severity", unit)
        severity_axis(panels, (row["severity"] for row in known))
        for panel in panels:
            panel.set_ylim(bottom=bottom)
        spread(figure, legend(figure, {**model_handles(styles), **kinds}))
    return figure


def _curve_rows(rows: Sequence[Row], model: str, corruption: str) -> list[Row]:
    """A model's rows under one corruption by severity, the clean ones first."""
    own = [
        row
        for row in rows
        if row["model"] == model and (row["severity"] == 0 or row["corruption"] == corruption)
    ]
    return sorted(own, key=lambda row: row["severity"])


def _draw(panel: Axes, rows: Sequence[Row], shown: Quantity, style: Mapping[str, Any]) -> None:
    values, low, high = (
        [None if row.get(column) is None else shown.scale * row[column] for row in rows]
        for column in (shown.column, shown.low, shown.high)
    )
    curve(panel, [float(row["severity"]) for row in rows], values, (low, high), **style)


def _key(shown: Quantity) -> Line2D:
    return Line2D([], [], color=INK, linestyle=shown.dress.get("linestyle", "-"))
