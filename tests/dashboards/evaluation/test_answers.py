import threading
from dataclasses import dataclass

import numpy as np
import pytest

from dashboards.evaluation import answers
from dashboards.evaluation.answers import Answers
from dashboards.evaluation.jobs import State
from dashboards.evaluation.queues import JobQueue
from dashboards.evaluation.sizes import bytes_of
from tests.dashboards.evaluation.test_queues import PATIENCE, Gate
from xaudio.errors import AudioError

MANY = 10**9


@pytest.fixture
def queue():
    made = JobQueue()
    yield made
    made.close()


def counted(value=None):
    calls = []

    def work(progress):
        calls.append(1)
        return value

    return work, calls


def test_a_question_is_answered_once_for_all_sessions(queue):
    kept, (work, calls) = Answers(MANY), counted("answer")
    first = kept.ask(queue, "anna", "q", "", work)
    assert first.result() == "answer"
    again = kept.ask(queue, "ben", "q", "", work)
    assert again.is_over and again.result() == "answer" and len(calls) == 1
    assert kept.knows("q") and not kept.knows("other")


def test_the_same_question_at_once_is_computed_once(queue):
    kept, gate = Answers(MANY), Gate("answer")
    tickets, all_there = [], threading.Barrier(8)

    def ask(session):
        all_there.wait()
        tickets.append(kept.ask(queue, session, "q", "", gate))

    askers = [threading.Thread(target=ask, args=[f"session {i}"]) for i in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len({id(ticket.job) for ticket in tickets}) == 1
    tickets[0].cancel()
    gate.may_end.set()
    assert [ticket.result() for ticket in tickets] == ["answer"] * 8


def test_what_was_cancelled_is_asked_anew(queue):
    kept, gate = Answers(MANY), Gate()
    ticket = kept.ask(queue, "anna", "q", "", gate)
    assert gate.begun.wait(PATIENCE)
    ticket.cancel()
    work, calls = counted("answer")
    assert kept.ask(queue, "ben", "q", "", work).result() == "answer" and calls
    assert ticket.wait(PATIENCE) and ticket.state is State.CANCELLED
    assert kept.ask(queue, "anna", "q", "", work).result() == "answer" and len(calls) == 1


def test_a_failure_is_kept_for_a_while_only(queue, monkeypatch):
    kept, calls = Answers(MANY), []

    def work(progress):
        calls.append(1)
        raise AudioError("no")

    for _ in range(2):
        with pytest.raises(AudioError, match="no"):
            kept.ask(queue, "anna", "q", "", work).result()
    assert len(calls) == 1
    monkeypatch.setattr(answers, "FAILURES_KEPT", 0.0)
    with pytest.raises(AudioError, match="no"):
        kept.ask(queue, "anna", "q", "", work).result()
    assert len(calls) == 2


def test_the_least_recently_used_leave_when_it_grows(queue):
    kept = Answers(most_bytes=3 * 8000 + 500)

    def ask(question):
        return kept.ask(queue, "anna", question, "", lambda _: np.zeros(1000)).result()

    for question in (1, 2, 3):
        ask(question)
    ask(1)
    ask(4)
    assert [question for question in (1, 2, 3, 4) if kept.knows(question)] == [1, 3, 4]
    assert kept.bytes <= 3 * 8000 + 500


def test_the_newest_stays_however_large(queue):
    kept = Answers(most_bytes=10)
    for question in (1, 2):
        kept.ask(queue, "anna", question, "", lambda _: np.zeros(1000)).result()
    assert kept.knows(2) and not kept.knows(1)


def test_an_answer_that_grew_counts_with_what_it_is_now(queue):
    kept, growing = Answers(most_bytes=20_000), {"pictures": b""}
    kept.ask(queue, "anna", "growing", "", lambda _: growing).result()
    growing["pictures"] = bytes(30_000)
    kept.ask(queue, "anna", "next", "", lambda _: 1).result()
    assert not kept.knows("growing")


def test_forgotten_answers_are_computed_again(queue):
    kept, (work, calls) = Answers(MANY), counted()
    for question in (("clip", 1), ("other", 1)):
        kept.ask(queue, "anna", question, "", work).result()
    kept.forget(lambda question: question[0] == "clip")
    assert len(kept) == 1
    for question in (("clip", 1), ("other", 1)):
        kept.ask(queue, "anna", question, "", work).result()
    assert len(calls) == 3


@dataclass(frozen=True)
class Held:
    samples: np.ndarray
    more: dict


def test_all_an_answer_holds_is_counted_once():
    samples = np.zeros(10_000, np.float32)
    held = Held(samples, {"again": samples, "file": bytes(5000), "rest": (np.zeros(10), None)})
    assert bytes_of(held) == pytest.approx(40_000 + 5000 + 80, abs=500)
