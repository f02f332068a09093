"""What all charts share: no paper of their own, legible letters, the reports' colours and marks."""

from typing import Any

import plotly.graph_objects as go

from xaudio.reports.charts import MARKERS
from xaudio.reports.elements import Theme

CONFIG = {"displaylogo": False, "displayModeBar": False}
SYMBOLS = dict(
    zip(
        MARKERS,
        ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x"),
        strict=True,
    )
)
SMALL = 12


def dressed(figure: go.Figure, theme: Theme, **layout: Any) -> go.Figure:
    """The figure in the page's colours.

    Args:
        figure: Drawn.
        theme: Of the page.
        layout: What else its layout says.
    """
    ink = {"color": theme.ink, "size": SMALL}
    figure.update_layout(
        font=ink,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={
            "bgcolor": theme.paper,
            "bordercolor": theme.quiet,
            "font": ink,
            "align": "left",
        },
        legend={"orientation": "h", "yanchor": "top", "y": 1, "yref": "container", "x": 0},
    )
    figure.update_xaxes(tickfont=ink, title_font=ink, linecolor=theme.quiet)
    figure.update_yaxes(tickfont=ink, title_font=ink, linecolor=theme.quiet)
    figure.update_annotations(font=ink)
    figure.update_layout(**layout)
    return figure


def pale(colour: str, strength: float) -> str:
    """A colour through which one sees.

    >>> pale("#0072b2", 0.2)
    'rgba(0,114,178,0.2)'
    """
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({','.join(map(str, parts))},{strength})"
