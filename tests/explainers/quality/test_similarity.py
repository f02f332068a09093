import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cosine as cosine_distance
from scipy.stats import pearsonr, spearmanr

from explainers.quality.similarity import cosine, pearson, spearman

MEASURES = (spearman, pearson, cosine)


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 40), st.integers(2, 6), st.integers(0, 10**6))
def test_they_are_scipys(cells, levels, seed):
    random = np.random.default_rng(seed)
    one, other = random.integers(levels, size=(2, cells)).astype(float)
    one[:2], other[:2] = (0, 1), (1, 0)
    assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)
    assert pearson(one, other) == pytest.approx(pearsonr(one, other).statistic, abs=1e-12)
    assert cosine(one, other) == pytest.approx(1 - cosine_distance(one, other), abs=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_rows_and_scales(measure):
    one, other = np.random.default_rng(0).normal(size=(2, 4, 50))
    expected = [measure(a, b) for a, b in zip(one, other, strict=True)]
    np.testing.assert_array_equal(measure(one, other), expected)
    np.testing.assert_allclose(measure(1e-200 * one, 1e200 * other), expected)
    np.testing.assert_allclose(measure(one, -one), -1)
    np.testing.assert_allclose(measure(one, one), 1)


@pytest.mark.parametrize("measure", [spearman, pearson])
def test_an_even_map_is_like_no_other(measure):
    assert measure(np.full(7, 0.1), np.arange(7.0)) == 0
    assert measure(np.full(7, 0.1), np.full(7, 0.1)) == 0


def test_a_map_of_nothing_has_no_direction():
    assert cosine(np.zeros(7), np.arange(7.0)) == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_random_maps_are_not_alike(measure):
    one, other = np.random.default_rng(1).normal(size=(2, 300, 100))
    found = measure(one, other)
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(300)
    assert found.std() == pytest.approx(1 / np.sqrt(100), rel=0.2)
