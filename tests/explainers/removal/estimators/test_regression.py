import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score

from explainers.errors import ExplanationError
from explainers.removal.estimators.exact_shapley import all_coalitions
from explainers.removal.estimators.regression import (
    Regression,
    sampling_covariance,
    weighted_ridge,
)
from explainers.removal.game import play_against
from tests.explainers.removal.estimators.games import additive, interacting, pair

EFFECTS = np.array([3.0, -2.0, 0.0, 0.5, 1.0, 0.0])
TANGLED = interacting(6, np.random.default_rng(4))


def drawn(rows, players, seed=0):
    random = np.random.default_rng(seed)
    coalitions = random.random((rows, players)) < 0.6
    return coalitions, TANGLED(coalitions), random.random(rows) + 0.1


@pytest.mark.parametrize("alpha", [0.0, 0.3, 20.0])
def test_the_line_is_scikit_learns(alpha):
    coalitions, scores, weights = drawn(60, 6)
    oracle = (Ridge(alpha=alpha) if alpha else LinearRegression()).fit(
        coalitions, scores, sample_weight=weights
    )
    line = weighted_ridge(coalitions, scores, weights, alpha)
    np.testing.assert_allclose(line.coefficients, oracle.coef_, atol=1e-9)
    assert line.intercept == pytest.approx(oracle.intercept_)
    predicted = oracle.predict(coalitions)
    assert line.fit == pytest.approx(r2_score(scores, predicted, sample_weight=weights))


@pytest.mark.parametrize("alpha", [0.0, 5.0])
def test_an_influence_is_what_leaving_the_row_out_changes(alpha):
    coalitions, scores, weights = drawn(30, 6)
    line = weighted_ridge(coalitions, scores, weights, alpha)
    for row in range(30):
        rest = np.arange(30) != row
        without = weighted_ridge(coalitions[rest], scores[rest], weights[rest], alpha)
        np.testing.assert_allclose(
            line.influences[row], line.coefficients - without.coefficients, atol=1e-9
        )


def test_a_part_that_is_always_there_is_worth_nothing_and_nobody_knows_how_sure_that_is():
    coalitions, scores, weights = drawn(30, 6)
    coalitions[:, 2] = True
    line = weighted_ridge(coalitions, scores, weights)
    variances = np.diag(sampling_covariance(line, 1))
    assert line.coefficients[2] == pytest.approx(0, abs=1e-12)
    np.testing.assert_array_equal(np.isinf(variances), np.arange(6) == 2)


def test_parts_that_come_and_go_together_share_what_they_are_worth():
    coalitions = all_coalitions(6)
    coalitions[:, 1] = coalitions[:, 0]
    line = weighted_ridge(coalitions, additive(EFFECTS)(coalitions), np.ones(64))
    np.testing.assert_allclose(line.coefficients, [0.5, 0.5, *EFFECTS[2:]], atol=1e-9)
    np.testing.assert_array_equal(line.determined, [False, False, True, True, True, True])


@pytest.mark.parametrize("design", ["independent", "paired", "pooled", "runs:0.4:1"])
def test_a_score_that_adds_up_gives_its_terms_and_no_error(design):
    estimates = play_against(
        Regression(design=design, evaluations=200), additive(EFFECTS), 6, np.random.default_rng(0)
    )
    np.testing.assert_allclose(estimates.values, EFFECTS, atol=1e-9)
    np.testing.assert_allclose(estimates.standard_errors, 0, atol=1e-9)
    assert estimates.fit == pytest.approx(1)


def test_half_of_what_two_parts_only_do_together_goes_to_each():
    coalitions = all_coalitions(4)
    whole = weighted_ridge(coalitions, pair(coalitions), np.ones(16))
    np.testing.assert_allclose(whole.coefficients, [0.5, 0.5, 0, 0], atol=1e-12)
    # A coalition and its complement bring it out at once but for the row of all parts.
    estimates = play_against(
        Regression(design="paired", evaluations=2001), pair, 4, np.random.default_rng(0)
    )
    np.testing.assert_allclose(estimates.values, [0.5, 0.5, 0, 0], atol=2e-3)


@pytest.mark.parametrize(("design", "evaluations"), [("independent", 60), ("paired", 401)])
def test_intervals_cover_what_the_regression_on_all_coalitions_finds(design, evaluations):
    everything = all_coalitions(6)
    # The coalition of all parts is asked about once for sure, beside those that are drawn.
    weights = np.full(64, (evaluations - 1) / 64)
    weights[-1] += 1
    truth = weighted_ridge(everything, TANGLED(everything), weights).coefficients
    estimator = Regression(design=design, evaluations=evaluations)
    inside = []
    for seed in range(200):
        found = play_against(estimator, TANGLED, 6, np.random.default_rng(seed))
        inside.append(np.abs(found.values - truth) <= 1.96 * found.standard_errors)
    assert 0.92 < np.mean(inside) < 0.98
    assert np.mean(inside, axis=0).min() > 0.88


def test_sampling_stops_once_the_ranking_has_settled():
    asked = []

    def count(coalitions):
        asked.append(len(coalitions))
        return additive(EFFECTS)(coalitions)

    sure = Regression(evaluations=4000, confidence=0.95)
    assert play_against(sure, count, 6, np.random.default_rng(0)).settled is True
    assert sum(asked) < 300
    chance = np.random.default_rng(0)
    unsure = play_against(
        Regression(evaluations=400, confidence=0.95),
        lambda coalitions: chance.normal(size=len(coalitions)),
        12,
        np.random.default_rng(0),
    )
    assert unsure.settled is False


def test_too_few_evaluations_are_refused_and_as_many_as_asked_for_are_enough():
    with pytest.raises(ExplanationError, match=r"13 evaluations .* 6 parts; expected at least 14"):
        play_against(Regression(evaluations=13), additive(EFFECTS), 6, np.random.default_rng(0))
    play_against(Regression(evaluations=14), additive(EFFECTS), 6, np.random.default_rng(0))
