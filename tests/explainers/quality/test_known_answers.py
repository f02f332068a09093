import numpy as np
import pytest

from tests.benchmarks.known_answers import METHODS, NETS, Answer, answer, example

RULES = [method for method in METHODS if method.startswith("LRP")]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("rules", RULES)
def test_relevance_is_where_the_formula_says(net, rules):
    assert answer(net, rules, example()).misplaced < 0.01


def test_relevance_is_not_where_it_is_for_another_net():
    found = answer("energy", "LRP epsilon", example()).found
    other = answer("centred decibels", "LRP epsilon", example()).truth
    assert Answer(found, other).misplaced > 0.5


def test_signs_count():
    truth = np.array([1.0, -1.0])
    assert Answer(truth, truth).misplaced == 0
    assert Answer(np.abs(truth), truth).misplaced == 0.5
    assert Answer(-truth, truth).misplaced == 1


def test_a_gradient_takes_loudness_for_evidence():
    assert answer("decibels", "input x gradient", example()).misplaced > 0.2
