import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perturbations.corruption import TimeMap
from perturbations.errors import CorruptionError

steps = st.lists(st.tuples(st.floats(0.01, 5), st.floats(0.01, 5)), min_size=2, max_size=8)


def test_a_piecewise_map_by_hand():
    slowed_then_fast = TimeMap((0.0, 1.0, 3.0), (0.0, 2.0, 3.0))
    assert slowed_then_fast.forward(0.5) == 1.0
    assert slowed_then_fast.forward(2.0) == 2.5
    assert slowed_then_fast.forward(5.0) == 4.0  # goes on at half speed
    assert slowed_then_fast.forward(-1.0) == -2.0
    assert slowed_then_fast.inverse(1.0) == 0.5


@given(steps, st.floats(-10, 50))
def test_there_and_back(pieces, instant):
    source, target = (np.cumsum(side).tolist() for side in zip(*pieces, strict=True))
    there = TimeMap(tuple(source), tuple(target))
    assert there.inverse(there.forward(instant)) == pytest.approx(instant, abs=1e-6)


@given(steps)
def test_its_points_are_on_it_and_arrays_are_as_floats(pieces):
    source, target = (np.cumsum(side).tolist() for side in zip(*pieces, strict=True))
    there = TimeMap(tuple(source), tuple(target))
    moved = there.forward(np.array(source))
    np.testing.assert_allclose(moved, target, atol=1e-9)
    np.testing.assert_allclose([there.forward(each) for each in source], moved, atol=1e-12)


def test_identity():
    assert TimeMap.identity().is_identity
    assert not TimeMap.speed(1.1).is_identity
    assert TimeMap.identity().forward(7.25) == 7.25


def test_backwards():
    backwards = TimeMap((0.0, 2.0), (2.0, 0.0))
    assert backwards.forward(0.5) == 1.5
    assert backwards.inverse(1.5) == 0.5
    assert backwards.then(backwards).forward(0.7) == pytest.approx(0.7)


@given(steps, steps, st.floats(-10, 50))
def test_one_map_after_another(first, second, instant):
    one, other = (
        TimeMap(*(tuple(np.cumsum(side).tolist()) for side in zip(*pieces, strict=True)))
        for pieces in (first, second)
    )
    in_two_steps = other.forward(one.forward(instant))
    assert one.then(other).forward(instant) == pytest.approx(in_two_steps, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((0.0,), (0.0,)),
        ((0.0, 1.0), (0.0,)),
        ((0.0, 0.0), (0.0, 1.0)),
        ((0.0, 1.0, 2.0), (0.0, 1.0, 0.5)),
        ((1.0, 0.0), (0.0, 1.0)),
        ((0.0, float("nan")), (0.0, 1.0)),
    ],
)
def test_maps_that_are_none(source, target):
    with pytest.raises(CorruptionError):
        TimeMap(source, target)
