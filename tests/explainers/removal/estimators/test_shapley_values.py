"""What every estimator of Shapley values must answer, whatever it asks."""

import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.removal.estimators.exact_shapley import ExactShapley
from explainers.removal.estimators.kernel_shap import KernelShap
from explainers.removal.estimators.leave_one_out import LeaveOneOut
from explainers.removal.estimators.permutation_shapley import PermutationShapley
from explainers.removal.game import play_against
from tests.explainers.removal.estimators.games import (
    Table,
    additive,
    interacting,
    noisy,
    pair,
    saturating,
)

SHAPLEY = [
    ExactShapley(),
    PermutationShapley(80),
    KernelShap(60, sampling="kernel"),
    KernelShap(60, sampling="leverage"),
]
SAMPLED = SHAPLEY[1:]


def play(estimator, value, players, seed=0):
    return play_against(estimator, value, players, np.random.default_rng(seed))


def exact(value, players):
    return play(ExactShapley(), value, players).values


@pytest.mark.parametrize("estimator", [*SHAPLEY, LeaveOneOut()], ids=repr)
def test_an_additive_score_gives_its_terms_and_is_sure_of_them(estimator):
    terms = [0.0, 1.0, -2.0, 0.5, 4.0, 0.25, -0.125]
    estimates = play(estimator, additive(terms), 7)
    np.testing.assert_allclose(estimates.values, terms, atol=1e-12)
    np.testing.assert_allclose(estimates.standard_errors, 0, atol=1e-12)


@pytest.mark.parametrize("estimator", SHAPLEY, ids=repr)
def test_two_parts_that_need_each_other_share_evenly_and_dummies_get_nothing(estimator):
    estimates = play(estimator, pair, 7)
    np.testing.assert_allclose(estimates.values, [0.5, 0.5, 0, 0, 0, 0, 0], atol=1e-12)


def test_leaving_one_out_counts_what_two_do_together_for_both():
    np.testing.assert_array_equal(play(LeaveOneOut(), pair, 4).values, [1, 1, 0, 0])


@pytest.mark.parametrize("estimator", [*SHAPLEY, LeaveOneOut()], ids=repr)
def test_a_single_part_gets_everything_and_two_parts_their_closed_form(estimator):
    alone = play(estimator, Table([1.0, 4.0]), 1)
    np.testing.assert_allclose(alone.values, [3.0])
    np.testing.assert_allclose(alone.standard_errors, [0.0], atol=1e-12)
    both = play(estimator, Table([1.0, 3.0, 0.0, 10.0]), 2)
    if isinstance(estimator, LeaveOneOut):
        np.testing.assert_allclose(both.values, [10.0, 7.0])
    else:  # ((3 - 1) + (10 - 0)) / 2 and ((0 - 1) + (10 - 3)) / 2
        np.testing.assert_allclose(both.values, [6.0, 3.0])
        np.testing.assert_allclose(both.standard_errors, 0.0, atol=1e-12)


@pytest.mark.parametrize("estimator", SHAPLEY, ids=repr)
def test_the_values_sum_to_what_all_are_worth_above_none(estimator):
    for seed in range(10):
        game = noisy(7, np.random.default_rng(seed))
        values = play(estimator, game, 7, seed).values
        assert values.sum() == pytest.approx(game.scores[-1] - game.scores[0], abs=1e-12)


@pytest.mark.parametrize("estimator", SAMPLED, ids=repr)
def test_the_same_random_gives_the_same_answer_and_another_another(estimator):
    game = noisy(8, np.random.default_rng(5))
    first, again, other = (play(estimator, game, 8, seed).values for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@pytest.mark.parametrize("estimator", SAMPLED, ids=repr)
def test_the_coalitions_do_not_depend_on_the_scores(estimator):
    asked = []
    for value in (additive(np.arange(8)), noisy(8, np.random.default_rng(0))):
        rounds = []
        play(estimator, lambda rows, v=value, r=rounds: (r.append(rows), v(rows))[1], 8)
        asked.append(np.concatenate(rounds))
    np.testing.assert_array_equal(*asked)


@pytest.mark.parametrize("estimator", SAMPLED, ids=repr)
def test_no_more_is_asked_for_than_was_allowed(estimator):
    play_, rows = estimator.play(9, np.random.default_rng(0)), 0
    coalitions = next(play_)
    with pytest.raises(StopIteration):
        while True:
            rows += len(coalitions)
            coalitions = play_.send(coalitions.sum(axis=1).astype(float))
    assert estimator.evaluations - 16 <= rows <= estimator.evaluations


@pytest.mark.parametrize("estimator", SAMPLED, ids=repr)
def test_too_few_evaluations_are_refused_with_the_number_that_would_do(estimator):
    with pytest.raises(ExplanationError, match=r"80|60"):
        play(estimator, additive(np.ones(40)), 40)
    with pytest.raises(ExplanationError, match="confidence"):
        type(estimator)(evaluations=100, confidence=1.0)
    with pytest.raises(ExplanationError, match="evaluations"):
        type(estimator)(evaluations=0)


@pytest.mark.parametrize(
    ("estimator", "players"),
    [
        (KernelShap(70, sampling="kernel"), 8),
        (KernelShap(130, sampling="kernel"), 9),
        (KernelShap(70, sampling="leverage"), 8),
        (KernelShap(130, sampling="leverage"), 9),
        (KernelShap(500, sampling="leverage"), 10),
        (PermutationShapley(150), 8),
        (PermutationShapley(260), 9),
    ],
    ids=repr,
)
@pytest.mark.parametrize("kind", [interacting, noisy, saturating])
def test_the_intervals_cover_as_they_claim(estimator, players, kind):
    """Over 200 seeds, each with a game of its own: neither too narrow nor much too wide."""
    off = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        game = kind(players, random)
        estimates = play_against(estimator, game, players, random)
        off.append((estimates.values - exact(game, players)) / estimates.standard_errors)
    off = np.abs(np.concatenate(off))
    assert 0.92 <= (off <= 1.96).mean() <= 0.98
    assert (off <= 3).mean() >= 0.98
    assert 0.7 <= np.square(off).mean() <= 1.4


@pytest.mark.parametrize("kind", [PermutationShapley, KernelShap])
def test_a_clear_ranking_stops_early_and_an_open_one_never(kind):
    clear = np.linspace(-3, 3, 20)

    def nearly_additive(coalitions):
        return coalitions @ clear + 0.3 * coalitions[:, [0, 7, 12]].prod(axis=1)

    estimator = kind(4000, confidence=0.95)
    asked = []
    estimates = play(estimator, lambda rows: (asked.append(rows), nearly_additive(rows))[1], 20)
    assert estimates.settled is True
    assert sum(map(len, asked)) < 1000
    hashes = np.random.default_rng(0).integers(1, 2**31, size=20)

    def chance(coalitions):
        return np.sin((coalitions @ hashes).astype(float))

    assert play(estimator, chance, 20).settled is False
    assert play(kind(4000), chance, 20).settled is None
