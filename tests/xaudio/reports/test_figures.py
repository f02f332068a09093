import io

import numpy as np
import pytest
from PIL import Image

from explainers.explanation import Explanation
from xaudio.reports.elements import DARK, LIGHT, Curve, Stretch
from xaudio.reports.figures import explanation_png

RATE = 8000
SAMPLES = np.random.default_rng(0).normal(size=RATE).astype(np.float32) * 0.1


def explained(relevance: np.ndarray, signed: bool = True) -> Explanation:
    return Explanation(
        relevance=relevance,
        domain="waveform",
        sample_rate=RATE,
        seconds=1.0,
        target="spoof - bonafide",
        score=1.0,
        method="made-up",
        signed=signed,
    )


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def reddish(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 0] - picture[..., 2] > 120) & (picture[..., 1] < 60)


def test_relevance_is_drawn_where_it_is():
    relevance = np.zeros(RATE)
    relevance[RATE // 2 :] = 1.0
    lane = pixels(explanation_png(SAMPLES, explained(relevance)))[-180:-60]
    columns = np.flatnonzero(reddish(lane).sum(axis=0) > 20)
    # The axis reaches from the left label to the colour bar; half of it lies right of the middle.
    assert columns.min() > 0.45 * lane.shape[1]
    assert columns.max() - columns.min() > 0.3 * lane.shape[1]


def test_light_and_dark_pages_get_their_paper():
    relevance = explained(np.zeros(RATE))
    assert pixels(explanation_png(SAMPLES, relevance, theme=LIGHT))[1, 1].min() >= 253
    assert pixels(explanation_png(SAMPLES, relevance, theme=DARK))[1, 1].max() < 40


def test_evidence_adds_a_panel_and_stretches_are_marked():
    relevance = explained(np.zeros(RATE))
    plain = pixels(explanation_png(SAMPLES, relevance))
    evidence = Curve(0.0, 0.02, np.ones(50), "frames")
    taller = pixels(explanation_png(SAMPLES, relevance, evidence=evidence))
    assert taller.shape[0] > plain.shape[0]
    marked = pixels(explanation_png(SAMPLES, relevance, stretches=[Stretch(0.2, 0.6, "fake")]))
    purple = (np.abs(marked - [122, 63, 176]) < 12).all(axis=-1)
    assert purple.sum() > 500


@pytest.mark.parametrize("name", ["$\\frac{.wav", "a_b^c.wav", "100%.wav", "日本.wav", ""])
def test_no_name_is_taken_for_a_formula(name):
    stretches = [Stretch(0.0, 0.5, name)]
    assert explanation_png(SAMPLES, explained(np.zeros(RATE)), title=name, stretches=stretches)


@pytest.mark.parametrize("length", [2, 100, 30 * RATE])
def test_short_long_and_silent_clips_can_be_drawn(length):
    explanation = Explanation(
        relevance=np.zeros(length),
        domain="waveform",
        sample_rate=RATE,
        seconds=length / RATE,
        target="spoof",
        score=0.0,
        method="made-up",
        signed=False,
    )
    assert explanation_png(np.zeros(length, np.float32), explanation)


def in_parts(values, errors=None, signed=True):
    edges = np.linspace(0, 1.0, len(values) + 1)
    return Explanation(
        relevance=np.array(values, dtype=float),
        domain="segments",
        segments=np.column_stack(
            [edges[:-1], edges[1:], np.zeros(len(values)), np.full(len(values), RATE / 2)]
        ),
        segment_names=tuple(f"part {number}" for number in range(len(values))),
        standard_error=None if errors is None else np.array(errors, dtype=float),
        sample_rate=RATE,
        seconds=1.0,
        target="spoof - bonafide",
        score=1.0,
        method="made-up",
        signed=signed,
    )


def bars(explanation):
    """Rows and columns of the lowest panel that are filled in colour, by which colour."""
    lane = pixels(explanation_png(SAMPLES, explanation))[-180:-60]
    warm = (lane[..., 0] - lane[..., 2] > 120) & (lane[..., 1] < 60)
    cold = (lane[..., 2] - lane[..., 0] > 90) & (lane[..., 0] < 90)
    return lane, warm, cold


def test_every_part_is_a_bar_as_wide_as_it_is():
    lane, warm, cold = bars(in_parts([0.0, 4.0, -2.0, 0.0]))
    up, down = (np.flatnonzero(found.sum(axis=0) > 12) for found in (warm, cold))
    width = lane.shape[1]
    assert 0.15 * width < up.max() - up.min() < 0.3 * width
    assert down.min() >= up.max() - 2 and abs(np.ptp(down) - np.ptp(up)) <= 3
    # Twice as high, as far as the panel shows it.
    assert 1.5 < warm.sum(axis=0).max() / cold.sum(axis=0).max() < 2.7


def test_parts_drawn_by_chance_carry_two_standard_errors():
    exact, high, _ = bars(in_parts([1.0, 4.0, -2.0, 1.0], errors=[0.0] * 4))
    drawn, lower, _ = bars(in_parts([1.0, 4.0, -2.0, 1.0], errors=[0.1, 1.0, 0.5, 0.2]))
    assert not np.array_equal(exact, drawn)
    # The error takes room above the highest bar.
    assert lower.sum(axis=0).max() < high.sum(axis=0).max()


@pytest.mark.parametrize("errors", [[np.inf, 0.1], [0.0, np.inf]])
def test_an_error_nobody_knows_can_be_drawn(errors):
    assert explanation_png(SAMPLES, in_parts([1.0, 2.0], errors=errors))


def test_strengths_have_a_colour_of_their_own():
    _, warm, _ = bars(in_parts([1.0, 4.0, 2.0, 1.0], signed=False))
    assert warm.sum() == 0
