"""Errors against what was measured of the sound, rather than against a severity's number."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xaudio.reports.charts import (
    Row,
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
FEWEST_POINTS = 3


def quality_curves(rows: Sequence[Row]) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """A figure for each measured quantity that tells conditions apart.

    Args:
        rows: Rows of a sweep's condition table, with what was measured of the sound beside them.
    """
    for column, name, scale, least in AXES:
        known = [row for row in rows if row.get(column) is not None and row[column] >= least]
        if len({row[column] for row in known}) >= FEWEST_POINTS:
            yield f"quality-{column}", partial(_curves, known, column, name, scale)


def _curves(rows: Sequence[Row], column: str, name: str, scale: float) -> Figure:
    """A panel per model, a line per corruption."""
    measure = main_measure(rows)
    corrupted = [row for row in rows if row["severity"] > 0]
    styles = named_styles(row["corruption"] for row in corrupted)

    def draw(panel: Axes, model: str) -> None:
        for corruption, style in styles.items():
            own = [
                row
                for row in corrupted
                if row["model"] == model and row["corruption"] == corruption
            ]
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
