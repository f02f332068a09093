import numpy as np
import pytest
from scipy.stats import kendalltau

from xaudio.metrics import (
    EqualErrorRate,
    FalseRejection,
    MetricError,
    RocArea,
    kendall_tau,
    rank_shares,
    rank_stability,
)


@pytest.fixture(scope="module")
def trials():
    random = np.random.default_rng(0)
    is_bonafide = np.arange(400) < 200
    hard = random.normal(0, 0.5, 400)
    scores = {
        name: np.where(is_bonafide, 1, -1) * quality + hard + random.normal(0, 0.3, 400)
        for name, quality in {"bad": 0.3, "good": 1.5, "better?": 1.52}.items()
    }
    return scores, is_bonafide


def test_clear_ranks_are_stable_and_close_ones_are_shared(trials):
    found = rank_stability(*trials, EqualErrorRate(), samples=500)
    assert found.models == ("bad", "good", "better?")
    assert found.shares.sum(axis=0) == pytest.approx(np.ones(3))
    assert found.shares.sum(axis=1) == pytest.approx(np.ones(3))
    assert found.shares[0].tolist() == [0, 0, 1]
    assert (found.low[0], found.high[0], found.ranks[0]) == (3, 3, 3)
    assert 0.02 < found.shares[1, 0] < 0.98
    assert found.low[1:].tolist() == [1, 1]
    assert found.high[1:].tolist() == [2, 2]


def test_a_narrow_interval_of_ranks_is_about_the_middle_replicate(trials):
    found = rank_stability(*trials, EqualErrorRate(), level=0.02, samples=500)
    first = found.shares[1:, 0]
    assert (np.abs(first - 0.5) > 0.01).all()
    assert found.low[1:].tolist() == found.high[1:].tolist() == np.where(first > 0.5, 1, 2).tolist()


def test_a_statistic_that_should_be_high_is_ranked_from_above(trials):
    found = rank_stability(*trials, RocArea(), samples=50)
    assert found.ranks[0] == 3
    assert found.shares[0, 2] == 1


def test_each_model_may_have_its_own_threshold(trials):
    scores, is_bonafide = trials
    shifted = {name: values + 9 * (name == "good") for name, values in scores.items()}
    thresholds = {name: FalseRejection(9.0 * (name == "good")) for name in scores}
    ours = rank_stability(shifted, is_bonafide, thresholds, samples=50)
    same = rank_stability(scores, is_bonafide, FalseRejection(0.0), samples=50)
    assert ours.shares == pytest.approx(same.shares)


def test_shares_count_ranks_one_replicate_at_a_time():
    replicates = np.random.default_rng(1).integers(4, size=(5, 200)).astype(float)
    expected = np.zeros((5, 5))
    for values in replicates.T:
        for model, value in enumerate(values):
            held = np.flatnonzero(np.sort(values) == value)
            expected[model, held] += 1 / len(held) / 200
    assert rank_shares(replicates) == pytest.approx(expected)


def test_tau_equals_scipys():
    values = np.random.default_rng(2).integers(6, size=(4, 8)).astype(float)
    found = kendall_tau(values)
    for one in range(4):
        for other in range(4):
            assert found[one, other] == pytest.approx(kendalltau(values[one], values[other])[0])
    assert np.isnan(kendall_tau([[1.0, 1.0], [1.0, 2.0]])[0]).all()


def test_bad_input():
    with pytest.raises(MetricError, match="at least one model"):
        rank_stability({}, np.array([True, False]), EqualErrorRate())
    with pytest.raises(MetricError, match="two models or more"):
        kendall_tau([[1.0], [2.0]])
