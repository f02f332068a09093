"""Models beside each other under every corruption: a heat map with numbers and intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from xaudio.reports.charts import Row, chart_style, distinct, shortened
from xaudio.reports.heat import (
    LIGHT_COLOURS,
    LIGHT_RANGE,
    heat_cell,
    heat_grid,
    heat_scale,
    heat_top,
)
from xaudio.reports.html import Html
from xaudio.reports.measures import NO_BREAK, Measure

MOST_WITH_INTERVALS = 6  # models; more would not fit a page beside each other


def model_matrix(conditions: Sequence[Row], measure: Measure) -> Html:
    """A row per corruption, a column per model, in each cell a number per severity.

    Below the numbers of a cell stands the interval at the harshest severity; the pointer is told
    all intervals. The corruption that costs the most comes first.

    Args:
        conditions: Rows of a sweep's condition table.
        measure: What is shown.
    """
    models = distinct(row["model"] for row in conditions)
    top = heat_top(measure.of(row) for row in conditions)
    squares: dict[tuple[str, str], list[Html]] = {}
    below: dict[tuple[str, str], str] = {}
    for place, rows in _cells(conditions).items():
        squares[place] = [_square(row, measure, top) for row in rows]
        known = [row for row in rows if measure.of(row) is not None]
        if known and len(models) <= MOST_WITH_INTERVALS:
            below[place] = _interval(known[-1], measure)
    corruptions = ranked_corruptions(conditions, measure)
    grid = heat_grid("Corruption", corruptions, models, squares, below)
    return Html(heat_scale(top, f"Colour: {measure.name},") + grid)


def ranked_corruptions(conditions: Sequence[Row], measure: Measure) -> list[str]:
    """The clean clips, then the corruptions by the largest share of errors they cause."""
    worst: dict[str, float] = {}
    for row in conditions:
        share = measure.of(row)
        name = row["corruption"]
        worst[name] = max(worst.get(name, -1.0), -1.0 if share is None else share)
    clean = {row["corruption"] for row in conditions if row["severity"] == 0}
    return sorted(worst, key=lambda name: (name not in clean, -worst[name]))


def matrix_figure(conditions: Sequence[Row], measure: Measure) -> Figure:
    """The matrix as a chart for papers: each corruption at its harshest severity.

    Args:
        conditions: Rows of a sweep's condition table.
        measure: What is shown, in per cent.
    """
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    models = distinct(row["model"] for row in conditions)
    corruptions = ranked_corruptions(conditions, measure)
    harshest = {place: rows[-1] for place, rows in _cells(conditions).items()}
    found = [[harshest.get((name, model)) for model in models] for name in corruptions]
    shares = [[None if row is None else measure.of(row) for row in line] for line in found]
    top = heat_top(share for line in shares for share in line)
    values = 100 * np.array(shares, dtype=float)
    colours = ListedColormap(colormaps[LIGHT_COLOURS](np.linspace(*LIGHT_RANGE, 256)))
    with chart_style():
        size = (2.2 + 1.25 * len(models), 1.4 + 0.3 * len(corruptions))
        figure = Figure(figsize=size, layout="constrained")
        panel = figure.subplots()
        drawn = panel.pcolormesh(values, cmap=colours, vmin=0, vmax=100 * top, linewidth=0)
        for (line, column), value in np.ndenumerate(values):
            row = found[line][column]
            if row is not None and np.isfinite(value):
                ink = "white" if value > 50 * top else "black"
                text = measure.text(row).replace(f"{NO_BREAK}%", "")
                panel.text(
                    column + 0.5, line + 0.5, text, ha="center", va="center", size=7.5, color=ink
                )  # fmt: skip
        panel.invert_yaxis()
        panel.spines[:].set_visible(False)
        panel.tick_params(length=0)
        panel.set_xticks(np.arange(len(models)) + 0.5, map(shortened, models), parse_math=False)
        panel.set_yticks(
            np.arange(len(corruptions)) + 0.5,
            [_with_severity(name, found[n]) for n, name in enumerate(corruptions)],
            parse_math=False,
        )
        bar = figure.colorbar(drawn, ax=panel, orientation="horizontal", aspect=40, pad=0.02)
        bar.set_label(f"{measure.name[0].upper()}{measure.name[1:]} (%), harshest severity")
        bar.outline.set_visible(False)
    return figure


def _cells(conditions: Sequence[Row]) -> Mapping[tuple[str, str], list[Row]]:
    """The rows of each corruption and model by rising severity."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(conditions, key=lambda row: row["severity"]):
        found.setdefault((row["corruption"], row["model"]), []).append(row)
    return found


def _interval(row: Row, measure: Measure) -> str:
    low, high = row.get(measure.low), row.get(measure.high)
    return "" if low is None or high is None else f"[{100 * low:.1f}, {100 * high:.1f}]"


def _square(row: Row, measure: Measure, top: float) -> Html:
    share = measure.of(row)
    where = "clean" if row["severity"] == 0 else f"{row['corruption']}, severity {row['severity']}"
    title = f"{row['model']}, {where}: {measure.name} {measure.text(row)}, {row['clips']} clips"
    return heat_cell(share, top, "–" if share is None else f"{100 * share:.0f}", title)


def _with_severity(name: str, rows: Sequence[Row | None]) -> str:
    severities = {row["severity"] for row in rows if row is not None}
    severity = max(severities, default=0)
    return shortened(name) if severity == 0 else f"{shortened(name)} {severity}"
