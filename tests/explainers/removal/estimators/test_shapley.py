import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.removal.estimators.permutation_shapley import PermutationShapley
from explainers.removal.estimators.shapley import Shapley
from explainers.removal.game import play_against
from tests.explainers.removal.estimators.games import interacting, shapley_by_sums


@pytest.mark.parametrize(
    ("players", "evaluations", "exact"),
    [(4, 16, True), (6, 64, True), (6, 63, False), (12, 4096, True), (13, 10_000, False)],
)
def test_exact_where_all_coalitions_can_be_asked_about(players, evaluations, exact):
    value = interacting(players, np.random.default_rng(players))
    found = play_against(Shapley(evaluations), value, players, np.random.default_rng(0))
    assert bool((found.standard_errors == 0).all()) == exact
    assert value.asked <= evaluations
    if exact:
        assert value.asked == 2**players
        if players <= 6:
            expected = shapley_by_sums(value, players)
            np.testing.assert_allclose(found.values, expected, atol=1e-9)
    ends = value(np.array([[True] * players, [False] * players]))
    assert found.values.sum() == pytest.approx(ends[0] - ends[1], abs=1e-9)


def test_sampling_is_that_of_permutations_with_its_confidence():
    value = interacting(13, np.random.default_rng(5))
    for confidence in (0.0, 0.9):
        ours, theirs = (
            play_against(kind(3000, confidence), value, 13, np.random.default_rng(0))
            for kind in (Shapley, PermutationShapley)
        )
        np.testing.assert_array_equal(ours.values, theirs.values)
        assert ours.settled == theirs.settled
        assert (ours.settled is None) == (confidence == 0)


@pytest.mark.parametrize("settings", [(-1, 0.0), (100, 1.5)])
def test_settings_that_make_no_sense_are_refused_at_once(settings):
    with pytest.raises(ExplanationError):
        Shapley(*settings)
