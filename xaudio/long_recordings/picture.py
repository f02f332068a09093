"""The windows' scores over time as a chart, with relevance and level below."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from explainers.projection import regrid
from xaudio.long_recordings.clock import clock
from xaudio.long_recordings.explaining import ExplainedRecording
from xaudio.long_recordings.window_scores import WindowScores
from xaudio.reports.charts import COLOURS, DASHES, INK, chart_style

INCHES = 10.0
MOST_COLUMNS = 900  # of relevance
TICKS = (0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0)  # seconds
MOST_TICKS = 10
SPEECH, REMARKED = COLOURS[0], "#8a929b"
FOR, AGAINST = "#b40426", "#3b4cc0"


def scores_chart(scores: WindowScores, relevance: ExplainedRecording | None = None) -> Figure:
    """Score of every window over time, relevance where there is one, and level.

    Args:
        scores: What is shown.
        relevance: Of the same recording.
    """
    heights = [2.0, *([1.2] if relevance is not None else []), 0.8]
    with chart_style("scores"):
        figure = Figure(figsize=(INCHES, sum(heights) + 0.7), layout="constrained")
        panels = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights))
        _draw_scores(panels[0], scores)
        if relevance is not None:
            _draw_relevance(panels[1], relevance)
        _draw_level(panels[-1], scores)
        for panel in panels:
            panel.grid(axis="y", alpha=0.15)
            panel.set_xlim(0, scores.seconds)
        panels[-1].xaxis.set_major_locator(MultipleLocator(_tick(scores.seconds)))
        panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda at, _: clock(max(at, 0.0))))
        panels[-1].set_xlabel("Time")
    return figure


def _tick(seconds: float) -> float:
    """A round time between two ticks, of which at most ten fit."""
    return next((tick for tick in TICKS if seconds / tick <= MOST_TICKS), TICKS[-1])


def _draw_scores(panel: Axes, scores: WindowScores) -> None:
    values = scores.table["score"].to_numpy()
    centres = (scores.edges[:-1] + scores.edges[1:]) / 2
    remarked = np.array([said is not None for said in scores.table["remark"].to_pylist()])
    panel.stairs(values, scores.edges, baseline=None, color=SPEECH, linewidth=0.9)
    panel.plot(centres[remarked], values[remarked], ".", color=REMARKED, markersize=3.5)
    if scores.threshold is not None:
        panel.axhline(scores.threshold, color=INK, linewidth=0.9, linestyle=DASHES)
    panel.set_ylabel("Score")
    panel.set_title("Score of each window; grey dots: does not sound like speech")


def _draw_relevance(panel: Axes, relevance: ExplainedRecording) -> None:
    edges = relevance.edges
    coarse = np.linspace(0.0, edges[-1], min(MOST_COLUMNS, len(edges) - 1) + 1)
    values = regrid(relevance.explanation.relevance[0], edges, coarse)
    panel.stairs(np.maximum(values, 0), coarse, baseline=0, fill=True, color=FOR)
    panel.stairs(np.minimum(values, 0), coarse, baseline=0, fill=True, color=AGAINST)
    panel.set_ylabel("Relevance")
    panel.set_title(
        f"Relevance for {relevance.explanation.target}, summed over every "
        f"{coarse[1] - coarse[0]:.2g} s",
        parse_math=False,
    )


def _draw_level(panel: Axes, scores: WindowScores) -> None:
    levels = scores.table["level_db"].to_numpy()
    panel.stairs(levels, scores.edges, baseline=None, color=INK, linewidth=0.8)
    panel.set_ylabel("dB")
    panel.set_title("Level")
