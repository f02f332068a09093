"""Curves over severity with their bands: a panel per corruption, a line per model."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboards.charts.frame import SYMBOLS, dressed, pale
from xaudio.reports.charts import distinct, shortened
from xaudio.reports.elements import Theme
from xaudio.sweep_views.curves import SeverityCurve

COLUMNS = 4
PANEL = 200  # pixels
BAND = 0.16

Styles = Mapping[str, Mapping[str, Any]]


def severity_figure(
    curves: Sequence[SeverityCurve],
    styles: Styles,
    theme: Theme,
    *,
    unit: str,
    name: str,
    level: float | None = None,
) -> go.Figure:
    """Small multiples on common scales.

    Args:
        curves: What is drawn; of a model's lines the second and later ones are dashed.
        styles: Colour and marker of each model, as `xaudio.reports.charts.named_styles` has them.
        theme: Colours, for a light or a dark page.
        unit: Stands behind every value.
        name: What stands beside the vertical axes.
        level: Where a dotted line is drawn across all panels; nowhere if None.
    """
    from plotly.subplots import make_subplots

    corruptions = distinct(curve.corruption for curve in curves)
    columns = min(COLUMNS, max(2, len(corruptions)))
    lines = -(-len(corruptions) // columns)
    height = PANEL * lines + 80
    figure = make_subplots(
        lines,
        columns,
        shared_xaxes="all",
        shared_yaxes="all",
        subplot_titles=[shortened(corruption, 28) for corruption in corruptions],
        horizontal_spacing=0.025,
        vertical_spacing=min(0.5 / lines, 58 / height),
    )
    names = distinct(curve.name for curve in curves)
    for curve in curves:
        place = corruptions.index(curve.corruption)
        cell = {"row": place // columns + 1, "col": place % columns + 1}
        style = styles[curve.model]
        number = names.index(curve.name)
        if number == 0:  # two bands of a model would hide each other
            _band(figure, curve, style["color"], cell)
        _line(figure, curve, style, number, unit, cell)
    _keys(figure, distinct(curve.model for curve in curves), names, styles, theme)
    if level is not None:
        figure.add_hline(y=level, line={"color": theme.quiet, "dash": "dot", "width": 1})
    _axes(figure, curves, name, theme)
    return dressed(
        figure,
        theme,
        height=height,
        margin={"l": 60, "r": 10, "t": 80, "b": 40},
        hovermode="closest",
        dragmode=False,
    )


def _band(figure: go.Figure, curve: SeverityCurve, colour: str, cell: Mapping[str, int]) -> None:
    there = curve.banded
    if len(there) < 2:
        return
    across = [curve.severities[at] for at in there]
    figure.add_scatter(
        x=[*across, *reversed(across)],
        y=[*(curve.low[at] for at in there), *(curve.high[at] for at in reversed(there))],
        fill="toself",
        fillcolor=pale(colour, BAND),
        mode="none",
        hoverinfo="skip",
        showlegend=False,
        legendgroup=curve.model,
        **cell,
    )


def _line(
    figure: go.Figure,
    curve: SeverityCurve,
    style: Mapping[str, Any],
    number: int,
    unit: str,
    cell: Mapping[str, int],
) -> None:
    hollow = {"symbol": f"{SYMBOLS[style['marker']]}{'-open' if number else ''}", "size": 6}
    figure.add_scatter(
        x=list(curve.severities),
        y=list(curve.values),
        mode="lines+markers",
        line={"color": style["color"], "width": 1.8, "dash": "dash" if number else "solid"},
        marker={"color": style["color"], **hollow},
        text=curve.said(unit),
        name=curve.model,
        hovertemplate=f"%{{text}}<extra>{_escaped(curve.model)}</extra>",
        showlegend=False,
        legendgroup=curve.model,
        **cell,
    )


def _keys(
    figure: go.Figure,
    models: Sequence[str],
    names: Sequence[str],
    styles: Styles,
    theme: Theme,
) -> None:
    """A legend: the models, and where they have several lines each what these are."""
    for model in models:
        style = styles[model]
        marker = {"color": style["color"], "symbol": SYMBOLS[style["marker"]], "size": 7}
        line = {"color": style["color"], "width": 1.8}
        _key(figure, shortened(model), {"line": line, "marker": marker, "legendgroup": model})
    for number, name in enumerate(names if len(names) > 1 else ()):
        line = {"color": theme.ink, "width": 1.5, "dash": "dash" if number else "solid"}
        _key(figure, name, {"line": line, "mode": "lines", "hoverinfo": "skip"})


def _key(figure: go.Figure, name: str, look: Mapping[str, Any]) -> None:
    figure.add_scatter(x=[None], y=[None], name=name, showlegend=True, **look)


def _axes(figure: go.Figure, curves: Sequence[SeverityCurve], name: str, theme: Theme) -> None:
    ticks = sorted({severity for curve in curves for severity in curve.severities})
    figure.update_xaxes(
        tickvals=ticks,
        ticktext=["clean" if tick == 0 else str(tick) for tick in ticks],
        showticklabels=True,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        showline=True,
    )
    figure.update_yaxes(
        gridcolor=pale(theme.ink, 0.12),
        zeroline=False,
        fixedrange=True,
        rangemode="tozero" if all(min(curve.values) >= 0 for curve in curves) else "normal",
    )
    figure.update_yaxes(title_text=name, col=1)


def _escaped(name: str) -> str:
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
