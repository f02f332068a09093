"""Figures of a clip: lanes one above the other on a single time axis, so that they are linked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from numpy import ndarray

from dashboards.images import PlacedImage, colour_scale, relevance_layer, spectrogram_image
from xaudio.audio import Clip
from xaudio.explained import ExplainedClip
from xaudio.reports.elements import Curve, Stretch, Theme
from xaudio.reports.relevance_image import RelevanceImage, relevance_image
from xaudio.reports.spectrogram import spectrogram

GAP = 0.035  # between lanes, as a share of the figure's height
MOST_COLUMNS = 1500  # of a waveform
COLUMN = 0.01  # seconds of a spectrogram's column


@dataclass(frozen=True)
class Lane:
    """One strip of the figure.

    Attributes:
        axis: Its vertical axis: ``y``, ``y2`` ...
        title: What that axis shows, with its unit.
        pixels: Its height.
    """

    axis: str
    title: str
    pixels: int


WAVE = Lane("y", "Amplitude", 90)
SOUND = Lane("y2", "Frequency (kHz)", 250)
RELEVANCE = Lane("y3", "Relevance", 100)
EVIDENCE = Lane("y4", "Evidence", 100)


def clip_figure(clip: Clip, theme: Theme, stretches: Sequence[Stretch] = ()) -> go.Figure:
    """Waveform and spectrogram.

    Args:
        clip: At any rate.
        theme: Colours, for a light or a dark page.
        stretches: Known stretches to mark.
    """
    figure = _with_lanes([WAVE, SOUND], clip.seconds)
    _draw_waveform(figure, clip, theme)
    _draw_spectrogram(figure, clip, "magma")
    _mark(figure, stretches, theme)
    return figure


def explanation_figure(
    explained: ExplainedClip, theme: Theme, stretches: Sequence[Stretch] = ()
) -> go.Figure:
    """Waveform, spectrogram with relevance over it, relevance over time and frame evidence.

    A slider in the figure sets the opacity of the relevance at once, without asking the server.

    Args:
        explained: What is shown.
        theme: Colours, for a light or a dark page.
        stretches: Known stretches to mark.
    """
    evidence = explained.evidence_curve
    lanes = [WAVE, SOUND, RELEVANCE] + [EVIDENCE] * (evidence is not None)
    figure = _with_lanes(lanes, explained.clip.seconds)
    image = relevance_image(explained.explanation)
    _draw_waveform(figure, explained.clip, theme)
    _draw_spectrogram(figure, explained.clip, theme.under_relevance, headroom=30)
    _add_image(figure, relevance_layer(image))
    _add_colour_bar(figure, image, explained.explanation.target)
    _draw_curve(figure, _over_time(explained), RELEVANCE, image.signed, theme)
    if evidence is not None:
        _draw_curve(figure, evidence, EVIDENCE, True, theme)
    _mark(figure, stretches, theme)
    _add_opacity_slider(figure, theme)
    return figure


def envelope(
    samples: Float[ndarray, " time"], most_columns: int = MOST_COLUMNS
) -> tuple[Float[ndarray, " columns"], Float[ndarray, " columns"], int]:
    """Lowest and highest sample of each column, and the samples a column holds.

    What is loud shows, however long the clip is.

    >>> envelope(np.array([0.0, 3.0, -1.0, 2.0, 1.0]), most_columns=3)
    (array([ 0., -1.,  1.]), array([3., 2., 1.]), 2)
    """
    width = max(-(-samples.size // most_columns), 1)
    count = -(-samples.size // width)
    columns = np.pad(samples, (0, count * width - samples.size), mode="edge").reshape(count, width)
    return columns.min(1), columns.max(1), width


def _with_lanes(lanes: Sequence[Lane], seconds: float) -> go.Figure:
    """An empty figure whose lanes share one time axis, with a cursor through all of them."""
    drawn = sum(lane.pixels for lane in lanes)
    height = drawn / (1 - GAP * (len(lanes) - 1))
    figure = go.Figure()
    top = 1.0
    for lane in lanes:
        bottom = max(0.0, top - lane.pixels / height)
        figure.update_layout(
            {
                lane.axis.replace("y", "yaxis"): {
                    "domain": [bottom, top],
                    "title": {"text": lane.title, "standoff": 8},
                    "fixedrange": lane is not SOUND,
                    "showgrid": False,
                    "zeroline": False,
                    "nticks": 5,
                }
            }
        )
        top = bottom - GAP
    figure.update_layout(
        height=round(height) + 130,
        margin={"l": 60, "r": 20, "t": 34, "b": 96},
        showlegend=False,
        hovermode="x unified",
        hoversubplots="axis",
        dragmode="zoom",
        xaxis={
            "range": [0, seconds],
            "minallowed": 0,
            "maxallowed": seconds,
            "anchor": lanes[-1].axis,
            "title": {"text": "Time (s)", "standoff": 6},
            "hoverformat": ".2f",
            "showgrid": False,
            "zeroline": False,
            "showspikes": True,
            "spikemode": "across",
            "spikesnap": "cursor",
            "spikethickness": 1,
            "spikedash": "solid",
        },
    )
    return figure


def _draw_waveform(figure: go.Figure, clip: Clip, theme: Theme) -> None:
    lowest, highest, width = envelope(clip.samples)
    step = width / clip.sample_rate
    for values, fill in ((lowest, None), (highest, "tonexty")):
        figure.add_scatter(
            x0=step / 2,
            dx=step,
            y=values.astype(np.float32),
            fill=fill,
            fillcolor=theme.wave,
            line={"color": theme.wave, "width": 0.6},
            mode="lines",
            hoverinfo="skip",
            yaxis=WAVE.axis,
        )
    loudest = 1.05 * float(np.abs(clip.samples).max())
    figure.update_layout(yaxis={"range": [-loudest, loudest]})


def _draw_spectrogram(figure: go.Figure, clip: Clip, colours: str, headroom: float = 0.0) -> None:
    sound = spectrogram(clip.samples, clip.sample_rate, hop_seconds=COLUMN, most_columns=1000)
    _add_image(figure, spectrogram_image(sound, colours, headroom))
    highest = clip.sample_rate / 2000
    figure.update_layout(
        yaxis2={"range": [0, highest], "minallowed": 0, "maxallowed": highest, "showgrid": False}
    )
    # An axis is drawn where it has a trace; this one has images, so it gets an empty trace.
    figure.add_scatter(x=[None], y=[None], yaxis=SOUND.axis, hoverinfo="skip")


def _add_image(figure: go.Figure, image: PlacedImage) -> None:
    figure.add_layout_image(
        source=image.source,
        xref="x",
        yref=SOUND.axis,
        x=image.start,
        sizex=image.seconds,
        y=(image.low + image.hertz) / 1000,
        sizey=image.hertz / 1000,
        sizing="stretch",
        layer="below",
    )


def _add_colour_bar(figure: go.Figure, image: RelevanceImage, target: str) -> None:
    """What the colours of the relevance mean, beside the spectrogram."""
    words = ["against", "0", "for"] if image.signed else ["weak", "strong"]
    bottom, top = figure.layout.yaxis2.domain
    figure.add_scatter(
        x=[None],
        y=[None],
        yaxis=SOUND.axis,
        mode="markers",
        hoverinfo="skip",
        marker={
            "color": [0.0],
            "cmin": image.low,
            "cmax": image.limit,
            "colorscale": colour_scale(image),
            "showscale": True,
            "colorbar": {
                "title": {"text": f"Relevance for {target}", "side": "right"},
                "tickvals": list(np.linspace(image.low, image.limit, len(words))),
                "ticktext": words,
                "y": (bottom + top) / 2,
                "len": top - bottom,
                "thickness": 12,
                "outlinewidth": 0,
            },
        },
    )


def _over_time(explained: ExplainedClip) -> Curve:
    step = max(0.02, explained.explanation.seconds / 1000)
    values = explained.explanation.over_time(step).relevance
    return Curve(0.0, step, values, f"Relevance summed over every {1000 * step:.0f} ms")


def _draw_curve(figure: go.Figure, curve: Curve, lane: Lane, signed: bool, theme: Theme) -> None:
    """Steps filled to zero, above and below in their own colours."""
    above = theme.in_favour if signed else theme.strength
    for values, colour in (
        (np.maximum(curve.values, 0), above),
        (np.minimum(curve.values, 0), theme.against),
    ):
        figure.add_scatter(
            x0=curve.start + curve.step / 2,
            dx=curve.step,
            y=values.astype(np.float32),
            mode="lines",
            line={"shape": "hvh", "width": 0, "color": colour},
            fill="tozeroy",
            fillcolor=colour,
            hoverinfo="skip",
            yaxis=lane.axis,
        )
    figure.add_scatter(
        x0=curve.start + curve.step / 2,
        dx=curve.step,
        y=curve.values.astype(np.float32),
        mode="lines",
        line={"width": 0},
        name=lane.title,
        hovertemplate="%{y:.3g}",
        yaxis=lane.axis,
    )
    figure.add_hline(y=0, line={"color": theme.quiet, "width": 1}, xref="x domain", yref=lane.axis)
    _name(figure, curve.name, lane)


def _name(figure: go.Figure, text: str, lane: Lane) -> None:
    top = figure.layout[lane.axis.replace("y", "yaxis")].domain[1]
    figure.add_annotation(
        text=text,
        x=1,
        xref="paper",
        xanchor="right",
        y=top,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        font={"size": 11},
    )


def _mark(figure: go.Figure, stretches: Sequence[Stretch], theme: Theme) -> None:
    for stretch in stretches:
        figure.add_shape(
            type="rect",
            x0=stretch.start,
            x1=stretch.end,
            y0=0,
            y1=1,
            yref="paper",
            line={"color": theme.marked, "width": 1.5, "dash": "dash"},
        )
        figure.add_annotation(
            text=stretch.name,
            x=(stretch.start + stretch.end) / 2,
            y=1,
            yref="paper",
            yanchor="bottom",
            showarrow=False,
            font={"color": theme.marked, "size": 12},
        )


def _add_opacity_slider(figure: go.Figure, theme: Theme) -> None:
    shares = [share / 20 for share in range(21)]
    steps: list[dict[str, Any]] = [
        {
            "method": "relayout",
            "label": f"{share:.0%}",
            "args": [{"images[1].opacity": share}],
        }
        for share in shares
    ]
    figure.update_layout(
        sliders=[
            {
                "steps": steps,
                "active": len(steps) - 1,
                "currentvalue": {"prefix": "Opacity of the relevance: ", "font": {"size": 12}},
                "x": 0,
                "len": 0.35,
                "y": 0,
                "yanchor": "top",
                "pad": {"t": 40},
                "ticklen": 0,
                "minorticklen": 0,
                "font": {"color": "rgba(0,0,0,0)"},
                "bgcolor": theme.quiet,
                "activebgcolor": theme.ink,
                "bordercolor": theme.quiet,
                "borderwidth": 0,
            }
        ]
    )
