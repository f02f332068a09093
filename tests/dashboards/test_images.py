import base64
import io

import matplotlib
import numpy as np
import pytest
from PIL import Image

from dashboards.images import colour_scale, extent, relevance_layer, spectrogram_image
from xaudio.reports.relevance_image import RelevanceImage
from xaudio.reports.spectrogram import Spectrogram, spectrogram

RATE = 16000


def decoded(source: str) -> Image.Image:
    head, _, data = source.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_tone_lies_where_its_frequency_is():
    times = np.arange(RATE) / RATE
    sound = spectrogram((0.5 * np.sin(2 * np.pi * 2000 * times)).astype(np.float32), RATE)
    image = spectrogram_image(sound, "gray")
    grey = np.asarray(decoded(image.source).convert("L"), dtype=float)
    brightest = grey.mean(1).argmax()
    row_height = image.hertz / len(grey)
    centre = image.low + image.hertz - (brightest + 0.5) * row_height
    assert centre == pytest.approx(2000, abs=row_height / 2)


def test_colours_are_those_of_the_map():
    levels = np.linspace(-80, 0, 9, dtype=np.float32)[None]
    sound = Spectrogram(levels, np.arange(10.0), np.array([0.0, 100.0]))
    shown = np.asarray(decoded(spectrogram_image(sound, "magma").source).convert("RGB"), dtype=int)
    expected = matplotlib.colormaps["magma"](np.linspace(0, 1, 9), bytes=True)[:, :3].astype(int)
    assert np.abs(shown[0] - expected).max() <= 4


def test_headroom_makes_the_picture_paler():
    levels = np.linspace(-80, 0, 9, dtype=np.float32)[None]
    sound = Spectrogram(levels, np.arange(10.0), np.array([0.0, 100.0]))
    pictures = [spectrogram_image(sound, "gray", headroom) for headroom in (0.0, 30.0)]
    full, pale = (np.asarray(decoded(one.source).convert("L"), dtype=int) for one in pictures)
    assert pale.max() < full.max()


def test_ten_seconds_of_noise_stay_small():
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * RATE).astype(np.float32)
    sound = spectrogram(noise, RATE, hop_seconds=0.01, most_columns=1000)
    assert len(spectrogram_image(sound, "magma").source) < 300_000


def test_relevance_keeps_its_opacity_and_its_place():
    values = np.array([[0.0, 1.0, -1.0, 0.0]])
    image = RelevanceImage(
        values, np.array([0.0, 0.02, 0.04, 0.06, 0.07]), np.array([0.0, 8000.0]), True, 1.0
    )
    layer = relevance_layer(image)
    pixels = np.asarray(decoded(layer.source))
    assert pixels[0, :, 3].tolist() == [0, 191, 191, 0]
    assert pixels[0, 1, 0] > pixels[0, 1, 2] and pixels[0, 2, 2] > pixels[0, 2, 0]
    assert (layer.start, layer.low, layer.hertz) == (0.0, 0.0, 8000.0)
    assert layer.seconds == pytest.approx(0.08)  # the last cell is cut and its pixel is not


@pytest.mark.parametrize(
    ("edges", "expected"),
    [([0.0, 2.0], (0.0, 2.0)), ([0.0, 1.0, 1.5], (0.0, 2.0)), ([0.0, 1.0, 2.0, 2.5], (0.0, 3.0))],
)
def test_extent_of_cut_cells(edges, expected):
    assert extent(np.array(edges)) == expected


def test_the_scale_of_signed_relevance_is_neutral_in_the_middle():
    image = RelevanceImage(np.zeros((1, 2)), np.arange(3.0), np.array([0.0, 1.0]), True, 1.0)
    scale = dict(colour_scale(image))
    red, green, blue = (int(part) for part in scale[0.5][4:-1].split(","))
    assert max(red, green, blue) - min(red, green, blue) < 6
