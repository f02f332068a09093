"""Relevance planted at a known instant comes back there, and none of it is lost."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from perturbations.corruption import Corruption, Key, load_corruption
from perturbations.time_map import TimeMap
from xaudio.sweeps.explanation_drift.carrying import STEP_SECONDS, carried_back

RATE = 16000
SECONDS = 2.0


def fine_edges(seconds: float) -> np.ndarray:
    return np.linspace(0.0, seconds, round(seconds * 1000) + 1)


def planted(seconds: float, instant: float) -> tuple[np.ndarray, np.ndarray]:
    """One unit of relevance at an instant, on cells of a millisecond."""
    edges = fine_edges(seconds)
    relevance = np.zeros(len(edges) - 1)
    relevance[min(int(instant * 1000), len(relevance) - 1)] = 1.0
    return relevance, edges


def landed(relevance: np.ndarray) -> float:
    return (int(relevance.argmax()) + 0.5) * STEP_SECONDS


def spike_through(corruption: Corruption, severity: int, instant: float):
    """Where a click in the sound comes out of a corruption, and the corruption's word for it."""
    clip = torch.zeros(1, int(SECONDS * RATE))
    clip[0, int(instant * RATE)] = 0.9
    made = corruption.apply(clip, RATE, severity, [Key("clip")]).clip(0)
    loudest = int(made.samples.abs().argmax()) / RATE
    return loudest, len(made.samples) / RATE, made.time_map


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("speed", 1),
        ("speed", 4),
        ("speed", 5),
        ("time-stretch", 3),
        ("time-stretch", 4),
        ("time-shift", 3),
        ("excerpt", 1),
        ("tiling", 3),
    ],
)
def test_what_a_corruption_moved_is_carried_back_to_where_it_was(name, severity):
    # The click itself says where the instant went: the map is not asked to judge itself.
    instant = 1.0
    heard, seconds, time_map = spike_through(load_corruption(name), severity, instant)
    relevance, edges = planted(seconds, heard)
    found = carried_back(relevance, edges, time_map, SECONDS)
    assert landed(found.relevance) == pytest.approx(instant, abs=STEP_SECONDS)
    assert found.total == pytest.approx(1.0, abs=1e-12)


def test_a_clip_played_backwards_is_turned_around():
    reverse = TimeMap((0.0, SECONDS), (SECONDS, 0.0))
    relevance, edges = planted(SECONDS, 0.3)
    found = carried_back(relevance, edges, reverse, SECONDS)
    assert landed(found.relevance) == pytest.approx(1.7, abs=STEP_SECONDS)
    assert found.there.all()
    assert found.relevance.sum() == pytest.approx(1.0)


def test_nothing_is_known_of_what_was_cut_off():
    relevance, edges = planted(1.0, 0.25)
    found = carried_back(relevance, edges, TimeMap.later(-0.5), SECONDS)
    assert landed(found.relevance) == pytest.approx(0.75, abs=STEP_SECONDS)
    kept = np.arange(0, SECONDS, STEP_SECONDS) + STEP_SECONDS / 2
    np.testing.assert_array_equal(found.there, (kept > 0.5) & (kept < 1.5))
    assert found.outside.size == 0


def test_relevance_of_silence_put_before_the_clip_stays_outside():
    relevance, edges = planted(SECONDS, 0.1)
    found = carried_back(relevance, edges, TimeMap.later(0.5), SECONDS)
    assert not found.relevance.any()
    assert found.outside.sum() == pytest.approx(1.0)
    assert len(found.outside) == 25


def test_where_nothing_moved_cells_are_plain_sums():
    relevance = np.random.default_rng(0).normal(size=2000)
    found = carried_back(relevance, fine_edges(SECONDS), TimeMap.identity(), SECONDS)
    np.testing.assert_allclose(found.relevance, relevance.reshape(-1, 20).sum(axis=1), atol=1e-12)
    assert found.there.all()
    assert found.outside.size == 0


def test_every_band_moves_alike():
    grid = np.random.default_rng(0).normal(size=(3, 2500))
    edges = fine_edges(2.5)
    found = carried_back(grid, edges, TimeMap.speed(0.8), SECONDS)
    for band in range(3):
        alone = carried_back(grid[band], edges, TimeMap.speed(0.8), SECONDS)
        np.testing.assert_array_equal(found.relevance[band], alone.relevance)


@given(
    seconds=st.floats(0.05, 3.0),
    rate=st.floats(0.3, 3.0),
    delay=st.floats(-2.0, 2.0),
    falls=st.booleans(),
    seed=st.integers(0, 9),
)
def test_no_relevance_is_lost_under_any_map(seconds, rate, delay, falls, seed):
    time_map = TimeMap.speed(rate).then(TimeMap.later(delay))
    if falls:
        time_map = TimeMap(time_map.source, tuple(-instant for instant in time_map.target))
    relevance = np.random.default_rng(seed).normal(size=97)
    found = carried_back(relevance, np.linspace(0, 1.3, 98), time_map, seconds)
    assert found.total == pytest.approx(relevance.sum(), abs=1e-9)
    # By brute force: each tiny piece goes where the inverse of the map sends its middle.
    pieces = np.linspace(0, 1.3, 97 * 50 + 1)
    middles = time_map.inverse((pieces[:-1] + pieces[1:]) / 2)
    edges = np.append(np.arange(len(found.relevance)) * STEP_SECONDS, seconds)
    expected = np.histogram(middles, edges, weights=np.repeat(relevance / 50, 50))[0]
    np.testing.assert_allclose(found.relevance, expected, atol=0.15)
