"""Figures of a clip: lanes one above the other on a single time axis, so that they are linked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboards.images import PlacedImage, colour_scale, relevance_layer, spectrogram_image
from xaudio.audio import Clip
from xaudio.explained import ExplainedClip
from xaudio.reports.elements import Curve, Stretch, Theme
from xaudio.reports.envelope import envelope
from xaudio.reports.relevance_image import RelevanceImage, relevance_image
from xaudio.reports.spectrogram import spectrogram

HEADER = 28  # pixels above a lane, for its name
MOST_COLUMNS = 1500  # of a waveform
COLUMN = 0.01  # seconds of a spectrogram's column
PALER = 30.0  # dB above the loudest cell, so that the relevance stands out over the spectrogram


@dataclass(frozen=True)
class Lane:
    """One strip of the figure.

    Attributes:
        axis: Its vertical axis: ``y``, ``y2`` ...
        name: What it shows, with its unit; stands above it.
        pixels: Its height.
        short: Its name beside the cursor.
    """

    axis: str
    name: str
    pixels: int
    short: str = ""

    @property
    def layout_key(self) -> str:
        """What the figure's layout calls the axis."""
        return self.axis.replace("y", "yaxis")


WAVE = Lane("y", "Amplitude", 90)
SOUND = Lane("y2", "Frequency (kHz)", 250)


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
    _ink(figure, theme)
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
    curves = [_over_time(explained), *filter(None, [explained.evidence_curve])]
    shorts = ["Relevance", "Evidence"]
    lanes = [
        Lane(f"y{number}", curve.name, 90, short)
        for number, (curve, short) in enumerate(zip(curves, shorts, strict=False), start=3)
    ]
    figure = _with_lanes([WAVE, SOUND, *lanes], explained.clip.seconds)
    image = relevance_image(explained.explanation)
    _draw_waveform(figure, explained.clip, theme)
    _draw_spectrogram(figure, explained.clip, theme.under_relevance, headroom=PALER)
    _add_image(figure, relevance_layer(image))
    _add_colour_bar(figure, image, explained.explanation.target)
    # Evidence always has a direction; relevance only where the method gives it one.
    colours = [theme.in_favour if image.signed else theme.strength, theme.in_favour]
    for curve, lane, colour in zip(curves, lanes, colours, strict=False):
        _draw_curve(figure, curve, lane, colour, theme)
    _mark(figure, stretches, theme)
    _add_opacity_slider(figure, theme)
    _ink(figure, theme)
    return figure


def _with_lanes(lanes: Sequence[Lane], seconds: float) -> go.Figure:
    """An empty figure whose lanes share one time axis, with a cursor through all of them."""
    height = sum(lane.pixels + HEADER for lane in lanes)
    figure = go.Figure()
    top = float(height)
    for lane in lanes:
        bottom = top - HEADER - lane.pixels
        axis = {
            "domain": [bottom / height, (bottom + lane.pixels) / height],
            "fixedrange": lane is not SOUND,
            "showgrid": False,
            "zeroline": False,
            "nticks": 5,
            "exponentformat": "power",
        }
        figure.update_layout({lane.layout_key: axis})
        _write(figure, lane.name, x=0, y=(bottom + lane.pixels) / height, xanchor="left")
        top = bottom
    figure.update_layout(
        height=height + 60,
        margin={"l": 50, "r": 20, "t": 10, "b": 50},
        showlegend=False,
        hovermode="x unified",
        hoversubplots="axis",
        dragmode="zoom",
        xaxis={
            "range": [0, seconds],
            "minallowed": 0,
            "maxallowed": seconds,
            "anchor": lanes[-1].axis,
            "title": {"text": "Time (s)", "standoff": 12},
            "unifiedhovertitle": {"text": "%{x:.2f} s"},
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
    lowest, highest, width = envelope(clip.samples, MOST_COLUMNS)
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


def _draw_curve(figure: go.Figure, curve: Curve, lane: Lane, above: str, theme: Theme) -> None:
    """Steps filled to zero, above and below in their own colours."""
    for values, colour in (
        (np.maximum(curve.values, 0), above),
        (np.minimum(curve.values, 0), theme.against),
    ):
        figure.add_scatter(
            x0=curve.start,
            dx=curve.step,
            y=np.append(values, values[-1:]).astype(np.float32),  # the last step has an end
            mode="lines",
            line={"shape": "hv", "width": 0, "color": colour},
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
        name=lane.short,
        hovertemplate="%{y:.3g}",
        yaxis=lane.axis,
    )
    figure.add_shape(
        type="line",
        xref="x domain",
        x0=0,
        x1=1,
        yref=lane.axis,
        y0=0,
        y1=0,
        line={"color": theme.quiet, "width": 1},
    )


def _ink(figure: go.Figure, theme: Theme) -> None:
    """All letters that have no colour yet, in one that is legible on the page."""
    ink = {"color": theme.ink}
    figure.update_layout(font=ink)
    figure.update_xaxes(tickfont=ink, title_font=ink)
    figure.update_yaxes(tickfont=ink)
    figure.update_annotations(font=ink, selector=lambda note: note.font.color is None)
    figure.update_traces(
        marker_colorbar={"tickfont": ink, "title": {"font": ink}},
        selector=lambda trace: trace.marker.showscale,
    )


def _write(figure: go.Figure, text: str, **place: Any) -> None:
    """A line of small text whose lower edge stands at `y` of the figure."""
    figure.add_annotation(
        {"text": text, "xref": "paper", "yref": "paper", "yanchor": "bottom", "showarrow": False}
        | {"font": {"size": 12}}
        | place
    )


def _mark(figure: go.Figure, stretches: Sequence[Stretch], theme: Theme) -> None:
    top = figure.layout.yaxis.domain[1]
    for stretch in stretches:
        figure.add_shape(
            type="rect",
            x0=stretch.start,
            x1=stretch.end,
            y0=0,
            y1=top,
            yref="paper",
            line={"color": theme.marked, "width": 1.5, "dash": "dash"},
        )
        middle = (stretch.start + stretch.end) / 2
        font = {"color": theme.marked, "size": 12}
        _write(figure, stretch.name, x=middle, xref="x", y=top, font=font)


def _add_opacity_slider(figure: go.Figure, theme: Theme) -> None:
    """Below the figure; it acts in the browser."""
    shares = [share / 20 for share in range(21)]
    slider = {
        "steps": [
            {
                "method": "relayout",
                "label": f"{share:.0%}",
                "args": [{"images[1].opacity": share}],
            }
            for share in shares
        ],
        "active": len(shares) - 1,
        "currentvalue": {
            "prefix": "Opacity of the relevance: ",
            "font": {"size": 12, "color": theme.ink},
        },
        "font": {"color": "rgba(0, 0, 0, 0)"},  # of the steps' labels, which would crowd it
        "x": 0,
        "len": 0.35,
        "y": 0,
        "pad": {"t": 34},
        "ticklen": 0,
        "minorticklen": 0,
        "bgcolor": theme.quiet,
        "activebgcolor": theme.ink,
        "bordercolor": theme.quiet,
    }
    figure.update_layout(
        sliders=[slider],
        height=figure.layout.height + 60,
        margin={"b": 110},
    )
