"""What holds for every estimator that fits something to sampled coalitions."""

import numpy as np
import pytest

from explainers.removal.estimators.forest import Forest
from explainers.removal.estimators.lime import Lime
from explainers.removal.estimators.regression import Regression
from explainers.removal.estimators.rise import Rise
from explainers.removal.estimators.sobol import Sobol
from explainers.removal.game import play_against

ESTIMATORS = [
    Lime(evaluations=120),
    Lime(evaluations=120, features=2),
    Lime(evaluations=120, design="runs:0.3:3"),
    Lime(evaluations=120, features=2, design="runs:0.3:3"),
    Regression(evaluations=120, design="paired"),
    Regression(evaluations=120, design="pooled"),
    Forest(evaluations=120),
    Forest(evaluations=120, importance="impurity"),
    Forest(evaluations=120, importance="permutation"),
    Rise(evaluations=120),
    Sobol(evaluations=120),
]
EVERY = pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)


def bent(coalitions):
    return np.tanh(coalitions @ np.linspace(-1, 2, coalitions.shape[1]))


@EVERY
def test_the_seed_decides_what_is_asked_and_what_is_found(estimator):
    asked = []

    def value(coalitions):
        asked.append(coalitions.copy())
        return bent(coalitions)

    first, again, other = (
        play_against(estimator, value, 9, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.standard_errors, again.standard_errors)
    assert (first.values != other.values).any()
    rounds = len(asked) // 3
    np.testing.assert_array_equal(
        np.concatenate(asked[:rounds]), np.concatenate(asked[rounds : 2 * rounds])
    )
    assert sum(map(len, asked[:rounds])) <= 120


@EVERY
@pytest.mark.parametrize("score", [0.0, -7.3])
@pytest.mark.parametrize("players", [1, 9])
@pytest.mark.filterwarnings("error")
def test_a_constant_score_is_nobodys_doing(estimator, score, players):
    found = play_against(
        estimator, lambda z: np.full(len(z), score), players, np.random.default_rng(0)
    )
    np.testing.assert_allclose(found.values, 0, atol=1e-9)
    finite = found.standard_errors[np.isfinite(found.standard_errors)]
    np.testing.assert_allclose(finite, 0, atol=1e-9)
    assert found.fit is None


@EVERY
@pytest.mark.filterwarnings("error")
def test_one_part_is_all_there_is(estimator):
    found = play_against(estimator, lambda z: 1 + 2 * z[:, 0], 1, np.random.default_rng(0))
    if isinstance(estimator, Sobol):
        assert found.values[0] == pytest.approx(1.0, rel=0.25)
    elif getattr(estimator, "importance", None) == "impurity":
        assert found.values[0] == pytest.approx(1.0)
    elif isinstance(estimator, Rise):
        # Its masks fade, so they vary less than whole coalitions do.
        assert found.values[0] == pytest.approx(2 * 19 / 27, rel=0.2)
    elif getattr(estimator, "importance", None) == "permutation":
        # The opposite comes as often as it stands in the column, and is two off.
        assert 0 < found.values[0] < 2
    else:
        assert found.values[0] == pytest.approx(2.0, rel=0.05)
    assert np.isfinite(found.standard_errors).all()


@EVERY
@pytest.mark.filterwarnings("error")
def test_errors_have_the_size_of_the_covariance(estimator):
    found = play_against(estimator, bent, 9, np.random.default_rng(0))
    assert found.values.shape == found.standard_errors.shape == (9,)
    assert (found.standard_errors >= 0).all()
    if found.covariance is not None:
        np.testing.assert_allclose(np.diag(found.covariance), found.standard_errors**2)
