"""The score of every window of a recording over time."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from dashboards.charts.frame import dressed
from xaudio.long_recordings import WindowScores
from xaudio.long_recordings.clock import clock
from xaudio.reports.elements import Theme

HEIGHT = 220  # pixels


def window_chart(scores: WindowScores, theme: Theme) -> go.Figure:
    """A point for each window with a score, coloured by its label; the threshold as a line.

    Args:
        scores: Of the windows.
        theme: Colours, for a light or a dark page.
    """
    rows = scores.table.to_pylist()
    figure = go.Figure()
    colours = [theme.in_favour, theme.against, theme.strength, theme.wave]
    ordered = sorted(scores.labels, key=lambda label: label == "bonafide")
    for place, label in enumerate(ordered):
        found = [(number, row) for number, row in enumerate(rows) if row["label"] == label]
        figure.add_scatter(
            x=[(row["start"] + row["end"]) / 2 for _, row in found],
            y=[row["score"] for _, row in found],
            customdata=[number for number, _ in found],
            text=[f"{clock(row['start'])} to {clock(row['end'])}" for _, row in found],
            mode="markers",
            marker={"color": colours[place % len(colours)], "size": 7},
            name=label,
            hovertemplate="%{text}: %{y:.2f}",
        )
    if scores.threshold is not None:
        figure.add_hline(scores.threshold, line={"color": theme.quiet, "dash": "dash", "width": 1})
    return dressed(
        figure,
        theme,
        height=HEIGHT,
        margin={"l": 60, "r": 10, "t": 30, "b": 50},
        xaxis_title="Time (s)",
        yaxis_title="Score",
    )


def clicked_window(scores: WindowScores, event: Mapping[str, Any]) -> tuple[float, float] | None:
    """From when to when the window lasts that was clicked; None where none was."""
    points = event["selection"]["points"]
    if not points:
        return None
    row = scores.table.slice(int(points[0]["customdata"]), 1).to_pylist()[0]
    return row["start"], row["end"]
