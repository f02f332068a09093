from dataclasses import dataclass

import numpy as np
import pytest

from explainers.removal.game import Estimates, Estimator, Memory, play_against

ROWS = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1], [1, 1, 1], [0, 0, 0]], dtype=bool)


def test_each_coalition_is_asked_once_and_every_row_is_answered():
    memory = Memory()
    rows = memory.unasked(ROWS)
    np.testing.assert_array_equal(rows, [0, 1, 3])
    scores = memory.answer(ROWS, rows, np.array([5.0, 7.0, 9.0]))
    np.testing.assert_array_equal(scores, [5.0, 7.0, 5.0, 9.0, 7.0])
    later = np.array([[0, 1, 0], [1, 1, 1], [1, 0, 1]], dtype=bool)
    np.testing.assert_array_equal(memory.unasked(later), [0])
    scores = memory.answer(later, np.array([0]), np.array([1.0]))
    np.testing.assert_array_equal(scores, [1.0, 9.0, 5.0])
    assert scores.dtype == np.float64
    assert len(memory.unasked(later)) == 0


@pytest.mark.parametrize("players", [1, 7, 8, 9, 17, 70])
def test_no_two_coalitions_are_confused(players):
    one_each = np.eye(players, dtype=bool)
    coalitions = np.concatenate([one_each, ~one_each]) if players > 2 else one_each
    memory = Memory()
    rows = memory.unasked(coalitions)
    assert len(rows) == len(coalitions)
    scores = np.arange(len(rows), dtype=float)
    np.testing.assert_array_equal(memory.answer(coalitions, rows, scores), scores)
    np.testing.assert_array_equal(
        memory.answer(coalitions[::-1], memory.unasked(coalitions[::-1]), np.empty(0)), scores[::-1]
    )


def test_shares_of_parts_are_asked_every_time():
    memory, half = Memory(), np.full((2, 3), 0.5)
    for _ in range(2):
        rows = memory.unasked(half)
        np.testing.assert_array_equal(rows, [0, 1])
        np.testing.assert_array_equal(memory.answer(half, rows, np.array([1.0, 2.0])), [1.0, 2.0])


@dataclass(frozen=True)
class AsksTwice(Estimator):
    """The mean of what it is told, in two rounds that share coalitions."""

    def play(self, players, random):
        first = yield random.random((6, players)) < 0.5
        again = yield np.zeros((2, players), dtype=bool)
        return Estimates(np.full(players, first.mean()), again)


def test_a_plain_function_drives_an_estimator():
    asked = []

    def value(coalitions):
        asked.append(coalitions)
        return coalitions.sum(axis=1)

    found = play_against(AsksTwice(), value, 2, np.random.default_rng(0))
    drawn = np.random.default_rng(0).random((6, 2)) < 0.5
    np.testing.assert_array_equal(found.values, np.full(2, drawn.sum() / 6))
    np.testing.assert_array_equal(found.standard_errors, [0.0, 0.0])
    everything = np.concatenate(asked)
    assert len(everything) == len(np.unique(everything, axis=0)) <= 4
    assert found.fit is None and found.settled is None and found.findings == {}
