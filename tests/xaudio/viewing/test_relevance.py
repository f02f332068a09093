"""Where each bit of relevance of every domain is shown."""

import numpy as np
import pytest

from explainers.explanation import Explanation
from xaudio.viewing import relevance_view

RATE = 16000
COLUMN, BAND = 0.0125, 62.5  # seconds and hertz of a cell


def explanation(relevance, domain, signed=True, seconds=2.0, **axes):
    return Explanation(
        relevance=np.asarray(relevance, float),
        domain=domain,
        sample_rate=RATE,
        seconds=seconds,
        target="spoof - bonafide",
        score=1.0,
        method="made",
        signed=signed,
        **axes,
    )


def shown(view):
    """First and last seconds and hertz of the cells that are not zero."""
    layer = view.grid
    rows, columns = np.nonzero(layer.values)
    height = (layer.high - layer.low) / layer.cells.shape[0]
    width = (layer.end - layer.start) / layer.cells.shape[1]
    return (
        layer.start + columns.min() * width,
        layer.start + (columns.max() + 1) * width,
        layer.low + rows.min() * height,
        layer.low + (rows.max() + 1) * height,
    )


def test_a_cell_of_a_grid():
    relevance = np.zeros((16, 40))
    relevance[3, 10] = 5.0  # 0.5 to 0.55 s, 1500 to 2000 Hz
    axes = {"time_edges": np.linspace(0, 2, 41), "frequency_edges": np.linspace(0, 8000, 17)}
    view = relevance_view("m", explanation(relevance, "stft", **axes))
    assert shown(view) == pytest.approx((0.5, 0.55, 1500, 2000))
    assert view.grid.values.sum() == pytest.approx(5.0, rel=0.01)


def test_a_band_of_uneven_width():
    edges = np.array([0.0, 250.0, 1000.0, 3000.0, 8000.0])
    relevance = np.zeros((4, 20))
    relevance[1, 4] = -2.0  # 0.4 to 0.5 s
    axes = {"time_edges": np.linspace(0, 2, 21), "frequency_edges": edges}
    view = relevance_view("m", explanation(relevance, "mel", **axes))
    assert shown(view) == pytest.approx((0.4, 0.5, 250, 1000))
    assert view.grid.values.min() < 0 == view.grid.values.max()


def test_segments_with_and_without_a_band():
    boxes = np.array([[0.25, 0.75, 1000.0, 2000.0], [1.0, 2.0, 0.0, 8000.0]])
    one = relevance_view("m", explanation([3.0, 0.0], "segments", segments=boxes))
    assert shown(one) == pytest.approx((0.25, 0.75, 1000, 2000))
    other = relevance_view("m", explanation([0.0, 3.0], "segments", segments=boxes))
    assert shown(other) == pytest.approx((1.0, 2.0, 0, 8000))


def test_stretches_of_time_fill_the_height_with_one_row():
    boxes = np.array([[0.25, 0.5, 0.0, 8000.0], [0.5, 2.0, 0.0, 8000.0]])
    view = relevance_view("m", explanation([-1.0, 0.0], "segments", segments=boxes))
    assert view.grid.cells.shape[0] == 1
    assert shown(view) == pytest.approx((0.25, 0.5, 0, 8000))


def test_samples_without_a_coefficient_stay_in_time():
    relevance = np.zeros(2 * RATE)
    relevance[8000:8200] = 1.0  # 0.5 to 0.5125 s
    view = relevance_view("m", explanation(relevance, "waveform"))
    assert view.grid.cells.shape[0] == 1
    assert shown(view) == pytest.approx((0.5, 0.5125, 0, 8000))


def test_samples_with_a_coefficient_are_shown_at_their_frequency():
    times = np.arange(2 * RATE) / RATE
    swell = np.clip(np.sin(np.pi * (times - 0.8) / 0.4), 0, 1) * (abs(times - 1) < 0.2)
    tone = np.sin(2 * np.pi * 3000 * times) * swell
    made = explanation(tone * tone, "waveform", coefficient=tone, activation=tone)
    view = relevance_view("m", made)
    layer = view.grid
    strong = layer.values > 0.2 * layer.values.max()
    rows, columns = np.nonzero(strong)
    # The windows of 32 ms that carry it to frequency reach beyond the tone by half their length.
    assert columns.min() * COLUMN >= 0.784 and columns.max() * COLUMN <= 1.216
    assert rows.min() * BAND >= 2800 and (rows.max() + 1) * BAND <= 3200


def test_values_and_totals_survive_to_within_half_a_step():
    random = np.random.default_rng(0)
    relevance = random.uniform(-1, 1, (128, 160))
    axes = {"time_edges": np.linspace(0, 2, 161), "frequency_edges": np.linspace(0, 8000, 129)}
    made = explanation(relevance, "stft", **axes)
    view = relevance_view("m", made)
    inside = np.abs(relevance) <= view.grid.largest
    assert inside.mean() > 0.99
    assert np.abs(view.grid.values - relevance)[inside].max() <= view.grid.step / 2 + 1e-12
    sums = relevance.sum(axis=0)
    assert np.abs(view.over_time.values[0] - sums).max() <= view.over_time.step / 2 + 1e-12
    assert view.over_time.values.sum() == pytest.approx(made.total, abs=80 * view.over_time.step)
    assert view.total == made.total


def test_strength_without_a_sign_uses_all_steps():
    boxes = np.array([[0.0, 1.0, 0.0, 8000.0], [1.0, 2.0, 0.0, 8000.0]])
    view = relevance_view("m", explanation([1.0, 4.0], "segments", signed=False, segments=boxes))
    assert not view.grid.signed
    assert view.over_time.cells.max() == 255
    assert view.over_time.values[0, 0] * 4 == pytest.approx(view.over_time.values[0, -1], rel=0.01)


def test_relevance_that_is_zero_everywhere_is_shown_as_nothing():
    view = relevance_view("m", explanation(np.zeros(2 * RATE), "waveform"))
    assert not view.grid.values.any() and not view.over_time.values.any()


def test_long_clips_get_a_thousand_columns():
    boxes = np.array([[300.0, 301.0, 0.0, 8000.0]])
    view = relevance_view("m", explanation([1.0], "segments", seconds=600.0, segments=boxes))
    assert view.grid.cells.shape[1] == view.over_time.cells.shape[1] == 1000
    assert shown(view)[:2] == pytest.approx((300.0, 301.2))
