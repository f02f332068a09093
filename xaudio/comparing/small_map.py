"""An explained clip as a small picture or a curve, many of which share one time axis."""

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from explainers.explanation import Explanation
from xaudio.audio import Clip
from xaudio.explained import ExplainedClip
from xaudio.reports.elements import LIGHT, Curve, Theme
from xaudio.reports.png import paint, png
from xaudio.reports.relevance_image import relevance_image, relevance_pixels
from xaudio.reports.spectrogram import level_range, spectrogram

COLUMNS, ROWS = 400, 96
CURVE_SECONDS = 0.02
PALER = 30.0  # dB above the loudest cell, so that the relevance stands out


def small_map(explained: ExplainedClip, seconds: float, theme: Theme = LIGHT) -> bytes:
    """The spectrogram in grey and the relevance over it, as a PNG file without axes.

    Args:
        explained: What is shown.
        seconds: What the whole width stands for; beyond a shorter clip's end it is transparent.
        theme: Colours, for a light or a dark page.
    """
    return small_map_of(explained.clip, explained.explanation, seconds, theme)


def small_map_of(
    clip: Clip, explanation: Explanation, seconds: float, theme: Theme = LIGHT
) -> bytes:
    """The same for a clip and relevance on its time axis."""
    width = max(1, min(COLUMNS, round(COLUMNS * clip.seconds / seconds)))
    pixels = np.zeros((ROWS, COLUMNS, 4), dtype=np.uint8)
    above = relevance_pixels(relevance_image(explanation))
    pixels[:, :width] = _over(_sized(_spectrogram(clip, theme), width), _sized(above, width))
    return png(pixels)


def relevance_curve(name: str, explanation: Explanation) -> Curve:
    """Relevance summed over every 20 ms, or longer where there would be more than 1000 steps.

    Args:
        name: What tells it from the others.
        explanation: Whose relevance.
    """
    step = max(CURVE_SECONDS, explanation.seconds / 1000)
    return Curve(0.0, step, explanation.over_time(step).relevance, f"Relevance: {name}")


def _spectrogram(clip: Clip, theme: Theme) -> UInt8[ndarray, "rows columns 4"]:
    sound = spectrogram(clip.samples, clip.sample_rate, most_columns=2 * COLUMNS)
    low, high = level_range(sound)
    return paint(sound.decibels[::-1], low, high + PALER, theme.under_relevance)


def _sized(
    pixels: UInt8[ndarray, "rows columns 4"], width: int
) -> UInt8[ndarray, "new_rows new_columns 4"]:
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((width, ROWS), Image.Resampling.BOX))


def _over(
    below: UInt8[ndarray, "rows columns 4"], above: UInt8[ndarray, "rows columns 4"]
) -> UInt8[ndarray, "rows columns 4"]:
    from PIL import Image

    return np.asarray(Image.alpha_composite(Image.fromarray(below), Image.fromarray(above)))
