"""The picture of an explanation: sound, relevance over it and evidence on one time axis."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy import ndarray

from explainers.explanation import Explanation
from xaudio.reports.elements import LIGHT, Curve, Stretch, Theme
from xaudio.reports.envelope import envelope
from xaudio.reports.png import palette_png
from xaudio.reports.relevance_image import (
    RelevanceImage,
    in_time_frequency,
    relevance_image,
    relevance_pixels,
)
from xaudio.reports.spectrogram import Spectrogram, level_range, spectrogram


def explanation_png(
    samples: Float[ndarray, " time"],
    explanation: Explanation,
    title: str = "",
    stretches: Sequence[Stretch] = (),
    evidence: Curve | None = None,
    theme: Theme = LIGHT,
    dots_per_inch: int = 110,
) -> bytes:
    """Waveform, spectrogram, relevance over it, relevance over time and evidence, as a PNG file.

    Args:
        samples: The clip that was explained, at the explanation's rate.
        explanation: What is shown.
        title: A line above.
        stretches: Marked above the waveform and down through all panels.
        evidence: The model's own evidence over time, where it has any.
        theme: `LIGHT` or `DARK`.
        dots_per_inch: 110 gives 1100 pixels of width.
    """
    heights = [1.0, 2.0, 2.0, 1.0] + [0.8] * (evidence is not None)
    figure = Figure(
        figsize=(10, 1.2 * sum(heights) + 0.6), facecolor=theme.paper, layout="constrained"
    )
    canvas = FigureCanvasAgg(figure)
    panels = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights))
    sound = spectrogram(samples, explanation.sample_rate)
    image = relevance_image(explanation)
    _draw_waveform(panels[0], samples, explanation.sample_rate, theme)
    _draw_spectrogram(panels[1], sound, theme, "magma", "Level (dB)")
    _draw_relevance(panels[2], sound, image, _unit(explanation), theme)
    _draw_over_time(panels[3], explanation, theme)
    if evidence is not None:
        _draw_evidence(panels[4], evidence, theme)
    for panel in panels:
        _dress(panel, theme, explanation.seconds)
    _mark(panels, stretches, theme)
    panels[-1].set_xlabel("Time (s)", color=theme.ink)
    if title:
        # Names of files may hold anything; "$" would start a formula.
        figure.suptitle(title.replace("$", r"\$"), color=theme.ink, fontsize=11, x=0.01, ha="left")
    figure.set_dpi(dots_per_inch)
    with warnings.catch_warnings():
        # A name in a script the font lacks is drawn as boxes; that is no news to the user.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas.draw()
    return palette_png(np.asarray(canvas.buffer_rgba()))


def _draw_waveform(
    panel: Axes, samples: Float[ndarray, " time"], sample_rate: int, theme: Theme
) -> None:
    lowest, highest, width = envelope(samples)
    times = (np.arange(lowest.size) + 0.5) * width / sample_rate
    panel.fill_between(
        times, lowest, highest, color=theme.wave, linewidth=0.4, edgecolor=theme.wave
    )
    loudest = float(np.abs(samples).max()) or 1.0
    panel.set_ylim(-1.1 * loudest, 1.1 * loudest)
    panel.set_ylabel("Amplitude")


def _draw_spectrogram(
    panel: Axes, sound: Spectrogram, theme: Theme, colours: str, unit: str
) -> None:
    low, high = level_range(sound)
    drawn = panel.imshow(
        sound.decibels,
        origin="lower",
        aspect="auto",
        extent=_extent(sound.time_edges, sound.frequency_edges),
        cmap=colours,
        vmin=low,
        vmax=high,
        interpolation="nearest",
    )
    panel.set_ylabel("Frequency (kHz)")
    _colour_bar(panel, drawn, unit, theme)


def _draw_relevance(
    panel: Axes, sound: Spectrogram, image: RelevanceImage, unit: str, theme: Theme
) -> None:
    """The spectrogram in grey, with relevance in colour over it."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    low, high = level_range(sound)
    panel.imshow(
        sound.decibels,
        origin="lower",
        aspect="auto",
        extent=_extent(sound.time_edges, sound.frequency_edges),
        cmap=theme.under_relevance,
        vmin=low,
        vmax=high + 30,  # paler than the colours over it
        interpolation="nearest",
    )
    panel.imshow(
        relevance_pixels(image)[::-1],
        origin="lower",
        aspect="auto",
        extent=_extent(image.time_edges, image.frequency_edges),
        interpolation="nearest",
    )
    panel.set_ylabel("Frequency (kHz)")
    _colour_bar(
        panel, ScalarMappable(Normalize(image.low, image.limit), image.colours), unit, theme
    )


def _draw_over_time(panel: Axes, explanation: Explanation, theme: Theme) -> None:
    """Relevance part by part where there are parts of time, else in steps of 20 ms."""
    if explanation.segments is not None and in_time_frequency(explanation) is None:
        _draw_parts(panel, explanation, theme)
        return
    step = max(0.02, explanation.seconds / 1000)
    stretches = explanation.over_time(step)
    assert stretches.segments is not None
    edges = np.append(stretches.segments[:, 0], stretches.segments[-1, 1])
    above = theme.in_favour if explanation.signed else theme.strength
    _fill_steps(panel, stretches.relevance, edges, above, theme)
    panel.set_ylabel("Relevance")
    _name(panel, f"Sum over every {1000 * step:.0f} ms", theme)


def _draw_parts(panel: Axes, explanation: Explanation, theme: Theme) -> None:
    """What every part is worth, with twice its standard error."""
    assert explanation.segments is not None
    starts, ends = explanation.segments[:, 0], explanation.segments[:, 1]
    values, errors = explanation.relevance, explanation.standard_error
    above = theme.in_favour if explanation.signed else theme.strength
    colours = [above if value >= 0 else theme.against for value in values]
    panel.bar(starts, values, ends - starts, align="edge", color=colours, linewidth=0)
    if errors is not None and errors.any():
        centres = (starts + ends) / 2
        panel.errorbar(centres, values, 2 * errors, fmt="none", ecolor=theme.ink, elinewidth=0.7)
    panel.axhline(0, color=theme.quiet, linewidth=0.6)
    panel.set_ylabel("Relevance")
    kind = "part" if errors is None or not errors.any() else "part, with two standard errors"
    _name(panel, f"Of every {kind}", theme)


def _draw_evidence(panel: Axes, evidence: Curve, theme: Theme) -> None:
    edges = evidence.start + evidence.step * np.arange(evidence.values.size + 1)
    _fill_steps(panel, evidence.values, edges, theme.in_favour, theme)
    panel.set_ylabel("Evidence")
    _name(panel, evidence.name, theme)


def _fill_steps(
    panel: Axes,
    values: Float[ndarray, " cells"],
    edges: Float[ndarray, " edges"],
    above: str,
    theme: Theme,
) -> None:
    panel.stairs(np.maximum(values, 0), edges, baseline=0, fill=True, color=above)
    panel.stairs(np.minimum(values, 0), edges, baseline=0, fill=True, color=theme.against)
    panel.axhline(0, color=theme.quiet, linewidth=0.6)


def _name(panel: Axes, text: str, theme: Theme) -> None:
    panel.set_title(text.replace("$", r"\$"), loc="right", fontsize=8, color=theme.ink, pad=3)


def _mark(panels: Sequence[Axes], stretches: Sequence[Stretch], theme: Theme) -> None:
    for stretch in stretches:
        for panel in panels:
            for instant in (stretch.start, stretch.end):
                panel.axvline(instant, color=theme.marked, linewidth=1.2, linestyle=(0, (4, 2)))
        panels[0].axvspan(stretch.start, stretch.end, color=theme.marked, alpha=0.18, linewidth=0)
        panels[0].text(
            (stretch.start + stretch.end) / 2, 1.04, stretch.name.replace("$", r"\$"),
            transform=panels[0].get_xaxis_transform(), ha="center", va="bottom",
            fontsize=8, color=theme.marked, clip_on=False,
        )  # fmt: skip


def _dress(panel: Axes, theme: Theme, seconds: float) -> None:
    panel.set_facecolor(theme.paper)
    panel.ticklabel_format(axis="y", scilimits=(-2, 4))
    panel.yaxis.get_offset_text().set(color=theme.ink, fontsize=7)
    panel.set_xlim(0, seconds)
    panel.tick_params(colors=theme.ink, labelsize=8)
    panel.yaxis.label.set_color(theme.ink)
    panel.yaxis.label.set_fontsize(9)
    for side, spine in panel.spines.items():
        spine.set_color(theme.quiet)
        spine.set_visible(side in ("left", "bottom"))


def _colour_bar(panel: Axes, drawn: Any, unit: str, theme: Theme) -> None:
    bar = panel.figure.colorbar(drawn, ax=panel, pad=0.01, aspect=12)
    bar.ax.ticklabel_format(axis="y", scilimits=(-2, 4))
    bar.set_label(unit, color=theme.ink, fontsize=8)
    bar.ax.yaxis.get_offset_text().set(color=theme.ink, fontsize=7)
    bar.ax.tick_params(colors=theme.ink, labelsize=7)
    bar.outline.set_edgecolor(theme.quiet)


def _extent(
    time_edges: Float[ndarray, " columns"], frequency_edges: Float[ndarray, " rows"]
) -> tuple[float, float, float, float]:
    return (
        float(time_edges[0]),
        float(time_edges[-1]),
        float(frequency_edges[0]) / 1000,
        float(frequency_edges[-1]) / 1000,
    )


def _unit(explanation: Explanation) -> str:
    if explanation.signed:
        return f"Relevance per cell for\n{explanation.target}"
    return "Relevance per cell\n(strength, no sign)"
