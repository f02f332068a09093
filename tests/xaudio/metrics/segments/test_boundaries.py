from itertools import permutations

import numpy as np
import pytest

from xaudio.metrics import MetricError, boundary_error
from xaudio.metrics.segments.boundaries import matched_distances


def best_by_brute_force(found, true, tolerance):
    """Every one-to-one match tried: most pairs, then least distance."""
    few, many = sorted((found, true), key=len)
    best = (0, 0.0)
    for chosen in permutations(many, len(few)):
        near = [abs(a - b) for a, b in zip(few, chosen, strict=True) if abs(a - b) <= tolerance]
        best = max(best, (len(near), -sum(near)))
    return best


@pytest.mark.parametrize("seed", range(20))
def test_the_match_is_the_best_there_is(seed):
    random = np.random.default_rng(seed)
    found = np.sort(random.random(random.integers(0, 6)))
    true = np.sort(random.random(random.integers(0, 7)))
    ours = matched_distances(found, true, 0.15)
    assert (len(ours), -ours.sum()) == pytest.approx(best_by_brute_force(found, true, 0.15))


def test_beginnings_meet_beginnings_and_ends_meet_ends():
    found = boundary_error([[(1.0, 2.0)]], [[(2.0, 3.0)]], tolerance=0.5)
    assert (found.matched, found.precision, found.recall, found.f1) == (0, 0, 0, 0)
    assert np.isnan(found.mean_seconds)


def test_counts_are_over_all_clips():
    found = boundary_error(
        [[(1.0, 2.0), (5.0, 6.0)], [], [(0.5, 0.9)]],
        [[(1.1, 2.3)], [(3.0, 4.0)], [(0.5, 1.0)]],
        tolerance=0.2,
    )
    # Matched: 1.0-1.1, 0.5-0.5 and 0.9-1.0; found 6 boundaries, true ones 6.
    assert found.matched == 3
    assert found.mean_seconds == pytest.approx(0.2 / 3)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)


def test_a_clips_own_ends_are_no_boundaries():
    whole = boundary_error([[(0.0, 3.0)]], [[(0.0, 3.0)]], 0.1, seconds=[3.0])
    assert whole.matched == 0
    assert np.isnan([whole.precision, whole.recall, whole.f1]).all()
    half = boundary_error([[(0.0, 1.5)]], [[(0.0, 1.6)]], 0.2, seconds=[3.0])
    assert (half.matched, half.mean_seconds) == (1, pytest.approx(0.1))


def test_stretches_that_meet_have_no_boundary_between_them():
    found = boundary_error([[(1.0, 2.0)]], [[(1.0, 1.5), (1.5, 2.0)]], 0.1)
    assert (found.matched, found.f1) == (2, 1.0)


def test_bad_input():
    with pytest.raises(MetricError, match="0 s or more"):
        boundary_error([[]], [[]], tolerance=-1.0)
    with pytest.raises(MetricError, match="found of 1, true of 2"):
        boundary_error([[]], [[], []], tolerance=0.1)
