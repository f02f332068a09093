import io

import matplotlib
import numpy as np
from PIL import Image

from xaudio.reports.png import map_png, paint, palette_png, png


def opened(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file))


def test_colours_end_at_the_limits():
    painted = paint(np.array([[-5.0, 0.0, 1.0, 7.0]]), 0.0, 1.0, "gray")
    assert painted[0, :, 0].tolist() == [0, 0, 255, 255]


def test_png_keeps_every_pixel():
    pixels = np.random.default_rng(0).integers(0, 255, (5, 7, 4), dtype=np.uint8)
    assert np.array_equal(np.asarray(opened(png(pixels))), pixels)


def test_a_map_has_the_colours_of_matplotlib_and_one_byte_per_pixel():
    values = np.linspace(-3, 5, 50).reshape(5, 10)
    picture = opened(map_png(values, -3.0, 5.0, "magma"))
    expected = matplotlib.colormaps["magma"]((values + 3) / 8, bytes=True)[..., :3]
    shown = np.asarray(picture.convert("RGB"))
    assert picture.mode == "P"
    assert np.abs(shown.astype(int) - expected).max() <= 4


def test_a_map_ends_at_its_limits_and_takes_values_all_alike():
    row = np.asarray(opened(map_png(np.array([[-9.0, 0.0, 1.0, 9.0]]), 0.0, 1.0, "gray")))[0]
    assert row[0] == row[1] < row[2] == row[3]
    assert opened(map_png(np.zeros((2, 3)), 0.0, 0.0, "gray")).size == (3, 2)


def test_a_palette_keeps_few_colours_as_they_are():
    pixels = np.full((20, 30, 4), 255, np.uint8)
    pixels[5:9, :, :3] = (122, 63, 176)
    picture = opened(palette_png(pixels))
    shown = np.asarray(picture.convert("RGB")).astype(int)
    assert picture.mode == "P"
    assert np.abs(shown - pixels[..., :3]).max() <= 2
