from itertools import pairwise

import numpy as np
import pytest

from xaudio.metrics import stretch_overlap
from xaudio.metrics.segments.stretches import joined, seconds_inside


def random_stretches(random, count):
    edges = random.integers(0, 4000, size=(count, 2)) / 1000
    return [(min(pair), max(pair) + 0.001) for pair in edges]


def on_grid(stretches):
    times = np.arange(5000) / 1000 + 0.0005
    return np.any([(times > start) & (times < end) for start, end in [(0, 0), *stretches]], axis=0)


@pytest.mark.parametrize("seed", range(5))
def test_overlap_equals_counting_milliseconds(seed):
    random = np.random.default_rng(seed)
    found = [random_stretches(random, count) for count in (0, 1, 3, 5)]
    true = [random_stretches(random, count) for count in (2, 0, 4, 2)]
    ours, theirs = (np.concatenate([on_grid(one) for one in each]) for each in (found, true))
    both = (ours & theirs).sum()
    overlap = stretch_overlap(found, true)
    assert overlap.iou == pytest.approx(both / (ours | theirs).sum())
    assert overlap.precision == pytest.approx(both / ours.sum())
    assert overlap.recall == pytest.approx(both / theirs.sum())
    assert overlap.f1 == pytest.approx(2 * both / (ours.sum() + theirs.sum()))


def test_nothing_found_and_nothing_there_is_undefined():
    assert np.isnan(stretch_overlap([[]], [[]]).iou)
    nothing = stretch_overlap([[]], [[(0.0, 1.0)]])
    assert (nothing.iou, nothing.recall, nothing.f1) == (0.0, 0.0, 0.0)
    assert np.isnan(nothing.precision)


@pytest.mark.parametrize("seed", range(5))
def test_seconds_inside_equal_counting_milliseconds(seed):
    random = np.random.default_rng(seed)
    stretches = random_stretches(random, 6)
    edges = np.sort(random.integers(0, 5000, size=8)) / 1000
    grid = on_grid(stretches)
    expected = [grid[round(a * 1000) : round(b * 1000)].sum() / 1000 for a, b in pairwise(edges)]
    assert seconds_inside(joined(stretches), edges) == pytest.approx(expected, abs=1e-9)
