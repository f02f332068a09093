import numpy as np
import pytest
import torch
from captum.attr import ShapleyValues

from explainers.errors import ExplanationError
from explainers.removal.estimators.exact_shapley import ExactShapley, all_coalitions
from explainers.removal.game import play_against
from tests.explainers.removal.estimators.games import (
    interacting,
    noisy,
    shapley_by_orders,
    shapley_by_sums,
)


def exact(value, players):
    return play_against(ExactShapley(), value, players, np.random.default_rng(0)).values


def test_ten_parts_equal_the_sums_of_the_definition():
    game = interacting(10, np.random.default_rng(1))
    np.testing.assert_allclose(exact(game, 10), shapley_by_sums(game, 10), atol=1e-10)


def test_six_parts_equal_the_mean_over_all_orders():
    game = noisy(6, np.random.default_rng(2))
    np.testing.assert_allclose(exact(game, 6), shapley_by_orders(game, 6), atol=1e-12)


def test_it_equals_captum_on_the_same_model():
    inputs = torch.tensor([[0.5, -1.0, 2.0, 0.25, 1.5]], dtype=torch.float64)

    def model(rows):
        return torch.tanh(rows.sum(1)) + rows[:, 0] * rows[:, 2] * rows[:, 4] - rows[:, 1] ** 2

    theirs = ShapleyValues(model).attribute(inputs)[0].numpy()
    ours = exact(lambda rows: model(torch.from_numpy(rows) * inputs).numpy(), 5)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_every_coalition_is_asked_about_once_and_too_many_parts_not_at_all():
    game = noisy(9, np.random.default_rng(0))
    exact(game, 9)
    assert game.asked == 2**9
    assert len(np.unique(all_coalitions(9), axis=0)) == 2**9
    with pytest.raises(ExplanationError, match="at most 12 parts"):
        exact(game, 13)
