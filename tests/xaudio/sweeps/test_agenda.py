from collections import Counter
from itertools import pairwise

from xaudio.sweeps.agenda import Agenda


def handed_out(agenda, workers):
    """Everything, to workers that take turns; by worker."""
    found = {worker: [] for worker in range(workers)}
    while True:
        took = False
        for worker, mine in found.items():
            task = agenda.next_for(worker)
            if task is not None:
                mine.append(task)
                took = True
        if not took:
            return found


BUCKETS = [[f"{bucket}{number}" for number in range(12)] for bucket in "abcdefg"]


def test_every_task_once():
    found = handed_out(Agenda(BUCKETS), 3)
    every = Counter(task for mine in found.values() for task in mine)
    assert every == Counter(task for bucket in BUCKETS for task in bucket)


def test_a_bucket_stays_with_one_worker_until_nobody_else_has_work():
    found = handed_out(Agenda(BUCKETS), 2)
    changes = [sum(one[0] != other[0] for one, other in pairwise(mine)) for mine in found.values()]
    assert sum(changes) <= 6
    assert max(map(len, found.values())) - min(map(len, found.values())) <= 1


def test_buckets_are_begun_only_when_they_are_needed():
    begun = []

    def buckets():
        for bucket in BUCKETS:
            begun.append(bucket)
            yield bucket

    agenda = Agenda(buckets())
    for _ in range(12):
        agenda.next_for(0)
    assert len(begun) == 1


def test_what_is_given_back_is_done_by_whoever_is_free():
    agenda = Agenda([["a0", "a1"], ["b0"]])
    lost = agenda.next_for("dead")
    agenda.leave("dead")
    agenda.give_back([lost])
    assert sorted(handed_out(agenda, 1)[0]) == ["a0", "a1", "b0"]
