import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.removal.stopping import check_sampling, ranking_settled

VALUES = np.linspace(-1, 1, 30)


def share_of_differences_kept(values, others):
    """By going through all pairs: the share kept less the share turned."""
    first, second = np.triu_indices(len(values), 1)
    differences = values[first] - values[second]
    kept = np.sign(differences) == np.sign(others[first] - others[second])
    return np.sum(np.abs(differences) * np.where(kept, 1, -1)) / np.abs(differences).sum()


def test_small_errors_settle_large_ones_do_not_and_one_part_always_is():
    assert ranking_settled(VALUES, np.full(30, 0.01), 0.95)
    assert not ranking_settled(VALUES, np.full(30, 1.0), 0.95)
    assert not ranking_settled(VALUES, np.full(30, np.inf), 0.95)
    assert not ranking_settled(VALUES, np.full((30, 30), np.nan), 0.95)
    assert ranking_settled(np.array([1.0]), np.array([np.inf]), 0.95)
    assert ranking_settled(np.zeros(5), np.zeros(5), 0.95)


def test_standard_errors_are_a_diagonal_covariance():
    for error in (0.05, 0.15, 0.2, 0.3):
        errors = np.full(30, error)
        assert ranking_settled(VALUES, errors, 0.9) == ranking_settled(
            VALUES, np.diag(errors**2), 0.9
        )


def test_an_error_that_all_values_share_moves_no_rank():
    assert ranking_settled(VALUES, np.full((30, 30), 100.0), 0.95)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_it_settles_where_fresh_sampling_agrees_as_often_as_was_asked(confidence):
    """Against rankings that are really drawn twice, with errors of growing size."""
    random = np.random.default_rng(1)

    def agreement(size):
        twice = VALUES + size * random.normal(size=(300, 2, 30))
        return np.mean([share_of_differences_kept(*two) >= 0.9 for two in twice])

    def settled(size):
        errors = np.full(30, size)
        return np.mean(
            [
                ranking_settled(VALUES + size * random.normal(size=30), errors, confidence)
                for _ in range(60)
            ]
        )

    right = next(size for size in np.arange(0.1, 0.4, 0.01) if agreement(size) < confidence)
    assert settled(0.75 * right) > 0.9
    assert settled(1.33 * right) < 0.1


def test_parts_that_are_worth_nothing_do_not_hold_it_up():
    values = np.array([*np.zeros(35), 1.0, 2.0, 3.0, 4.0, 5.0])
    random = np.random.default_rng(0)
    assert ranking_settled(values + 0.1 * random.normal(size=40), np.full(40, 0.1), 0.95)
    assert not ranking_settled(values + random.normal(size=40), np.full(40, 1.0), 0.95)


def test_pure_noise_never_settles():
    random = np.random.default_rng(0)
    for _ in range(20):
        assert not ranking_settled(random.normal(size=40), np.ones(40), 0.5)


def test_more_confidence_and_more_agreement_ask_for_more():
    errors = np.full(30, 0.15)
    answers = [ranking_settled(VALUES, errors, c) for c in (0.05, 0.5, 0.9, 0.999)]
    assert answers == sorted(answers, reverse=True)
    assert ranking_settled(VALUES, errors, 0.9, agreement=0.5)
    assert not ranking_settled(VALUES, errors, 0.9, agreement=0.999)


def test_settings_that_cannot_be_meant_are_refused():
    for confidence in (0.0, 1.0, 1.5, -0.5):
        with pytest.raises(ExplanationError, match="confidence"):
            ranking_settled(VALUES, np.ones(30), confidence)
    with pytest.raises(ExplanationError, match="confidence is 1"):
        check_sampling(10, 1.0)
    with pytest.raises(ExplanationError, match="evaluations is 0"):
        check_sampling(0, 0.5)
    check_sampling(1, 0.0)
