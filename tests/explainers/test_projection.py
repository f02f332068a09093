from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.errors import ExplanationError
from explainers.projection import overlap_shares, partition, regrid


def brute_force(values, edges, new_edges):
    """Every pair of cells, their overlap, and the share it makes."""
    shared = np.zeros(len(new_edges) - 1)
    for value, low, high in zip(values, edges[:-1], edges[1:], strict=True):
        for cell, (new_low, new_high) in enumerate(pairwise(new_edges)):
            overlap = max(0.0, min(high, new_high) - max(low, new_low))
            shared[cell] += value * overlap / (high - low)
    return shared


edges_between_0_and_1 = st.lists(st.integers(1, 999), min_size=0, max_size=12, unique=True).map(
    lambda inner: np.array([0.0, *(np.array(sorted(inner)) / 1000), 1.0])
)


@settings(max_examples=60, deadline=None)
@given(edges_between_0_and_1, edges_between_0_and_1, st.integers(0, 10**6))
def test_regridding_is_sharing_by_overlap(edges, new_edges, seed):
    values = np.random.default_rng(seed).normal(size=len(edges) - 1)
    found = regrid(values, edges, new_edges)
    np.testing.assert_allclose(found, brute_force(values, edges, new_edges), atol=1e-12)
    np.testing.assert_allclose(found.sum(), values.sum(), atol=1e-12)
    shares = overlap_shares(edges[:-1], edges[1:], new_edges)
    np.testing.assert_allclose(values @ shares, found, atol=1e-12)


def test_rows_are_regridded_alone():
    values = np.arange(6.0).reshape(2, 3)
    edges, new_edges = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.5, 3.0])
    found = regrid(values, edges, new_edges)
    for row, expected in zip(found, values, strict=True):
        np.testing.assert_allclose(row, brute_force(expected, edges, new_edges))


def test_a_partition_names_every_cell_and_calls_what_is_left_rest():
    edges, names = partition({"a": [(2.0, 3.0), (0.0, 1.0)], "b": [(1.0, 1.5)]}, 4.0)
    np.testing.assert_array_equal(edges, [0, 1, 1.5, 2, 3, 4])
    assert names == ["a", "b", "rest", "a", "rest"]


def test_what_reaches_beyond_the_clip_is_cut_off():
    edges, names = partition({"a": [(0.5, 9.0)], "gone": [(20.0, 30.0)]}, 1.0)
    np.testing.assert_array_equal(edges, [0, 0.5, 1.0])
    assert names == ["rest", "a"]


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ({"a": [(0.0, 1.0)], "b": [(0.5, 2.0)]}, "overlaps"),
        ({"a": [(1.0, 1.0)]}, "start before end"),
        ({"a": [(0.0, float("nan"))]}, "start before end"),
        ({"rest": [(0.0, 1.0)]}, "rest"),
    ],
)
def test_segments_that_make_no_sense_are_refused(segments, words):
    with pytest.raises(ExplanationError, match=words):
        partition(segments, 4.0)
