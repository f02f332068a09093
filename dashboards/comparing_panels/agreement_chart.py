"""The agreement matrix as a heat map to click: a number in each cell, in brackets if by chance."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from dashboards.charts.frame import SMALL, dressed
from xaudio.comparing import Agreement, Comparison
from xaudio.reports.charts import shortened
from xaudio.reports.elements import Theme

CELL, MARGIN = 46, 130  # pixels
NAME = 30  # characters of a name that fit beside the cells
STRONG = 0.6  # above, a cell is nearer to its full colour than to the page's


def agreement_figure(
    comparison: Comparison, chosen: tuple[str, str] | None, theme: Theme
) -> go.Figure:
    """The matrix as a figure; its one selectable trace has a point per cell, row by row.

    Args:
        comparison: What is drawn.
        chosen: The pair that is framed.
        theme: Colours, for a light or a dark page.
    """
    names = comparison.names
    count = len(names)
    figure = go.Figure()
    figure.add_heatmap(
        z=[[each.value for each in row] for row in comparison.agreements],
        zmin=-1.0,
        zmax=1.0,
        zmid=0.0,
        colorscale=[[0.0, theme.against], [0.5, theme.paper], [1.0, theme.in_favour]],
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        colorbar={
            "title": {"text": "Rank correlation", "side": "right", "font": {"color": theme.ink}},
            "tickvals": [-1, -0.5, 0, 0.5, 1],
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"color": theme.ink},
        },
    )
    figure.add_scatter(
        x=[column for _ in names for column in range(count)],
        y=[row for row in range(count) for _ in names],
        mode="markers",
        marker={"size": CELL - 6, "symbol": "square", "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hovertext=[_told(comparison, one, other) for one in names for other in names],
        hoverinfo="text",
    )
    _frame(figure, comparison, chosen, theme)
    shown = [_escaped(shortened(name, NAME)) for name in names]
    bare = {
        "tickvals": list(range(count)),
        "ticktext": shown,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }
    figure.update_xaxes(range=[-0.5, count - 0.5], tickangle=-30, **bare)
    figure.update_yaxes(range=[count - 0.5, -0.5], automargin=True, **bare)
    dressed(
        figure,
        theme,
        height=CELL * max(count, 3) + MARGIN,
        margin={"l": 10, "r": 10, "t": 16, "b": 90},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        clickmode="event+select",
    )
    _write(figure, comparison, theme)
    return figure


def clicked_pair(event: Mapping[str, Any] | None, comparison: Comparison) -> tuple[str, str] | None:
    """The names of the cell that was clicked; None where none was, or one of the diagonal.

    Args:
        event: What Streamlit tells of a selection.
        comparison: What was drawn.
    """
    points = ((event or {}).get("selection") or {}).get("points") or []
    count = len(comparison.names)
    numbers = [point.get("point_index") for point in points]
    known = [number for number in numbers if isinstance(number, int) and 0 <= number < count**2]
    if not known or known[-1] // count == known[-1] % count:
        return None
    return comparison.names[known[-1] // count], comparison.names[known[-1] % count]


def cell_text(agreement: Agreement) -> str:
    """The value; in brackets where it is no better than chance, a dash where there is none.

    >>> cell_text(Agreement(0.5, chance=0.2)), cell_text(Agreement(0.1, chance=0.2))
    ('0.50', '(0.10)')
    """
    if agreement.value is None:
        return "–"
    text = f"{agreement.value:.2f}"
    return f"({text})" if agreement.chance is not None and not agreement.beats_chance else text


def _write(figure: go.Figure, comparison: Comparison, theme: Theme) -> None:
    """Every value, in letters that are legible on its colour."""
    for row, agreements in enumerate(comparison.agreements):
        for column, agreement in enumerate(agreements):
            strong = abs(agreement.value or 0.0) > STRONG
            figure.add_annotation(
                x=column,
                y=row,
                text=cell_text(agreement),
                showarrow=False,
                captureevents=False,
                font={"size": SMALL, "color": theme.paper if strong else theme.ink},
            )


def _told(comparison: Comparison, one: str, other: str) -> str:
    agreement = comparison.agreement(one, other)
    if one == other:
        return _escaped(one)
    lines = [f"{one} and {other}"]
    if agreement.value is None:
        lines.append(str(agreement.problem))
    else:
        lines.append(f"agree by {agreement.value:.2f}, {_signs(agreement)}")
        if agreement.low is not None:
            lines.append(f"95 % interval {agreement.low:.2f} to {agreement.high:.2f}")
        if agreement.chance is not None:
            lines.append(f"by chance below {agreement.chance:.2f} in 19 of 20")
    return "<br>".join(_escaped(line) for line in lines)


def _signs(agreement: Agreement) -> str:
    return "signs compared" if agreement.signed else "strengths compared"


def _frame(
    figure: go.Figure, comparison: Comparison, chosen: tuple[str, str] | None, theme: Theme
) -> None:
    """Both cells of the pair, which say the same."""
    if chosen is None or not set(chosen) <= set(comparison.names):
        return
    places = [comparison.names.index(name) for name in chosen]
    for row, column in (places, reversed(places)):
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": theme.ink, "width": 2.5},
        )


def _escaped(text: str) -> str:
    """Text that holds no markup for Plotly."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
