"""Relevance over time before and after something happened to a clip, on one time axis."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy import ndarray

from xaudio.reports.elements import LIGHT, Theme
from xaudio.reports.png import palette_png


def two_explanations_png(
    samples: Float[ndarray, " time"],
    sample_rate: int,
    edges: Float[ndarray, " edges"],
    maps: Mapping[str, Float[ndarray, " cells"]],
    title: str = "",
    theme: Theme = LIGHT,
) -> bytes:
    """The waveform and below it each map, all on one scale, as a PNG file.

    Args:
        samples: The clip.
        sample_rate: In hertz.
        edges: Of the maps' cells, in seconds.
        maps: Relevance by what is written beside it, two or more.
        title: A line above.
        theme: `LIGHT` or `DARK`.
    """
    rows = 1 + len(maps)
    figure = Figure(figsize=(10, 1.3 * rows + 0.6), facecolor=theme.paper, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = list(figure.subplots(rows, 1, sharex=True))
    times = np.arange(len(samples)) / sample_rate
    panels[0].plot(times, samples, color=theme.wave, linewidth=0.4)
    panels[0].set_ylabel("Sound")
    highest = max(float(np.abs(each).max(initial=0)) for each in maps.values()) or 1.0
    for panel, (name, relevance) in zip(panels[1:], maps.items(), strict=True):
        above, below = np.maximum(relevance, 0), np.minimum(relevance, 0)
        panel.stairs(above, edges, baseline=0, fill=True, color=theme.in_favour)
        panel.stairs(below, edges, baseline=0, fill=True, color=theme.against)
        panel.set_ylim(-highest if (relevance < 0).any() else 0, highest)
        panel.set_ylabel(name)
    for panel in panels:
        panel.set_facecolor(theme.paper)
        panel.set_xlim(0, edges[-1])
        panel.tick_params(colors=theme.ink, labelsize=8)
        panel.yaxis.label.set_color(theme.ink)
        panel.ticklabel_format(axis="y", scilimits=(-2, 4))
        for spine in panel.spines.values():
            spine.set_color(theme.quiet)
    panels[-1].set_xlabel("Time (s)", color=theme.ink)
    if title:
        # Names of files may hold anything; "$" would start a formula.
        figure.suptitle(title.replace("$", r"\$"), color=theme.ink, fontsize=11, x=0.01, ha="left")
    figure.set_dpi(110)
    canvas.draw()
    return palette_png(np.asarray(canvas.buffer_rgba()))
