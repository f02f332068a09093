import numpy as np
import pytest

from explainers.removal.estimators.sliding import Sliding
from explainers.removal.game import play_against
from tests.explainers.removal.estimators.games import Table, additive, shapley_by_orders

SEED = np.random.default_rng(0)


def play(value, players, size, others=0):
    return play_against(Sliding(size, others), value, players, SEED)


@pytest.mark.parametrize(
    ("players", "size", "others"), [(6, 2, 0), (7, 3, 1), (5, 1, 2), (4, 4, 0)]
)
def test_a_block_is_worth_its_shapley_value_against_the_rest(players, size, others):
    random = np.random.default_rng(players)
    value = Table(random.normal(size=2**players))
    found = play(value, players, size, others)
    blocks = players - others - size + 1
    assert found.values.shape == (blocks,)
    for start in range(blocks):
        block = np.arange(start, start + size)

        def game(coalitions, block=block):
            """Player 0 is the block, player 1 all the rest."""
            rows = np.repeat(coalitions[:, 1:], players, axis=1)
            rows[:, block] = coalitions[:, :1]
            return value(rows)

        expected = shapley_by_orders(game, 2)[0]
        assert found.values[start] == pytest.approx(expected, abs=1e-12)


def test_what_was_seen_is_told():
    terms = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    found = play(additive(terms), 5, size=2, others=1)
    np.testing.assert_allclose(found.values, [3, 6, 12])
    np.testing.assert_allclose(found.findings["alone"], [3 + 3, 3 + 6, 3 + 12])
    np.testing.assert_allclose(found.findings["without"], [34 - 3, 34 - 6, 34 - 12])
    np.testing.assert_array_equal(found.standard_errors, [0, 0, 0])


@pytest.mark.parametrize(("players", "others"), [(1, 0), (3, 0), (4, 1)])
def test_fewer_parts_than_a_block_are_one_block(players, others):
    terms = np.arange(1.0, players + 1)
    found = play(additive(terms), players, size=4, others=others)
    np.testing.assert_allclose(found.values, [terms[: players - others].sum()])


def test_nothing_is_asked_for_twice_and_no_more_than_both_sides():
    value = Table(np.random.default_rng(1).normal(size=2**9))
    play(value, 9, size=3)
    assert value.asked == 2 + 2 * 7
