import pytest

from perturbations import suites
from perturbations.errors import CorruptionError
from perturbations.suites import load_suite
from tests.xaudio.sweeps.small import Noisy, Quieter
from xaudio.errors import SweepError
from xaudio.sweeps.conditions import conditions_of


def planned(corruptions, severities=None, repeats=1):
    return [(c.name, c.severity, c.repeat) for c in conditions_of(corruptions, severities, repeats)]


def test_a_suites_rows_keep_their_names_and_severities():
    noisy = Noisy()
    rows = [suites.Condition("wind", noisy, (1, 2)), suites.Condition("street", noisy, (5,))]
    assert planned(rows) == [("clean", 0, 0), ("wind", 1, 0), ("wind", 2, 0), ("street", 5, 0)]
    assert planned(rows, [2, 5]) == [("clean", 0, 0), ("wind", 2, 0), ("street", 5, 0)]


def test_every_row_of_the_published_suite_is_met_at_five_severities():
    conditions = conditions_of(load_suite("deepfake-16").conditions, None, 1)
    assert len(conditions) == 1 + 16 * 5
    assert len({condition.name for condition in conditions}) == 17
    assert len({condition.digest for condition in conditions}) == 81


def test_two_names_for_one_corruption_are_one_condition_to_the_store():
    one, other = conditions_of(
        [suites.Condition(name, Quieter(), (1,)) for name in ("a", "b")], None, 1
    )[1:]
    assert one.digest == other.digest


@pytest.mark.parametrize(
    ("corruptions", "severities", "repeats", "error", "part"),
    [
        ([Noisy(), Noisy()], None, 1, SweepError, "'noisy' was given twice"),
        ([suites.Condition("clean", Noisy(), (1,))], None, 1, SweepError, "named 'clean'"),
        ([Noisy()], [6], 1, CorruptionError, "severity is 6"),
        ([suites.Condition("wind", Noisy(), (1, 2))], [1, 4], 1, CorruptionError, "severity is 4"),
        ([Noisy()], None, 0, SweepError, "at least one repeat"),
    ],
)
def test_what_makes_no_sense_is_refused(corruptions, severities, repeats, error, part):
    with pytest.raises(error, match=part):
        conditions_of(corruptions, severities, repeats)
