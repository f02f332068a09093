import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.removal.estimators.exact_shapley import ExactShapley
from explainers.removal.estimators.kernel_shap import KernelShap
from explainers.removal.game import play_against
from tests.explainers.removal.estimators.games import additive, interacting, noisy, pair


def play(estimator, value, players, seed=0):
    return play_against(estimator, value, players, np.random.default_rng(seed))


@pytest.mark.parametrize("sampling", ["kernel", "leverage"])
@pytest.mark.parametrize("players", [3, 4, 7, 10])
def test_all_coalitions_give_the_exact_values_without_any_doubt(players, sampling):
    game = noisy(players, np.random.default_rng(players))
    estimates = play(KernelShap(2**players + 5, sampling=sampling), game, players)
    assert game.asked == 2**players
    np.testing.assert_allclose(
        estimates.values, play(ExactShapley(), game, players).values, atol=1e-10
    )
    np.testing.assert_array_equal(estimates.standard_errors, 0)


def test_pair_interactions_are_solved_without_any_doubt():
    """A coalition and its complement together do not see interactions of two."""
    random = np.random.default_rng(0)
    pairs = np.triu(random.normal(size=(30, 30)), 1)

    def value(coalitions):
        return np.einsum("ri,ij,rj->r", coalitions, pairs, coalitions, optimize=True)

    estimates = play(KernelShap(200), value, 30)
    np.testing.assert_allclose(estimates.values, (pairs + pairs.T).sum(axis=1) / 2, atol=1e-10)
    np.testing.assert_allclose(estimates.standard_errors, 0, atol=1e-10)


def test_more_evaluations_come_closer():
    errors = []
    for evaluations in (60, 240, 900):
        off = []
        for seed in range(20):
            game = interacting(10, np.random.default_rng(seed))
            exact = play(ExactShapley(), game, 10).values
            off.append(play(KernelShap(evaluations), game, 10, seed).values - exact)
        errors.append(np.square(off).mean() ** 0.5)
    assert errors[0] > 2 * errors[1] > 8 * errors[2]


def test_the_fit_is_the_share_of_the_scores_variance():
    assert play(KernelShap(60), additive([1, 2, 3, 4, 5]), 5).fit == pytest.approx(1)
    assert play(KernelShap(60), lambda rows: np.full(len(rows), 7.0), 5).fit is None
    game = noisy(6, np.random.default_rng(0))
    estimates = play(KernelShap(64), game, 6)
    there = (np.arange(1, 63)[:, None] >> np.arange(6)) & 1
    sizes = there.sum(axis=1)
    weights = 1 / np.array([1, 6, 15, 20, 15, 6, 1])[sizes] / (sizes * (6 - sizes))
    scores, predicted = game.scores[1:-1], game.scores[0] + there @ estimates.values
    unexplained = np.average(np.square(scores - predicted), weights=weights)
    variance = np.average(np.square(scores - np.average(scores, weights=weights)), weights=weights)
    assert estimates.fit == pytest.approx(1 - unexplained / variance)
    assert -1 < play(KernelShap(60), pair, 6).fit < 1


def test_an_unknown_way_of_sampling_is_refused_by_name():
    with pytest.raises(ExplanationError, match=r"'uniform'.*kernel, leverage"):
        KernelShap(100, sampling="uniform")
