"""A grid of coloured cells to click: lines of names, groups of columns, a number in each cell."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboards.charts.frame import dressed
from xaudio.reports.charts import distinct, shortened
from xaudio.reports.elements import DARK, Theme
from xaudio.reports.heat import DARK_COLOURS, DARK_RANGE, LIGHT_COLOURS, LIGHT_RANGE
from xaudio.sweep_views.cells import HeatCell, HeatGrid, Place

LINE, HEADER = 26, 58  # pixels
GAP = 0.35  # of a column, between groups
MOST_WRITTEN = 60  # columns in which a number is legible
MOST_NAMED = 30  # columns for which "clean" is written out; else a 0
LETTERS = 120  # that fit a line above all columns
COLOURS = 32

Columns = dict[tuple[str, str], float]


def heat_map(grid: HeatGrid, chosen: Place | None, theme: Theme) -> go.Figure:
    """The grid as a figure; its one selectable trace has a point per cell, in their order.

    Args:
        grid: What is shown.
        chosen: The place that is framed; none if None.
        theme: Colours, for a light or a dark page.
    """
    columns = _columns(grid.cells)
    lines = {name: number for number, name in enumerate(grid.rows)}
    figure = go.Figure()
    _colour(figure, grid, columns, lines, theme)
    figure.add_scatter(
        x=[columns[cell.group, cell.column] + 0.5 for cell in grid.cells],
        y=[lines[cell.row] for cell in grid.cells],
        mode="markers",
        marker={"size": 12, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hovertext=[cell.said.replace(", ", "<br>", 1) for cell in grid.cells],
        hoverinfo="text",
    )
    _head(figure, columns, theme)
    for cell in grid.cells:
        if cell.place == chosen and not cell.place.is_clean:
            _frame(figure, columns[cell.group, cell.column], lines[cell.row], theme)
    return figure


def clicked(event: Mapping[str, Any] | None, cells: Sequence[HeatCell]) -> Place | None:
    """The place of the cell that was clicked; None where none was.

    Args:
        event: What Streamlit tells of a selection.
        cells: Those of the figure.
    """
    points = ((event or {}).get("selection") or {}).get("points") or []
    numbers = [point.get("point_index") for point in points]
    known = [n for n in numbers if isinstance(n, int) and 0 <= n < len(cells)]
    return cells[known[-1]].place if known else None


def _columns(cells: Sequence[HeatCell]) -> Columns:
    """Where each column begins: groups side by side, with a gap between them."""
    places: Columns = {}
    at = 0.0
    for group in distinct(cell.group for cell in cells):
        for column in distinct(cell.column for cell in cells if cell.group == group):
            places[group, column] = at
            at += 1.0
        at += GAP
    return places


def _colour(
    figure: go.Figure, grid: HeatGrid, columns: Columns, lines: Mapping[str, int], theme: Theme
) -> None:
    edges = sorted({edge for start in columns.values() for edge in (start, start + 1.0)})
    place = {start: number for number, start in enumerate(edges)}
    shares: list[list[float | None]] = [[None] * (len(edges) - 1) for _ in lines]
    texts = [[""] * (len(edges) - 1) for _ in lines]
    for cell in grid.cells:
        at = place[columns[cell.group, cell.column]]
        shares[lines[cell.row]][at] = cell.share
        texts[lines[cell.row]][at] = cell.text
    figure.add_heatmap(
        x=edges,
        y=[number - 0.5 for number in range(len(lines) + 1)],
        z=shares,
        text=texts,
        texttemplate="%{text}" if len(columns) <= MOST_WRITTEN else None,
        zmin=0.0,
        zmax=grid.top,
        xgap=1,
        ygap=1,
        colorscale=_scale(theme),
        hoverinfo="skip",
        colorbar={
            "tickformat": ".0%",
            "nticks": 4,
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"color": theme.ink},
        },
    )
    figure.update_yaxes(
        tickvals=list(lines.values()), ticktext=[shortened(name, 28) for name in lines]
    )


def _scale(theme: Theme) -> list[list[Any]]:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    name, (low, high) = (
        (DARK_COLOURS, DARK_RANGE) if theme is DARK else (LIGHT_COLOURS, LIGHT_RANGE)
    )
    steps = [number / (COLOURS - 1) for number in range(COLOURS)]
    return [[step, to_hex(colormaps[name](low + step * (high - low)))] for step in steps]


def _head(figure: go.Figure, columns: Columns, theme: Theme) -> None:
    """Severities above the lines, names of the groups above them."""
    bare = {"showgrid": False, "zeroline": False, "fixedrange": True, "ticks": ""}
    width = max(columns.values(), default=0.0) + 1
    figure.update_xaxes(
        side="top",
        tickvals=[start + 0.5 for start in columns.values()],
        ticktext=[_short(column) if len(columns) > MOST_NAMED else column for _, column in columns],
        tickangle=0,
        range=[0, width],
        **bare,
    )
    lines = len(figure.layout.yaxis.tickvals)
    figure.update_yaxes(range=[lines - 0.5, -0.5], automargin=True, **bare)
    for group in distinct(group for group, _ in columns):
        starts = [start for (name, _), start in columns.items() if name == group]
        figure.add_annotation(
            text=f"<b>{_escaped(shortened(group, max(5, int(LETTERS * len(starts) / width))))}</b>",
            x=(starts[0] + starts[-1] + 1) / 2,
            y=1,
            yref="paper",
            yanchor="bottom",
            yshift=20,
            showarrow=False,
        )
    dressed(
        figure,
        theme,
        height=LINE * max(lines, 4) + HEADER + 12,
        margin={"l": 10, "r": 10, "t": HEADER, "b": 12},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        hoverdistance=-1,
        clickmode="event+select",
    )


def _frame(figure: go.Figure, column: float, line: int, theme: Theme) -> None:
    figure.add_shape(
        type="rect",
        x0=column,
        x1=column + 1,
        y0=line - 0.5,
        y1=line + 0.5,
        line={"color": theme.ink, "width": 2.5},
    )


def _short(column: str) -> str:
    return "0" if column == "clean" else column


def _escaped(name: str) -> str:
    """A name that holds no markup for Plotly."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
