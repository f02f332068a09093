"""Games whose answer is known, and Shapley values straight from their definitions."""

from itertools import permutations
from math import factorial

import numpy as np


def additive(terms):
    """Every part adds its term."""
    return lambda coalitions: 3.0 + coalitions @ np.asarray(terms, dtype=float)


def pair(coalitions):
    """Parts 0 and 1 are worth something only together; all others are dummies."""
    return coalitions[:, :2].prod(axis=1).astype(float)


class Table:
    """A score for every coalition of few players, counting how many were asked for."""

    def __init__(self, scores):
        self.scores, self.asked = np.asarray(scores, dtype=float), 0
        self.players = int(np.log2(len(self.scores)))

    def __call__(self, coalitions):
        self.asked += len(coalitions)
        return self.scores[coalitions @ (1 << np.arange(self.players))]


def interacting(players, random):
    """Terms, and products of two to four parts."""
    there = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
    scores = there @ random.normal(size=players) + random.normal()
    for order in random.integers(2, 5, size=4 * players):
        parts = random.choice(players, order, replace=False)
        scores = scores + random.normal() * there[:, parts].prod(axis=1)
    return Table(scores)


def noisy(players, random):
    """No structure at all beyond terms: every coalition has a score of its own."""
    there = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
    return Table(there @ random.normal(size=players) + random.normal(size=2**players))


def saturating(players, random):
    """A bent function of a sum, as a classifier's score is."""
    there = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
    return Table(3 * np.tanh(there @ (1.5 * random.normal(size=players)) + random.normal() / 2))


def shapley_by_orders(value, players):
    """The mean over all orders of what each part adds when it comes in."""
    values = np.zeros(players)
    for order in permutations(range(players)):
        coalitions = np.zeros((players + 1, players), dtype=bool)
        for step, player in enumerate(order):
            coalitions[step + 1 :, player] = True
        values[list(order)] += np.diff(value(coalitions))
    return values / factorial(players)


def shapley_by_sums(value, players):
    """The weighted sum over the coalitions without each part, one after the other."""
    values = np.zeros(players)
    for player in range(players):
        for number in range(2**players):
            coalition = (number >> np.arange(players) & 1).astype(bool)
            if not coalition[player]:
                size = coalition.sum()
                weight = factorial(size) * factorial(players - size - 1) / factorial(players)
                joined = coalition.copy()
                joined[player] = True
                values[player] += weight * np.diff(value(np.stack([coalition, joined])))[0]
    return values
