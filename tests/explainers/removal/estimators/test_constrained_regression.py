import numpy as np
import pytest
import torch
from captum.attr import KernelShap

from explainers.removal.estimators.constrained_regression import (
    constrained_least_squares,
    regression_on,
)


def by_lagrange(coalitions, scores, weights, nothing, everything):
    """The same problem with the constraint's multiplier as one more unknown."""
    players = coalitions.shape[1]
    system = np.ones((players + 1, players + 1))
    system[:-1, :-1] = coalitions.T @ (weights[:, None] * coalitions)
    system[-1, -1] = 0
    right = np.append(coalitions.T @ (weights * (scores - nothing)), everything - nothing)
    return np.linalg.solve(system, right)[:-1]


@pytest.mark.parametrize("shares", [False, True])
def test_it_solves_the_problem_as_lagrange_does(shares):
    random = np.random.default_rng(0)
    coalitions = random.random((60, 9))
    if not shares:
        coalitions = coalitions < 0.5
    scores, weights = random.normal(size=60), random.exponential(size=60)
    ours = constrained_least_squares(coalitions, scores, weights, -0.5, 2.0)
    theirs = by_lagrange(coalitions.astype(float), scores, weights, -0.5, 2.0)
    np.testing.assert_allclose(ours, theirs, atol=1e-10)
    assert ours.sum() == pytest.approx(2.5, abs=1e-13)


def test_it_equals_captum_on_the_masks_that_captum_drew():
    """Captum holds the two ends by a weight of a million only: equal to about a millionth."""
    inputs = torch.tensor([[0.5, -1.0, 2.0, 0.25, 1.5, -0.75]], dtype=torch.float64)
    asked = []

    def model(rows):
        asked.append(rows != 0)
        return torch.tanh(rows.sum(1)) + rows[:, 0] * rows[:, 2] * rows[:, 4] - rows[:, 1] ** 2

    torch.manual_seed(0)
    theirs = KernelShap(model).attribute(inputs, n_samples=80)[0].numpy()
    coalitions = torch.cat(asked).numpy()
    scores = model(torch.from_numpy(coalitions) * inputs).numpy()
    sizes = coalitions.sum(axis=1)
    drawn = (sizes > 0) & (sizes < 6)
    nothing, everything = scores[sizes == 0][0], scores[sizes == 6][0]
    ours = constrained_least_squares(
        coalitions[drawn], scores[drawn], np.ones(drawn.sum()), nothing, everything
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert ours.sum() == pytest.approx(everything - nothing, abs=1e-13)


def test_the_covariance_is_that_of_leaving_out_each_row():
    """HC3: a refit without each row, with the matrix kept, written out row by row."""
    random = np.random.default_rng(1)
    coalitions, scores = random.random((30, 5)) < 0.5, random.normal(size=30)
    weights = random.exponential(size=30)
    regression = regression_on(coalitions, weights)
    values = regression.values(scores, 0.0, 1.0)
    covariance = regression.covariance(scores, values, 0.0, np.zeros(30))
    shifts = []
    for row in range(30):
        others = np.arange(30) != row
        without = constrained_least_squares(
            coalitions[others], scores[others], weights[others], 0.0, 1.0
        )
        shifts.append(without - values)
    jackknife = np.array(shifts).T @ np.array(shifts)
    student = covariance[0, 0] / jackknife[0, 0]  # 26 degrees of freedom: 2.056 / 1.960, squared
    assert student == pytest.approx((2.0555 / 1.9600) ** 2, abs=1e-3)
    np.testing.assert_allclose(covariance, student * jackknife, rtol=1e-9, atol=1e-12)


def test_complete_strata_add_no_chance_and_too_few_rows_no_certainty():
    random = np.random.default_rng(2)
    coalitions, scores = random.random((30, 5)) < 0.5, random.normal(size=30)
    regression = regression_on(coalitions, np.ones(30))
    values = regression.values(scores, 0.0, 1.0)
    np.testing.assert_array_equal(regression.covariance(scores, values, 0.0, np.ones(30)), 0)
    few = regression_on(np.tile(coalitions[:3], (10, 1)), np.ones(30))
    assert not few.determined
    assert np.isinf(few.covariance(scores, values, 0.0, np.zeros(30))).all()
    barely = regression_on(coalitions[:4], np.ones(4))
    assert barely.determined
    assert np.isinf(barely.covariance(scores[:4], values, 0.0, np.zeros(4))).all()
