"""The picture of a voice's response curves: the score over every property that was changed."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy import ndarray

from explainers.explanation import Explanation
from explainers.voice.curves import ResponseCurve
from explainers.voice.explainer import curves_of
from xaudio.reports.elements import LIGHT, Theme
from xaudio.reports.png import palette_png

COLUMNS = 3
FLIPS_TOLD = 3
BEYOND = 0.15
"""How far behind the last value an infinite neutral value is drawn, as a share of the axis."""


def response_curves_png(
    explanation: Explanation, title: str = "", theme: Theme = LIGHT, dots_per_inch: int = 110
) -> bytes:
    """One panel per property with its curve, its neutral value and its flips, as a PNG file.

    The axes of the score have one scale but not one middle: a vocoder alone can move a detector
    further than any change does. Where the neutral value is infinite (no noise at all) the axis of
    the values runs the other way, so that the changes grow away from it.

    Args:
        explanation: By the method ``voice``.
        title: A line above.
        theme: `LIGHT` or `DARK`.
        dots_per_inch: 110 gives 1100 pixels of width.

    Raises:
        ExplanationError: The explanation has no response curves.
    """
    curves = curves_of(explanation)
    threshold = float(explanation.provenance["settings"]["threshold"])
    rows = -(-len(curves) // COLUMNS)
    figure = Figure(figsize=(10, 2.5 * rows + 0.8), facecolor=theme.paper, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    figure.get_layout_engine().set(hspace=0.06, wspace=0.04)  # type: ignore[union-attr, call-arg]
    panels = list(figure.subplots(rows, COLUMNS, squeeze=False).ravel())
    for panel in panels[len(curves) :]:
        panel.set_visible(False)
    for panel, curve, limits in zip(panels, curves, _limits(curves, threshold), strict=False):
        _draw(panel, curve, threshold, theme)
        _dress(panel, curve, threshold, theme)
        panel.set_ylim(*limits)
    for panel in panels[: len(curves) : COLUMNS]:
        panel.set_ylabel(f"Score:\n{explanation.target}", color=theme.ink, fontsize=9)
        panel.yaxis.label.set_parse_math(False)
    _legend(figure, curves, threshold, theme)
    if title:
        named = figure.suptitle(title, color=theme.ink, fontsize=11, x=0.01, ha="left")
        named.set_parse_math(False)
    figure.set_dpi(dots_per_inch)
    with warnings.catch_warnings():
        # A name in a script the font lacks is drawn as boxes; that is no news to the user.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas.draw()
    return palette_png(np.asarray(canvas.buffer_rgba()))


def _draw(panel: Axes, curve: ResponseCurve, threshold: float, theme: Theme) -> None:
    values, scores = curve.points()
    places = _places(values)
    spread = _spread(curve)
    neutral = float(places[values == curve.neutral_value][0])
    panel.axvline(neutral, color=theme.quiet, linewidth=0.8)
    panel.axhline(curve.clip_score, **_clip_mark(theme))
    panel.axhline(threshold, **_threshold_mark(theme))
    if spread.any():
        panel.fill_between(
            places, scores - spread, scores + spread, color=theme.strength, alpha=0.3, linewidth=0
        )
    panel.plot(places, scores, **_curve_mark(theme))
    panel.plot(neutral, curve.neutral_score, **_neutral_mark(theme))
    for flip in curve.flips(threshold):
        panel.plot(flip, threshold, **_flip_mark(theme))


def _dress(panel: Axes, curve: ResponseCurve, threshold: float, theme: Theme) -> None:
    panel.set_facecolor(theme.paper)
    name = panel.set_title(
        curve.name.capitalize(), loc="left", fontsize=10, color=theme.ink, pad=17
    )
    panel.set_title(_processed(curve), loc="right", fontsize=8, color=theme.ink, pad=17)
    said = panel.annotate(
        _said(curve, threshold), (0, 1), xytext=(0, 4), xycoords="axes fraction",
        textcoords="offset points", fontsize=8, color=theme.ink, va="bottom",
    )  # fmt: skip
    panel.set_xlabel(curve.unit, color=theme.ink, fontsize=8, labelpad=2)
    for text in (name, said, panel.xaxis.label):
        text.set_parse_math(False)
    panel.tick_params(colors=theme.ink, labelsize=8)
    panel.ticklabel_format(axis="y", scilimits=(-2, 4))
    panel.yaxis.get_offset_text().set(color=theme.ink, fontsize=7)
    for side, spine in panel.spines.items():
        spine.set_color(theme.quiet)
        spine.set_visible(side in ("left", "bottom"))
    if not math.isfinite(curve.neutral_value):
        _axis_from_infinity(panel, curve)


def _axis_from_infinity(panel: Axes, curve: ResponseCurve) -> None:
    """The neutral value on the left, named, and the changes growing to the right."""
    low, high = float(curve.values[0]), float(curve.values[-1])
    room = 0.05 * (high - low)
    ticks = [
        float(tick)
        for tick in MaxNLocator(4).tick_values(low, high)
        if low - room <= tick <= high + room
    ]
    beyond = float(_places(curve.points()[0])[-1])
    panel.set_xticks([*ticks, beyond], [*(f"{tick:g}" for tick in ticks), "none"])
    panel.invert_xaxis()


def _legend(
    figure: Figure, curves: Sequence[ResponseCurve], threshold: float, theme: Theme
) -> None:
    """Only what is in the picture."""
    handles: list[Line2D | Patch] = [
        Line2D([], [], label="changed clips", **_curve_mark(theme)),
        Line2D([], [], label="neutral value", **_neutral_mark(theme)),
        Line2D([], [], label="the clip itself", **_clip_mark(theme)),
        Line2D([], [], label="threshold", **_threshold_mark(theme)),
    ]
    if any(curve.flips(threshold) for curve in curves):
        handles.append(Line2D([], [], label="decision flips", **_flip_mark(theme)))
    if any(curve.standard_errors.any() for curve in curves):
        handles.append(Patch(color=theme.strength, alpha=0.3, label="± 1 standard error"))
    figure.legend(
        handles=handles, loc="outside lower left", ncols=6, frameon=False, fontsize=8,
        labelcolor=theme.ink, handlelength=1.6, columnspacing=1.4,
    )  # fmt: skip


def _said(curve: ResponseCurve, threshold: float) -> str:
    """The summary under the name: what the property weighs, and where the decision flips."""
    error = f" ± {curve.standard_error:.2g}" if curve.standard_error else ""
    flips = [f"{flip:.3g}" for flip in curve.flips(threshold)]
    told = [*flips[:FLIPS_TOLD], "…"] if len(flips) > FLIPS_TOLD else flips
    where = f", flips at {', '.join(told)}" if told else ", no flip"
    said = f"attribution {curve.attribution:+.3g}{error}{where}"
    return said.replace("-", "−")


def _processed(curve: ResponseCurve) -> str:
    """How far the score moves before anything is changed, where that is more than any change."""
    moved = curve.neutral_score - curve.clip_score
    if abs(moved) <= np.abs(curve.changes).max():
        return ""
    return f"processing alone {moved:+.3g}".replace("-", "−")


def _limits(curves: Sequence[ResponseCurve], threshold: float) -> list[tuple[float, float]]:
    """Of each panel's score axis, all of one span, with threshold and clip where they are near."""
    ranges = []
    for curve in curves:
        scores, spread = curve.points()[1], _spread(curve)
        ranges.append((float((scores - spread).min()), float((scores + spread).max())))
    reach = 2 * max(high - low for low, high in ranges)
    for place, (curve, (low, high)) in enumerate(zip(curves, ranges, strict=True)):
        levels = (threshold, curve.clip_score)
        near = [level for level in levels if low - reach <= level <= high + reach]
        ranges[place] = (min(low, *near), max(high, *near)) if near else (low, high)
    half = 0.58 * max(high - low for low, high in ranges) or 1.0
    return [((low + high) / 2 - half, (low + high) / 2 + half) for low, high in ranges]


def _spread(curve: ResponseCurve) -> Float[ndarray, " points"]:
    """The standard error at each of the curve's points; none at the neutral one."""
    place = int(np.searchsorted(curve.values, curve.neutral_value))
    return np.insert(curve.standard_errors, place, 0.0)


def _places(values: Float[ndarray, " points"]) -> Float[ndarray, " points"]:
    """Where the values are drawn: an infinite one a little behind the last."""
    finite = values[np.isfinite(values)]
    reach = float(finite[-1] - finite[0]) or 1.0
    return np.where(np.isfinite(values), values, finite[-1] + BEYOND * reach)


def _curve_mark(theme: Theme) -> dict[str, Any]:
    return {"color": theme.strength, "linewidth": 1.6, "marker": "o", "markersize": 3}


def _clip_mark(theme: Theme) -> dict[str, Any]:
    return {"color": theme.wave, "linewidth": 1.1, "linestyle": (0, (1, 2))}


def _threshold_mark(theme: Theme) -> dict[str, Any]:
    return {"color": theme.marked, "linewidth": 1.2, "linestyle": (0, (4, 2))}


def _neutral_mark(theme: Theme) -> dict[str, Any]:
    ring = {"markerfacecolor": theme.paper, "markeredgecolor": theme.ink, "markeredgewidth": 1.4}
    return {"linestyle": "none", "marker": "o", "markersize": 7, "zorder": 4, **ring}


def _flip_mark(theme: Theme) -> dict[str, Any]:
    cross = {"markeredgecolor": theme.marked, "markeredgewidth": 2.0}
    return {
        "linestyle": "none",
        "marker": "X",
        "markersize": 8,
        "markerfacecolor": theme.paper,
        "zorder": 5,
        **cross,
    }
