from itertools import pairwise

import numpy as np
import pytest

from explainers.removal.estimators.exact_shapley import ExactShapley
from explainers.removal.estimators.permutation_shapley import PermutationShapley
from explainers.removal.game import play_against
from tests.explainers.removal.estimators.games import interacting, noisy


def test_a_pair_of_orders_is_what_its_parts_add_forwards_and_backwards():
    """Two pairs written out by hand, from the coalitions that were asked about."""
    game, estimator = noisy(5, np.random.default_rng(0)), PermutationShapley(2 + 4 * 4)
    asked = []
    estimates = play_against(
        estimator, lambda rows: (asked.append(rows), game(rows))[1], 5, np.random.default_rng(3)
    )
    rows = next(estimator.play(5, np.random.default_rng(3)))
    np.testing.assert_array_equal(rows[:2].sum(axis=1), [0, 5])
    added = np.zeros((4, 5))
    for climb, beginnings in enumerate(rows[2:].reshape(4, 4, 5)):
        steps = np.concatenate([rows[:1], beginnings, rows[1:2]])
        for before, after in pairwise(steps):
            (comer,) = np.flatnonzero(after & ~before)
            added[climb, comer] = np.diff(game(np.stack([before, after])))[0]
    np.testing.assert_allclose(estimates.values, added.mean(axis=0), atol=1e-12)
    for forwards, backwards in rows[2:].reshape(2, 2, 4, 5):
        np.testing.assert_array_equal(backwards, ~forwards[::-1])


def test_many_orders_come_close_to_the_exact_values():
    game = interacting(8, np.random.default_rng(0))
    exact = play_against(ExactShapley(), game, 8, np.random.default_rng(0)).values
    estimates = play_against(PermutationShapley(60_000), game, 8, np.random.default_rng(1))
    np.testing.assert_allclose(estimates.values, exact, atol=0.05)
    assert estimates.standard_errors.max() < 0.03


def test_one_part_that_never_varied_is_not_called_certain_beside_others_that_did():
    def value(coalitions):  # parts 1 to 3 matter together, part 0 not at all
        return coalitions[:, 1:4].prod(axis=1).astype(float)

    few = play_against(PermutationShapley(100), value, 8, np.random.default_rng(0))
    many = play_against(PermutationShapley(10_000), value, 8, np.random.default_rng(0))
    assert few.values[0] == 0
    assert 0 < few.standard_errors[0] < few.standard_errors[1:4].min()
    assert many.standard_errors[0] < 0.1 * many.standard_errors[1:4].min()


def test_the_covariance_knows_that_the_sum_is_certain():
    game = noisy(8, np.random.default_rng(0))
    estimates = play_against(PermutationShapley(200), game, 8, np.random.default_rng(0))
    assert estimates.covariance.sum() == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(
        np.square(estimates.standard_errors), np.diag(estimates.covariance), rtol=1e-9
    )
