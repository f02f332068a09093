"""Errors against what was measured of the sound, rather than against a severity's number."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xaudio.reports.charts import (
    Row,
    Style,
    chart_style,
    curve,
    distinct,
    large_multiples,
    legend,
    model_handles,
    named_styles,
    spread,
)
from xaudio.reports.measures import main_measure

# What is drawn: column, what stands below the axis, what values are multiplied by, the least shown.
# An SNR far below zero says only that nothing is alike, as after a delay.
AXES = (
    ("snr_db", "SNR (dB)", 1.0, -20.0),
    ("pesq", "PESQ (MOS-LQO)", 1.0, -1.0),
    ("highest_hz", "Band up to (kHz)", 0.001, 0.0),
)
FEWEST_VALUES = 2
LEAST_MOVE = 0.03  # of all that the axis shows


def quality_curves(rows: Sequence[Row]) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """A figure for each measured quantity that tells conditions apart.

    Args:
        rows: Rows of a sweep's condition table, with what was measured of the sound beside them.
    """
    # A corruption looks the same in all of them.
    styles = named_styles(row["corruption"] for row in rows if row["severity"] > 0)
    for column, name, scale, least in AXES:
        known = [
            row
            for row in rows
            if row["severity"] > 0 and row.get(column) is not None and row[column] >= least
        ]
        moving = _that_move(known, column)
        if len({row[column] for row in moving}) >= FEWEST_VALUES:
            yield f"quality-{column}", partial(_curves, moving, column, name, scale, styles)


def _curves(
    rows: Sequence[Row], column: str, name: str, scale: float, styles: Mapping[str, Style]
) -> Figure:
    """A panel per model, a line per corruption."""
    measure = main_measure(rows)
    shown = {row["corruption"] for row in rows}
    styles = {name: style for name, style in styles.items() if name in shown}

    def draw(panel: Axes, model: str) -> None:
        for corruption, style in styles.items():
            own = [row for row in rows if row["model"] == model and row["corruption"] == corruption]
            own.sort(key=lambda row: row[column])
            curve(
                panel,
                [scale * row[column] for row in own],
                measure.percent(own),
                measure.percent_band(own),
                band_strength=0.1,
                **style,
            )

    with chart_style():
        models = distinct(row["model"] for row in rows)
        figure, panels = large_multiples(models, draw, name, "Errors (%)")
        for panel in panels:
            panel.set_ylim(bottom=0)
        spread(figure, legend(figure, model_handles(styles)))
    return figure


def _that_move(rows: Sequence[Row], column: str) -> list[Row]:
    """The rows of corruptions whose severities differ in the quantity; others are no line."""
    spans: dict[str, tuple[float, float]] = {}
    for row in rows:
        low, high = spans.get(row["corruption"], (row[column], row[column]))
        spans[row["corruption"]] = (min(low, row[column]), max(high, row[column]))
    if not spans:
        return []
    whole = max(high for _, high in spans.values()) - min(low for low, _ in spans.values())
    moving = {name for name, (low, high) in spans.items() if high - low > LEAST_MOVE * whole}
    return [row for row in rows if row["corruption"] in moving]
