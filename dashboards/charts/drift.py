"""How far explanations move beside how far scores move: a point per condition."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboards.charts.frame import SYMBOLS, dressed, pale
from xaudio.reports.charts import Row, distinct
from xaudio.reports.drift_figures import LEVELS
from xaudio.reports.elements import Theme
from xaudio.sweep_views.drifts import DriftPoint, level_of

HEIGHT = 420
DASHES = {"chance": "dash", "randomised_model": "dot"}


def drift_figure(
    points: Sequence[DriftPoint],
    rows: Sequence[Row],
    styles: Mapping[str, Mapping[str, Any]],
    theme: Theme,
) -> go.Figure:
    """Explanation drift over score drift with 95 % intervals.

    Full where the decision was kept, open where it flipped; a larger point is a harsher severity.

    Args:
        points: Of one model and method.
        rows: Those they were made from, for the levels of chance.
        styles: Colour and marker of each corruption.
        theme: Colours, for a light or a dark page.
    """
    figure = go.Figure()
    for corruption in distinct(point.corruption for point in points):
        for decision in ("kept", "flipped"):
            own = [p for p in points if p.corruption == corruption and p.decision == decision]
            if own:
                _draw(figure, corruption, own, styles[corruption])
    for column, (name, _) in LEVELS.items():
        level = level_of(rows, column)
        if level is not None:
            figure.add_hline(
                y=level,
                line={"color": theme.ink, "dash": DASHES[column], "width": 1},
                annotation={"text": name, "xanchor": "right", "yanchor": "bottom"},
            )
    grid = {"gridcolor": pale(theme.ink, 0.12), "zeroline": False, "fixedrange": True}
    figure.update_xaxes(title_text="Score drift (SD of clean scores)", **grid)
    figure.update_yaxes(title_text="Explanation drift", **grid)
    return dressed(
        figure,
        theme,
        height=HEIGHT,
        margin={"l": 60, "r": 10, "t": 80, "b": 50},
        hovermode="closest",
        dragmode=False,
    )


def _draw(
    figure: go.Figure, corruption: str, points: Sequence[DriftPoint], style: Mapping[str, Any]
) -> None:
    flipped = points[0].decision == "flipped"
    symbol = f"{SYMBOLS[style['marker']]}{'-open' if flipped else ''}"
    figure.add_scatter(
        x=[point.score for point in points],
        y=[point.explanation for point in points],
        error_x=_whiskers([point.score_ends for point in points], style["color"]),
        error_y=_whiskers([point.explanation_ends for point in points], style["color"]),
        mode="markers",
        marker={
            "color": style["color"],
            "symbol": symbol,
            "size": [6 + 1.5 * point.severity for point in points],
        },
        text=[point.said for point in points],
        hoverinfo="text",
        name=f"{corruption}, flipped" if flipped else corruption,
        legendgroup=corruption,
    )


def _whiskers(ends: Sequence[tuple[float, float]], colour: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "arrayminus": [below for below, _ in ends],
        "array": [above for _, above in ends],
        "thickness": 1,
        "width": 0,
        "color": pale(colour, 0.5),
    }
