from itertools import permutations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import partial_dependence
from sklearn.tree import DecisionTreeRegressor

from explainers.errors import ExplanationError
from explainers.removal.designs import parse_design, with_everything
from explainers.removal.estimators.forest import Forest, grow, impurity, permutation, signed
from explainers.removal.game import play_against
from tests.explainers.removal.estimators.games import additive, interacting, pair

EFFECTS = [3.0, -2.0, 0.0, 0.0, 1.0, 0.0]


def grown(rows=200, seed=0):
    random = np.random.default_rng(seed)
    coalitions = (random.random((rows, 6)) < 0.5).astype(np.float32)
    scores = interacting(6, random)(coalitions.astype(int)) + random.normal(size=rows)
    return DecisionTreeRegressor(random_state=0).fit(coalitions, scores), coalitions, scores


def play(estimator, game, players=6, seed=0):
    return play_against(estimator, game, players, np.random.default_rng(seed))


def test_signed_is_the_step_of_scikit_learns_partial_dependence():
    tree, coalitions, scores = grown()
    steps = [
        np.diff(
            partial_dependence(tree, coalitions, [part], method="brute", kind="average")["average"]
        )[0, 0]
        for part in range(6)
    ]
    np.testing.assert_allclose(signed(tree, coalitions, scores), steps, atol=1e-6)


def test_permutation_is_the_mean_over_all_shuffles():
    tree, _, _ = grown()
    _, coalitions, scores = grown(rows=6, seed=1)
    error = np.square(tree.predict(coalitions) - scores).mean()
    for part, value in enumerate(permutation(tree, coalitions, scores)):
        errors = []
        for order in permutations(range(6)):
            shuffled = coalitions.copy()
            shuffled[:, part] = coalitions[list(order), part]
            errors.append(np.square(tree.predict(shuffled) - scores).mean())
        assert value == pytest.approx(np.mean(errors) - error, abs=1e-5)


def test_impurity_is_what_a_scikit_learn_forest_calls_importance():
    _, coalitions, scores = grown(rows=800)
    forest = RandomForestRegressor(200, max_features=1 / 3, random_state=0).fit(coalitions, scores)
    trees = [impurity(tree, coalitions, scores) for tree in forest.estimators_]
    np.testing.assert_allclose(np.mean(trees, axis=0), forest.feature_importances_, atol=1e-9)


def test_a_score_that_adds_up_gives_its_terms_nearly():
    found = play(Forest(design="independent"), additive(EFFECTS))
    np.testing.assert_allclose(found.values, EFFECTS, atol=0.12)
    assert found.fit > 0.99
    for importance in ("impurity", "permutation"):
        squares = play(Forest(importance=importance, design="independent"), additive(EFFECTS))
        shares = squares.values / squares.values.sum()
        np.testing.assert_allclose(shares, np.square(EFFECTS) / 14, atol=0.04)


def test_half_of_what_two_parts_only_do_together_goes_to_each():
    found = play(Forest(design="independent"), pair, players=4)
    np.testing.assert_allclose(found.values, [0.5, 0.5, 0, 0], atol=0.05)


def test_only_the_signed_importance_knows_which_way():
    upside_down = additive(-np.array(EFFECTS))
    for importance, sign in (("signed", -1), ("impurity", 1), ("permutation", 1)):
        forest = Forest(importance=importance, evaluations=200)
        there, back = play(forest, additive(EFFECTS)), play(forest, upside_down)
        np.testing.assert_allclose(back.values, sign * there.values, atol=0.02)


@pytest.mark.parametrize("importance", ["signed", "impurity", "permutation"])
def test_errors_are_not_too_small_and_not_twice_too_large(importance):
    game = interacting(8, np.random.default_rng(2))
    forest = Forest(importance=importance, evaluations=250, design="independent")
    found = [play(forest, game, 8, seed) for seed in range(25)]
    values = np.array([one.values for one in found])
    errors = np.array([one.standard_errors for one in found])
    assert (np.abs(values - values.mean(axis=0)) < 1.96 * errors).mean() > 0.93
    # On average over parts, against the spread that really is there.
    ratio = np.sqrt(np.square(errors).mean() / values.var(axis=0, ddof=1).mean())
    assert 0.9 < ratio < 2.0


def test_the_fit_is_on_rows_the_trees_have_not_seen():
    chance = np.random.default_rng(0)
    forest = Forest(design="independent")
    noise = play(forest, lambda coalitions: chance.normal(size=len(coalitions)), players=20)
    assert noise.fit < 0.05
    assert play(forest, additive(EFFECTS)).fit > 0.99


def test_a_coalition_and_its_complement_are_unseen_together():
    coalitions = with_everything(parse_design("paired"), 121, 10, np.random.default_rng(0))
    looks = []

    def note(tree, unseen, scores):
        drawn = unseen[~unseen.all(axis=1)].astype(bool)
        assert {row.tobytes() for row in drawn} == {(~row).tobytes() for row in drawn}
        looks.append(len(unseen))
        return np.zeros(10)

    grow(coalitions, np.arange(121.0), note, 2, np.random.default_rng(0))
    assert len(looks) == 192
    assert set(looks) <= {59, 60, 61, 62}


def test_forests_are_grown_rarely_while_sampling_may_still_stop():
    sure = Forest(evaluations=4000, confidence=0.9)
    assert list(sure._looks()) == [256, 512, 1024, 2048, 4000]
    assert list(Forest(evaluations=4000)._looks()) == [4000]
    asked = []

    def count(coalitions):
        asked.append(len(coalitions))
        return coalitions @ np.array([5.0, -4, 3, -2, 1, 0.3])

    assert play(sure, count).settled is True
    assert sum(asked) < 600
    chance = np.random.default_rng(0)
    unsure = play(
        Forest(evaluations=300, confidence=0.99),
        lambda coalitions: chance.normal(size=len(coalitions)),
        20,
    )
    assert unsure.settled is False
    assert play(Forest(evaluations=300), additive(EFFECTS)).settled is None


def test_settings_that_cannot_be_meant_are_refused_at_once():
    for settings in ({"importance": "gini"}, {"evaluations": 19}, {"design": "runs:2:2"}):
        with pytest.raises(ExplanationError):
            Forest(**settings)
