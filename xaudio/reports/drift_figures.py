"""How far explanations move beside how far scores move, and what chance would make of it."""

from collections.abc import Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from xaudio.reports.charts import (
    DASHES,
    INK,
    Row,
    Style,
    chart_style,
    distinct,
    large_multiples,
    legend,
    named_styles,
    spread,
)

DOTS = (0, (1, 2))
LEVELS = {"chance": ("by chance", DASHES), "randomised_model": ("randomised model", DOTS)}


def drift_scatter(points: Sequence[Row]) -> Figure:
    """A point per condition: explanation drift over score drift, with 95 % intervals.

    Full where the decision was kept, open where it flipped; the colour is the corruption's and a
    larger point is a harsher severity. The lines are the drift of relevance that knows nothing, and
    of the same method on the model with random weights.

    Args:
        points: Rows of a sweep's drift points, each with `decision` ``kept`` or ``flipped``.
    """
    known = [row for row in points if None not in (row["score_drift"], row["explanation_drift"])]
    known = [row for row in known if row["severity"] > 0]
    styles = named_styles(row["corruption"] for row in known)
    panels_of = {f"{row['model']}: {row['method']}": (row["model"], row["method"]) for row in known}

    def draw(panel: Axes, title: str) -> None:
        own = [row for row in known if (row["model"], row["method"]) == panels_of[title]]
        _levels(panel, own)
        for row in own:
            _point(panel, row, styles[row["corruption"]])

    with chart_style():
        figure, panels = large_multiples(
            list(panels_of), draw, "Score drift (SD of clean scores)", "Explanation drift"
        )
        _frame_points(panels, known)
        spread(figure, legend(figure, _keys(styles, known)))
    return figure


def _frame_points(panels: Sequence[Axes], rows: Sequence[Row]) -> None:
    """Limits by the points and levels; an interval from few clips may run past them."""
    across = [row["score_drift"] for row in rows]
    levels = [row[column] for row in rows for column in LEVELS if row[column] is not None]
    up = [row["explanation_drift"] for row in rows] + levels
    for panel in panels:
        panel.set(xlim=_framed(across), ylim=_framed(up))


def _framed(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(0.0, *values), max(values)
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _levels(panel: Axes, rows: Sequence[Row]) -> None:
    for column, (_, dashes) in LEVELS.items():
        values = [row[column] for row in rows if row[column] is not None]
        if values:
            panel.axhline(sum(values) / len(values), color=INK, linewidth=0.9, linestyle=dashes)


def _point(panel: Axes, row: Row, style: Style) -> None:
    panel.errorbar(
        row["score_drift"],
        row["explanation_drift"],
        xerr=_whiskers(row, "score_drift"),
        yerr=_whiskers(row, "explanation_drift"),
        color=style["color"],
        marker=style["marker"],
        markersize=3.5 + 0.7 * row["severity"],
        markerfacecolor="none" if row["decision"] == "flipped" else style["color"],
        elinewidth=0.6,
        alpha=0.85,
    )


def _whiskers(row: Row, name: str) -> list[list[float]] | None:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None or high is None:
        return None
    return [[max(row[name] - low, 0.0)], [max(high - row[name], 0.0)]]


def _keys(styles: Mapping[str, Style], rows: Sequence[Row]) -> dict[str, Artist]:
    keys: dict[str, Artist] = {
        name: Line2D([], [], linestyle="", **style) for name, style in styles.items()
    }
    for decision, fill in (("kept", INK), ("flipped", "none")):
        if decision in distinct(row["decision"] for row in rows):
            keys[f"decision {decision}"] = Line2D(
                [], [], linestyle="", marker="o", color=INK, markerfacecolor=fill
            )
    for column, (name, dashes) in LEVELS.items():
        if any(row[column] is not None for row in rows):
            keys[name] = Line2D([], [], color=INK, linewidth=0.9, linestyle=dashes)
    return keys
