import io

import numpy as np
from PIL import Image

from xaudio.reports.elements import DARK
from xaudio.reports.two_explanations import two_explanations_png

RATE = 8000
EDGES = np.linspace(0, 1, 11)


def drawn(maps, **more):
    samples = 0.3 * np.sin(np.arange(RATE) / 5)
    return two_explanations_png(samples, RATE, EDGES, maps, **more)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def red_rows(png):
    """Rows of the picture in which something speaks for the target."""
    red, green, blue = np.moveaxis(pixels(png), 2, 0)
    return np.flatnonzero(((red > green + 80) & (red > blue + 80)).any(axis=1))


def test_every_map_is_drawn_on_one_scale():
    strong = np.eye(10)[3]
    two = drawn({"Clean": strong, "Attacked": strong})
    one = drawn({"Clean": strong, "Attacked": 0 * strong})
    faint = drawn({"Clean": strong, "Attacked": 0.1 * strong})
    heights = [len(red_rows(png)) for png in (one, faint, two)]
    assert heights[0] < heights[1] < heights[2]
    assert abs(heights[2] - 2 * heights[0]) <= 3
    assert abs(heights[1] - 1.1 * heights[0]) <= 5
    assert pixels(two).shape[1] == 1100


def test_any_name_and_any_map_can_be_drawn():
    maps = {"Clean": np.zeros(10), "Attacked": -np.ones(10), "Noise": np.ones(10)}
    png = drawn(maps, title="a$b_{$.wav: spoof", theme=DARK)
    assert len(red_rows(png)) and pixels(png)[0, 0].max() < 60
