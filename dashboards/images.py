"""Spectrogram and relevance as small PNG files, and where on the axes they belong."""

import base64
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from xaudio.reports.png import paint, png
from xaudio.reports.relevance_image import RelevanceImage, relevance_pixels
from xaudio.reports.spectrogram import Spectrogram, spectrogram_png


@dataclass(frozen=True)
class PlacedImage:
    """A picture and the stretch of each axis it covers.

    Attributes:
        source: The PNG file as a data URI.
        start: Seconds at its left edge.
        seconds: Its width.
        low: Hertz at its lower edge.
        hertz: Its height.
    """

    source: str
    start: float
    seconds: float
    low: float
    hertz: float


def spectrogram_image(sound: Spectrogram, colours: str, headroom: float = 0.0) -> PlacedImage:
    """Levels in a colour map of matplotlib.

    Args:
        sound: What is painted.
        colours: Name of the colour map.
        headroom: dB kept free above the loudest cell, which makes the picture paler.
    """
    file = spectrogram_png(sound, colours, headroom)
    return _placed(file, sound.time_edges, sound.frequency_edges)


def relevance_layer(image: RelevanceImage) -> PlacedImage:
    """Relevance in colour, transparent where it is weak."""
    return _placed(png(relevance_pixels(image)), image.time_edges, image.frequency_edges)


def extent(edges: Float[ndarray, " edges"]) -> tuple[float, float]:
    """Start and size of the picture of cells of one size, of which the outer ones may be cut.

    A picture's pixels are all equal, so it reaches beyond the axis where an outer cell is cut.

    >>> extent(np.array([0.0, 0.5, 1.5, 2.5, 3.0]))
    (-0.5, 4.0)
    """
    count = len(edges) - 1
    cell = edges[2] - edges[1] if count > 2 else edges[1] - edges[0]
    return float(edges[1] - cell), float(count * cell)


def colour_scale(image: RelevanceImage, steps: int = 17) -> list[tuple[float, str]]:
    """The colours of a relevance layer as plotly writes them, from the lowest value to the limit.

    Args:
        image: Whose colours.
        steps: How many colours are named; those between are blended.
    """
    shares = np.linspace(0, 1, steps)
    painted = paint(shares[None], 0.0, 1.0, image.colours)[0]
    return [
        (float(share), f"rgb({red}, {green}, {blue})")
        for share, (red, green, blue, _) in zip(shares, painted.tolist(), strict=True)
    ]


def _placed(
    file: bytes, time_edges: Float[ndarray, " columns"], frequency_edges: Float[ndarray, " rows"]
) -> PlacedImage:
    start, seconds = extent(time_edges)
    low, hertz = extent(frequency_edges)
    source = f"data:image/png;base64,{base64.b64encode(file).decode('ascii')}"
    return PlacedImage(source, start, seconds, low, hertz)
