from hypothesis import given
from hypothesis import strategies as some

from dashboards.evaluation.turns import in_turn

SESSIONS = some.sampled_from("abc")


@given(some.lists(some.sets(SESSIONS, min_size=1, max_size=2), max_size=8))
def test_everybody_comes_once(waiting):
    assert sorted(in_turn(waiting, {})) == list(range(len(waiting)))


@given(some.lists(SESSIONS, max_size=9))
def test_the_own_jobs_of_each_come_in_their_order(names):
    order = in_turn([{name} for name in names], {})
    for name in "abc":
        own = [job for job in order if names[job] == name]
        assert own == sorted(own)


@given(some.lists(SESSIONS, min_size=1, max_size=9))
def test_nobody_comes_twice_while_another_has_not_come(names):
    order = [names[job] for job in in_turn([{name} for name in names], {})]
    everyone = len(set(names))
    assert len(set(order[:everyone])) == everyone


def test_a_shared_job_comes_with_the_first_of_its_sessions():
    assert in_turn([{"a"}, {"a", "b"}], {"a": 2, "b": 1}) == [1, 0]
