import numpy as np
import pytest

from xaudio.errors import MetricError
from xaudio.metrics.corruption_error import (
    corruption_errors,
    error_changes,
    mean_corruption_error,
    mean_error_change,
    relative_corruption_errors,
    relative_mean_corruption_error,
)

ERRORS = [[0.10, 0.20, 0.30], [0.05, 0.05, 0.20]]
REFERENCE = [[0.20, 0.20, 0.20], [0.10, 0.20, 0.30]]


def test_by_hand():
    assert corruption_errors(ERRORS, REFERENCE) == pytest.approx([1.0, 0.5])
    assert mean_corruption_error(ERRORS, REFERENCE) == pytest.approx(0.75)
    relative = relative_corruption_errors(ERRORS, 0.05, REFERENCE, 0.1)
    assert relative == pytest.approx([0.45 / 0.3, 0.15 / 0.3])
    assert relative_mean_corruption_error(ERRORS, 0.05, REFERENCE, 0.1) == pytest.approx(1.0)
    assert error_changes(ERRORS, 0.05) == pytest.approx([0.15, 0.05])
    assert mean_error_change(ERRORS, 0.05) == pytest.approx(0.1)


def test_the_reference_beside_itself_is_one():
    random = np.random.default_rng(0)
    errors = random.uniform(0.1, 0.5, (16, 5))
    assert mean_corruption_error(errors, errors) == pytest.approx(1.0)
    assert relative_mean_corruption_error(errors, 0.05, errors, 0.05) == pytest.approx(1.0)


def test_a_ratio_explodes_where_the_change_does_not():
    errors, nearly_perfect = [[0.001, 0.002]], [[0.0, 0.00001]]
    assert mean_corruption_error(errors, nearly_perfect) == pytest.approx(300.0)
    assert mean_error_change(errors, 0.0) == pytest.approx(0.0015)


def test_a_reference_without_errors_is_refused_with_what_to_do():
    with pytest.raises(MetricError, match=r"Corruption 1 .*mean_error_change"):
        corruption_errors(ERRORS, [[0.1, 0.1, 0.1], [0.0, 0.0, 0.0]])
    with pytest.raises(MetricError, match="costs the reference nothing"):
        relative_corruption_errors([[0.3]], 0.1, [[0.1 + 0.2]], 0.3)
    with pytest.raises(MetricError, match="costs the reference nothing"):
        relative_corruption_errors([[0.3]], 0.1, [[0.2]], 0.3)


@pytest.mark.parametrize(
    ("errors", "reference", "part"),
    [
        ([[0.1, np.nan]], [[0.1, 0.1]], "missing"),
        ([[10.0, 20.0]], [[0.1, 0.1]], "not in"),
        ([[0.1, 0.2]], [[0.1, 0.1], [0.1, 0.1]], "2 corruptions at 2"),
        ([0.1, 0.2], [[0.1, 0.1]], "one row per corruption"),
    ],
)
def test_unusable_errors_are_refused_in_a_sentence(errors, reference, part):
    with pytest.raises(MetricError, match=part):
        corruption_errors(errors, reference)
