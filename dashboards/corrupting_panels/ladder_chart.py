"""The score over severity: a line, its spread over draws, the threshold, and the flip."""

import plotly.graph_objects as go

from dashboards.charts.frame import dressed, pale
from xaudio.reports.elements import Theme
from xaudio.trying import Ladder, Rung

HEIGHT = 330


def ladder_figure(ladder: Ladder, severity: int, theme: Theme) -> go.Figure:
    """The ladder as a figure.

    Args:
        ladder: What is drawn.
        severity: The one that is looked at, which is ringed.
        theme: Colours, for a light or a dark page.
    """
    figure = go.Figure()
    spread = ladder.spread()
    if ladder.repeats > 1:
        across = [each.severity for each in spread]
        figure.add_scatter(
            x=[*across, *reversed(across)],
            y=[*(each.high for each in spread), *(each.low for each in reversed(spread))],
            fill="toself",
            fillcolor=pale(theme.wave, 0.25),
            mode="none",
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[each.severity for each in spread],
        y=[each.middle for each in spread],
        mode="lines",
        line={"color": theme.wave, "width": 1.8},
        hoverinfo="skip",
    )
    _points(figure, ladder, severity, theme)
    _threshold(figure, ladder, theme)
    _flip(figure, ladder, theme)
    _axes(figure, ladder, theme)
    return dressed(
        figure,
        theme,
        height=HEIGHT,
        margin={"l": 60, "r": 16, "t": 24, "b": 44},
        showlegend=False,
        hovermode="closest",
        dragmode=False,
    )


def _points(figure: go.Figure, ladder: Ladder, severity: int, theme: Theme) -> None:
    """Every draw: full where the decision is the clean clip's, open where it flipped."""
    rungs = [rung for rung in ladder.rungs if rung.score is not None]
    figure.add_scatter(
        x=[rung.severity for rung in rungs],
        y=[rung.score for rung in rungs],
        mode="markers",
        marker={
            "color": [theme.in_favour if ladder.flipped(rung) else theme.wave for rung in rungs],
            "symbol": ["x" if ladder.flipped(rung) else "circle" for rung in rungs],
            "size": [11 if rung.severity == severity else 8 for rung in rungs],
            "line": {
                "color": theme.ink,
                "width": [2 if rung.severity == severity else 0 for rung in rungs],
            },
        },
        text=[_told(ladder, rung) for rung in rungs],
        hoverinfo="text",
    )


def _told(ladder: Ladder, rung: Rung) -> str:
    level = ladder.levels[rung.severity - 1] if ladder.levels and rung.severity else ""
    lines = [
        f"severity {rung.severity}" if rung.severity else "clean",
        level,
        f"{rung.score:.2f}: {rung.label}",
        f"draw {rung.repeat}" if ladder.repeats > 1 and rung.severity else "",
    ]
    return "<br>".join(_escaped(line) for line in lines if line)


def _threshold(figure: go.Figure, ladder: Ladder, theme: Theme) -> None:
    figure.add_hline(
        y=ladder.threshold,
        line={"color": theme.ink, "dash": "dash", "width": 1},
        annotation={
            "text": "threshold" if ladder.is_detector else "another label leads below",
            "x": 0.0,
            "xanchor": "left",
            "yanchor": "bottom",
        },
    )


def _flip(figure: go.Figure, ladder: Ladder, theme: Theme) -> None:
    flip = ladder.flip_severity
    if flip is None:
        return
    figure.add_vline(
        x=flip,
        line={"color": theme.in_favour, "dash": "dot", "width": 1.5},
        annotation={"text": "flips", "yanchor": "bottom", "y": 1},
    )


def _axes(figure: go.Figure, ladder: Ladder, theme: Theme) -> None:
    ticks = list(ladder.severities)
    figure.update_xaxes(
        title_text="Severity",
        tickvals=ticks,
        ticktext=["clean" if tick == 0 else str(tick) for tick in ticks],
        range=[min(ticks) - 0.3, max(ticks) + 0.3],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(
        title_text="Score" if ladder.is_detector else "Lead of the clean label",
        gridcolor=pale(theme.ink, 0.12),
        zeroline=False,
        fixedrange=True,
    )


def _escaped(text: str) -> str:
    """Text that holds no markup for Plotly."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
