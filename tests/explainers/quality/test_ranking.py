import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from explainers.errors import ExplanationError
from explainers.quality.ranking import (
    average_precision,
    average_precisions,
    chance_average_precision,
    check_two_kinds,
    middle_ranks,
    roc_areas,
    roc_auc,
)


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 60), st.integers(1, 8), st.integers(0, 10**6))
def test_the_area_is_scikit_learns_with_and_without_ties(items, levels, seed):
    random = np.random.default_rng(seed)
    truth = random.permutation(np.arange(items) < random.integers(1, items))
    values = random.integers(levels, size=items).astype(float)
    assert roc_auc(values, truth) == pytest.approx(roc_auc_score(truth, values), abs=1e-12)
    values = random.normal(size=items)
    assert roc_auc(values, truth) == pytest.approx(roc_auc_score(truth, values), abs=1e-12)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40))
def test_middle_ranks_are_scipys(values):
    array = np.array(values, dtype=float)
    np.testing.assert_array_equal(middle_ranks(array), rankdata(array))


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 60), st.integers(1, 8), st.integers(0, 10**6))
def test_average_precision_is_scikit_learns_with_and_without_ties(items, levels, seed):
    random = np.random.default_rng(seed)
    truth = random.permutation(np.arange(items) < random.integers(1, items))
    for values in (random.integers(levels, size=items).astype(float), random.normal(size=items)):
        expected = average_precision_score(truth, values)
        assert average_precision(values, truth) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", [roc_areas, average_precisions])
def test_rows_are_measured_one_by_one(measure):
    random = np.random.default_rng(0)
    values = random.integers(6, size=(4, 3, 20)).astype(float)
    truth = random.permuted(np.broadcast_to(np.arange(20) < 7, (4, 3, 20)), axis=-1)
    found = measure(values, truth)
    assert found.shape == (4, 3)
    for place in np.ndindex(4, 3):
        assert found[place] == measure(values[place], truth[place])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_only_the_order_counts(seed):
    random = np.random.default_rng(seed)
    values = random.integers(-5, 5, size=30).astype(float)
    truth = random.permutation(np.arange(30) < 10)
    for measure in (roc_auc, average_precision):
        assert measure(np.exp(values) * 3 - 7, truth) == pytest.approx(measure(values, truth))


def test_best_worst_and_even_values():
    truth = np.arange(20) < 5
    assert roc_auc(truth.astype(float), truth) == average_precision(truth.astype(float), truth) == 1
    assert roc_auc(-truth.astype(float), truth) == 0
    assert average_precision(np.arange(20.0), truth) == pytest.approx(
        np.mean([hit / rank for hit, rank in zip(range(1, 6), range(16, 21), strict=True)])
    )
    assert roc_auc(np.zeros(20), truth) == 0.5
    assert average_precision(np.zeros(20), truth) == 5 / 20


def test_the_chance_of_average_precision_is_the_mean_over_all_orders():
    for positives, items in [(1, 2), (1, 5), (2, 5), (4, 5), (3, 7)]:
        all_orders = [
            average_precision(np.arange(float(items)), np.isin(np.arange(items), chosen))
            for chosen in itertools.combinations(range(items), positives)
        ]
        assert chance_average_precision(positives, items) == pytest.approx(np.mean(all_orders))
    with pytest.raises(ExplanationError, match="5 of 5"):
        chance_average_precision(5, 5)


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
@pytest.mark.parametrize("measure", [roc_auc, average_precision])
def test_one_kind_has_no_curve(measure, truth):
    with pytest.raises(ExplanationError, match="needs both"):
        measure(np.array([0.0, 1.0]), np.array(truth))


def test_one_poor_row_is_told():
    truth = np.array([[True, False, True], [False, False, False]])
    with pytest.raises(ExplanationError, match="0 true and 3 false"):
        roc_areas(np.zeros((2, 3)), truth)


@pytest.mark.parametrize("measure", [roc_auc, average_precision])
def test_values_that_cannot_be_ranked_are_refused(measure):
    with pytest.raises(ExplanationError, match="ranked"):
        measure(np.array([0.0, np.nan]), np.array([True, False]))


def test_values_and_labels_must_match():
    with pytest.raises(ExplanationError, match=r"shape \(3,\) for labels of \(2,\)"):
        check_two_kinds(np.arange(3.0), np.array([True, False]))
