import io
import math

import numpy as np
import pytest
from PIL import Image

from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from explainers.voice.curves import ResponseCurve
from xaudio.reports.elements import DARK, LIGHT
from xaudio.reports.response_curves import response_curves_png

PITCH = ResponseCurve(
    "pitch", "semitones", np.array([-2.0, 2.0]), np.array([[-1.0, 3.0]]), 0.0, 1.0, 1.0
)
NOISE = ResponseCurve(
    "noise", "dB", np.array([0.0, 40.0]), np.array([[1.0, 2.0], [3.0, 4.0]]), math.inf, 1.0, 1.0
)
VOCODED = ResponseCurve(
    "melody", "share", np.array([0.5, 1.0]), np.array([[90.0, 91.0]]), 0.0, 90.0, 1.0
)


def explained(*curves, threshold=0.0, target="spoof - bonafide"):
    return Explanation(
        relevance=np.array([curve.attribution for curve in curves]),
        domain="segments",
        segments=np.tile([0.0, 1.0, 0.0, 4000.0], (len(curves), 1)),
        sample_rate=8000,
        seconds=1.0,
        target=target,
        score=1.0,
        method="voice",
        signed=True,
        provenance={
            "settings": {"threshold": threshold},
            "curves": [curve.to_plain() for curve in curves],
        },
    )


def pixels(png):
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def like(picture, colour):
    wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return (np.abs(picture - wanted) < 14).all(axis=-1)


def columns_of(picture, colour):
    """Where a colour stands, as a share of the axis that the curve spans; the legend left out."""
    panel = picture[:-60, : picture.shape[1] // 3]
    curve = np.flatnonzero(like(panel, LIGHT.strength).any(axis=0))
    there = np.flatnonzero(like(panel, colour).sum(axis=0) > 4)
    return (there - curve[0]) / (curve[-1] - curve[0])


def test_a_flip_is_marked_where_it_is_and_only_then():
    """From -2 (score -1) to 0 (score 1) the score crosses nought at -1: a quarter of the axis."""
    marked = columns_of(pixels(response_curves_png(explained(PITCH))), LIGHT.marked)
    assert (marked[0] + marked[-1]) / 2 == pytest.approx(0.25, abs=0.04)
    never = columns_of(pixels(response_curves_png(explained(PITCH, threshold=9.0))), LIGHT.marked)
    assert never.size == 0


def test_without_noise_is_drawn_left_of_the_least_of_it():
    """The neutral score is the curve's lowest, so the line begins at the bottom on the left."""
    curve = like(pixels(response_curves_png(explained(NOISE)))[:-60, :380], LIGHT.strength)
    rows, columns = np.nonzero(curve)
    lowest = columns[rows == rows.max()].mean()
    assert (lowest - columns.min()) / (columns.max() - columns.min()) < 0.1


def test_light_and_dark_pages_get_their_paper():
    light = pixels(response_curves_png(explained(PITCH)))
    dark = pixels(response_curves_png(explained(PITCH), theme=DARK))
    assert light[1, 1].min() >= 253 and dark[1, 1].max() < 40
    assert light.shape == dark.shape


def test_three_panels_stand_in_a_row():
    rows = [
        pixels(response_curves_png(explained(*[PITCH] * count))).shape for count in (1, 3, 4, 6, 7)
    ]
    assert rows[0] == rows[1] and rows[2] == rows[3]
    assert rows[1][0] < rows[2][0] < rows[4][0]
    assert len({row[1] for row in rows}) == 1


def test_a_vocoder_does_not_flatten_the_other_curves():
    """The curve far away has its own axis; the first one looks as it does alone."""

    def height(*curves):
        panel = pixels(response_curves_png(explained(*curves)))[:-60, :350]
        rows = np.flatnonzero(like(panel, LIGHT.strength).any(axis=1))
        return rows[-1] - rows[0]

    assert height(PITCH) > 100, "a curve fills its panel"
    assert height(PITCH, VOCODED) == pytest.approx(height(PITCH), rel=0.1)


@pytest.mark.parametrize("name", ["$\\frac{", "a_b^c", "日本", ""])
def test_no_name_is_taken_for_a_formula(name):
    assert response_curves_png(explained(PITCH, target=f"{name} - b"), title=name)


@pytest.mark.filterwarnings("error")
def test_a_constant_score_can_be_drawn():
    flat = ResponseCurve("pitch", "semitones", np.array([1.0]), np.zeros((1, 1)), 0.0, 0.0, 0.0)
    assert response_curves_png(explained(flat))


def test_an_explanation_without_curves_is_refused():
    with pytest.raises(ExplanationError, match="no response curves"):
        response_curves_png(explained(PITCH).with_provenance(curves=[]))
