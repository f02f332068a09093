from itertools import combinations

import numpy as np
import pytest

from xaudio.metrics import MetricError, holm, significant


def holm_by_closure(p_values):
    """Closed testing with Bonferroni: the largest corrected p of all sets a test belongs to."""
    tests = range(len(p_values))
    sets = [chosen for size in tests for chosen in combinations(tests, size + 1)]
    bonferroni = {chosen: min(1, len(chosen) * min(p_values[i] for i in chosen)) for chosen in sets}
    return [max(p for chosen, p in bonferroni.items() if test in chosen) for test in tests]


def test_the_textbooks_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert significant([0.01, 0.04, 0.03, 0.005]).tolist() == [True, False, False, True]


@pytest.mark.parametrize("seed", range(10))
def test_equals_closed_testing(seed):
    p_values = np.round(np.random.default_rng(seed).random(7) ** 3, 2)
    assert holm(p_values) == pytest.approx(holm_by_closure(p_values))


def test_shape_is_kept_and_tests_not_made_do_not_count():
    p_values = np.array([[0.01, np.nan, 0.04], [0.03, 0.005, np.nan]])
    found = holm(p_values)
    assert found[[0, 0, 1, 1], [0, 2, 0, 1]] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert np.isnan(found[[0, 1], [1, 2]]).all()
    assert significant(p_values).tolist() == [[True, False, False], [False, True, False]]
    assert holm([]).shape == (0,)


def test_false_findings_over_many_cells_are_rare():
    p_values = np.random.default_rng(0).random((2000, 50))
    assert np.mean([significant(cells).any() for cells in p_values]) == pytest.approx(
        0.05, abs=0.02
    )


def test_bad_values():
    with pytest.raises(MetricError, match=r"between 0 and 1, not 1\.2"):
        holm([0.5, 1.2])
    with pytest.raises(MetricError, match="level of significance"):
        significant([0.5], level=5.0)
