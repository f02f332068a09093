import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from explainers.errors import ExplanationError
from explainers.quality.statistics import bootstrap_mean, middle_ranks, roc_auc


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


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_one_kind_has_no_curve(truth):
    with pytest.raises(ExplanationError, match="needs both"):
        roc_auc(np.array([0.0, 1.0]), np.array(truth))


def test_values_that_cannot_be_ranked_are_refused():
    with pytest.raises(ExplanationError, match="ranked"):
        roc_auc(np.array([0.0, np.nan]), np.array([True, False]))


def test_the_interval_covers_as_it_claims():
    random = np.random.default_rng(0)
    hits = 0
    for trial in range(300):
        estimate = bootstrap_mean(random.normal(3.0, 1.0, size=40), samples=400, seed=trial)
        hits += estimate.low <= 3.0 <= estimate.high
    assert 0.89 <= hits / 300 <= 0.98


def test_the_interval_is_that_of_the_normal_for_many_clips():
    values = np.random.default_rng(1).normal(size=4000)
    estimate = bootstrap_mean(values)
    error = values.std(ddof=1) / np.sqrt(4000)
    assert estimate.mean == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert estimate.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)
    assert estimate.count == 4000


def test_clips_that_belong_together_are_drawn_together():
    values = np.repeat(np.random.default_rng(2).normal(size=30), 20)
    speakers = [f"speaker {index // 20}" for index in range(600)]
    alone, together = bootstrap_mean(values), bootstrap_mean(values, speakers)
    ratio = (together.high - together.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(np.sqrt(20), rel=0.15)
    assert together.mean == pytest.approx(alone.mean)


def test_the_seed_decides():
    values = np.random.default_rng(3).normal(size=20)
    assert bootstrap_mean(values, seed=1) == bootstrap_mean(values, seed=1)
    assert bootstrap_mean(values, seed=1) != bootstrap_mean(values, seed=2)


@pytest.mark.parametrize("values", [[], [float("nan")]])
def test_a_mean_needs_values(values):
    with pytest.raises(ExplanationError, match="at least one"):
        bootstrap_mean(values)


def test_clusters_must_match():
    with pytest.raises(ExplanationError, match="2 values were given for 1 clusters"):
        bootstrap_mean([1.0, 2.0], ["a"])


@pytest.mark.parametrize("options", [{"level": 1.0}, {"level": 0.0}, {"samples": 0}])
def test_an_interval_needs_a_level_and_draws(options):
    with pytest.raises(ExplanationError, match="level"):
        bootstrap_mean([1.0, 2.0], **options)
