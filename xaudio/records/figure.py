"""The figure of a case for a document: sound and relevance on one time axis, as SVG or PNG."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from explainers.explanation import Explanation
from xaudio.explained import ExplainedClip
from xaudio.reports.charts import INK, chart_style
from xaudio.reports.elements import LIGHT, Stretch
from xaudio.reports.envelope import envelope
from xaudio.reports.relevance_image import RelevanceImage, relevance_image, relevance_pixels
from xaudio.reports.spectrogram import Spectrogram, level_range, spectrogram

SIZE = (7.0, 5.2)  # inches
HEIGHTS = (1.0, 2.0, 2.0, 1.0)
HEADROOM = 30.0  # dB: the spectrogram below relevance is paler
STEP = 0.02


def case_figure(explained: ExplainedClip, stretches: Sequence[Stretch] = ()) -> Figure:
    """Waveform, spectrogram, relevance over it and relevance over time.

    Args:
        explained: What is shown; its relevance lies on parts of the clip.
        stretches: Known stretches to mark.
    """
    explanation, clip = explained.explanation, explained.clip
    sound = spectrogram(clip.samples, clip.sample_rate)
    with chart_style("case"):
        figure = Figure(figsize=SIZE, layout="constrained")
        wave, level, over, curve = figure.subplots(4, 1, sharex=True, height_ratios=HEIGHTS)
        _wave(wave, clip.samples, clip.sample_rate)
        _sound(level, sound, "magma", 0.0)
        _sound(over, sound, "gray_r", HEADROOM)
        _relevance(over, relevance_image(explanation))
        _over_time(curve, explanation)
        for stretch in stretches:
            wave.axvspan(stretch.start, stretch.end, color=LIGHT.marked, alpha=0.2, linewidth=0)
            _name(wave, (stretch.start + stretch.end) / 2, stretch.name)
        curve.set_xlim(0, explanation.seconds)
        curve.set_xlabel("Time (s)")
        title = f"{clip.name}: {explained.decision.label}; {explanation.method}, "
        wave.set_title(f"{title}{explanation.target}", parse_math=False)
    return figure


def _wave(panel: Axes, samples: np.ndarray, sample_rate: int) -> None:
    lowest, highest, width = envelope(samples)
    times = (np.arange(lowest.size) + 0.5) * width / sample_rate
    panel.fill_between(times, lowest, highest, color=INK, alpha=0.7, linewidth=0.3)
    panel.set_ylabel("Amplitude")


def _sound(panel: Axes, sound: Spectrogram, colours: str, headroom: float) -> None:
    low, high = level_range(sound)
    extent = _extent(sound.time_edges, sound.frequency_edges)
    panel.imshow(
        sound.decibels,
        origin="lower",
        aspect="auto",
        extent=extent,
        cmap=colours,
        vmin=low,
        vmax=high + headroom,
        interpolation="nearest",
    )
    panel.set_ylabel("Frequency (kHz)")


def _relevance(panel: Axes, image: RelevanceImage) -> None:
    panel.imshow(
        relevance_pixels(image)[::-1],
        origin="lower",
        aspect="auto",
        extent=_extent(image.time_edges, image.frequency_edges),
        interpolation="nearest",
    )


def _over_time(panel: Axes, explanation: Explanation) -> None:
    stretches = explanation.over_time(max(STEP, explanation.seconds / 1000))
    assert stretches.segments is not None
    edges = np.append(stretches.segments[:, 0], stretches.segments[-1, 1])
    above = LIGHT.in_favour if explanation.signed else LIGHT.strength
    panel.stairs(np.maximum(stretches.relevance, 0), edges, baseline=0, fill=True, color=above)
    panel.stairs(
        np.minimum(stretches.relevance, 0), edges, baseline=0, fill=True, color=LIGHT.against
    )
    panel.axhline(0, color=INK, linewidth=0.6, alpha=0.4)
    panel.ticklabel_format(axis="y", scilimits=(-2, 4))
    panel.set_ylabel("Relevance")


def _name(panel: Axes, place: float, text: str) -> None:
    panel.text(
        place, 0.98, text, transform=panel.get_xaxis_transform(), ha="center", va="top",
        fontsize=7, color=LIGHT.marked, clip_on=True, parse_math=False,
    )  # fmt: skip


def _extent(times: Any, frequencies: Any) -> tuple[float, float, float, float]:
    ends = (times[0], times[-1], frequencies[0] / 1000, frequencies[-1] / 1000)
    return tuple(map(float, ends))  # type: ignore[return-value]
