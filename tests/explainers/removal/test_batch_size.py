import pytest

from explainers.removal.batch_size import ENOUGH, BatchSize


def run(size, cost, batches=40):
    """Batches that take what `cost` says of a waveform in a batch of so many; the sizes taken."""
    taken = []
    for _ in range(batches):
        taken.append(size.current)
        size.took(size.current, cost(size.current) * size.current)
    return taken


def test_it_doubles_while_that_pays_and_keeps_to_the_best():
    costs = {1: 1.0, 2: 0.6, 4: 0.4, 8: 0.3, 16: 0.35}
    taken = run(BatchSize(), costs.__getitem__)
    assert taken[:10] == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16]
    assert set(taken[10:]) == {8}


def test_a_gain_too_small_to_notice_is_none():
    assert set(run(BatchSize(), lambda rows: 1 - 0.001 * rows)[6:]) == {4}


def test_what_only_pays_from_four_on_is_found_and_what_never_does_is_left():
    costs = {1: 1.0, 2: 1.05, 4: 0.8, 8: 0.7, 16: 0.75}
    assert set(run(BatchSize(), costs.__getitem__)[10:]) == {8}
    assert set(run(BatchSize(), lambda rows: 1.0 * rows)[6:]) == {1}


def test_the_better_of_two_tries_counts():
    size = BatchSize()
    for seconds in (9.0, 1.0):  # the first batch of all pays for what is prepared
        size.took(1, seconds)
    for seconds in (9.0, 1.0):
        size.took(2, seconds)
    assert size.current == 4


def test_it_stops_at_enough():
    taken = run(BatchSize(), lambda rows: 1 / rows)
    assert max(taken) == ENOUGH == taken[-1]


def test_batches_that_are_not_whole_tell_nothing():
    size = BatchSize()
    run(size, lambda rows: 1 / rows, batches=4)
    assert size.current == 4
    for _ in range(9):
        size.took(3, 1e-9)
        size.took(1, 1e-9)
    assert size.current == 4
    size.took(4, 1.0)
    size.took(4, 1.0)
    assert size.current == 8


def test_out_of_memory_halves_for_good():
    size = BatchSize()
    run(size, lambda rows: 1 / rows, batches=8)
    assert size.current == 16
    assert size.ran_out(16) and size.current == 8
    assert set(run(size, lambda rows: 1 / rows)) == {8}
    assert size.ran_out(5) and size.current == 2  # of a batch that was not whole
    assert size.ran_out(2) and size.current == 1
    assert not size.ran_out(1) and size.current == 1


@pytest.mark.parametrize("fixed", [1, 7, 64])
def test_a_fixed_size_stays_but_for_want_of_memory(fixed):
    size = BatchSize(fixed)
    assert set(run(size, lambda rows: 1 / rows)) == {fixed}
    assert size.ran_out(fixed) == (fixed > 1)
    assert size.current == max(1, fixed // 2)
