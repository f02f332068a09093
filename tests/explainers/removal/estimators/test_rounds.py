import numpy as np

from explainers.removal.estimators.rounds import ROUND, ask_in_rounds, ask_until_settled
from explainers.removal.game import Estimates

COALITIONS = (np.arange(1000)[:, None] >> np.arange(10) & 1).astype(bool)


def drive(play, value):
    asked = []
    try:
        coalitions = next(play)
        while True:
            asked.append(coalitions)
            coalitions = play.send(value(coalitions))
    except StopIteration as finished:
        return asked, finished.value


def numbers(coalitions):
    return coalitions @ (1.0 * (1 << np.arange(10)))


def test_every_row_is_asked_for_once_and_in_order():
    asked, scores = drive(ask_in_rounds(COALITIONS), numbers)
    assert max(map(len, asked)) <= ROUND
    np.testing.assert_array_equal(np.concatenate(asked), COALITIONS)
    np.testing.assert_array_equal(scores, np.arange(1000))


def test_it_stops_at_the_first_round_that_settles_and_says_so():
    def sure_after(enough):
        def estimate(scores):
            np.testing.assert_array_equal(scores, np.arange(len(scores)))
            errors = np.full(10, 1e-6 if len(scores) >= enough else 100.0)
            return Estimates(np.arange(10.0), errors)

        return estimate

    asked, estimates = drive(ask_until_settled(COALITIONS, sure_after(300), 0.9, 0), numbers)
    assert (sum(map(len, asked)), estimates.settled) == (2 * ROUND, True)
    asked, estimates = drive(ask_until_settled(COALITIONS, sure_after(2000), 0.9, 0), numbers)
    assert (sum(map(len, asked)), estimates.settled) == (1000, False)
    asked, estimates = drive(ask_until_settled(COALITIONS, sure_after(0), 0.9, 600), numbers)
    assert (sum(map(len, asked)), estimates.settled) == (3 * ROUND, True)
    asked, estimates = drive(ask_until_settled(COALITIONS, sure_after(0), 0.0, 0), numbers)
    assert (sum(map(len, asked)), estimates.settled) == (1000, None)
