"""Values as coloured pixels, and pixels as PNG files."""

import io
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

MAP_COLOURS = 128  # of 80 dB: less than a decibel each, and a third of the bytes of full colour
MOST_COLOURS = 256  # a palette holds no more


def paint(
    values: Float[ndarray, "rows columns"], low: float, high: float, colours: str
) -> UInt8[ndarray, "rows columns 4"]:
    """The colour of each value between `low` and `high`: red, green, blue, opacity in 0..255."""
    from matplotlib import colormaps

    painted: np.ndarray = colormaps[colours](_shares(values, low, high), bytes=True)
    return painted


def png(pixels: UInt8[ndarray, "rows columns channels"]) -> bytes:
    """Pixels (3 or 4 channels, top row first) as a PNG file that keeps every one of them."""
    from PIL import Image

    return _file(Image.fromarray(np.ascontiguousarray(pixels)))


def palette_png(pixels: UInt8[ndarray, "rows columns 4"]) -> bytes:
    """A drawing as a PNG file in the 256 colours that suit it, a quarter of the bytes; opaque."""
    from PIL import Image

    image = Image.fromarray(pixels).convert("RGB")
    return _file(image.quantize(MOST_COLOURS, Image.Quantize.FASTOCTREE), optimize=True)


def map_png(values: Float[ndarray, "rows columns"], low: float, high: float, colours: str) -> bytes:
    """Values (top row first) as a PNG file in `MAP_COLOURS` steps of a colour map.

    Args:
        values: One per pixel.
        low: The value at the lower end of the colours; what is lower looks the same.
        high: The value at their upper end.
        colours: A colour map of matplotlib.
    """
    from PIL import Image

    steps = np.round(_shares(values, low, high) * (MAP_COLOURS - 1)).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(steps))
    palette = paint(np.linspace(0, 1, MAP_COLOURS)[None], 0.0, 1.0, colours)[0, :, :3]
    image.putpalette(palette.tobytes())
    return _file(image)


def _shares(
    values: Float[ndarray, "rows columns"], low: float, high: float
) -> Float[ndarray, "rows columns"]:
    """How far each value lies from `low` to `high`, 0 to 1."""
    return np.clip((values - low) / max(high - low, float(np.finfo(np.float32).tiny)), 0, 1)


def _file(image: Any, **options: bool) -> bytes:
    file = io.BytesIO()
    image.save(file, format="png", **options)
    return file.getvalue()
