import gc
import threading
import time
import weakref

import pytest

from dashboards.evaluation import queues
from dashboards.evaluation.jobs import Cancelled, EvaluationError, State
from dashboards.evaluation.queues import JobQueue
from xaudio.errors import AudioError

PATIENCE = 10.0


@pytest.fixture
def queue():
    made = JobQueue()
    yield made
    made.close()


class Gate:
    """Work that waits until it is told to go on, telling its progress all the while."""

    def __init__(self, value=None):
        self.begun, self.may_end, self.value = threading.Event(), threading.Event(), value

    def __call__(self, progress):
        self.begun.set()
        while not self.may_end.wait(0.01):
            progress(0.5)
        return self.value


def test_an_answer_comes_with_its_progress(queue):
    gate = Gate("answer")
    ticket = queue.submit("anna", "Explaining", gate)
    assert gate.begun.wait(PATIENCE)
    assert ticket.state is State.RUNNING and ticket.position == 0 and not ticket.wait(0.05)
    assert ticket.share == 0.5 and ticket.what == "Explaining"
    gate.may_end.set()
    assert ticket.result() == "answer"
    assert ticket.state is State.DONE and ticket.share == 1.0 and queue.length == 0


def test_progress_never_goes_back(queue):
    told = []

    def work(progress):
        for share in (0.2, 0.6, 0.4, 3.0):
            progress(share)
            told.append(ticket.share)

    gate = Gate()
    queue.submit("anna", "", gate)
    ticket = queue.submit("anna", "", work)
    gate.may_end.set()
    ticket.result()
    assert told == [0.2, 0.6, 0.6, 1.0]


def test_one_with_ten_jobs_does_not_block_another(queue):
    gate, done = Gate(), []
    queue.submit("anna", "", gate)
    assert gate.begun.wait(PATIENCE)
    hers = [queue.submit("anna", "", lambda _, i=i: done.append(f"anna {i}")) for i in range(10)]
    his = queue.submit("ben", "", lambda _: done.append("ben"))
    assert his.position == 1 and [ticket.position for ticket in hers] == list(range(2, 12))
    gate.may_end.set()
    for ticket in (his, *hers):
        ticket.result()
    assert done[0] == "ben" and done[1:] == [f"anna {i}" for i in range(10)]


def test_two_busy_sessions_take_turns(queue):
    gate, done = Gate(), []
    queue.submit("carl", "", gate)
    assert gate.begun.wait(PATIENCE)
    for name in ("anna", "anna", "anna", "ben", "ben", "ben"):
        last = queue.submit(name, "", lambda _, name=name: done.append(name))
    gate.may_end.set()
    last.result()
    assert done == ["anna", "ben"] * 3


def test_a_job_that_runs_is_stopped_at_its_next_progress(queue):
    gate = Gate()
    ticket = queue.submit("anna", "", gate)
    assert gate.begun.wait(PATIENCE)
    ticket.cancel()
    assert ticket.wait(PATIENCE) and ticket.state is State.CANCELLED
    with pytest.raises(Cancelled):
        ticket.result()
    assert queue.submit("anna", "", lambda _: "next").result() == "next"


def test_no_handler_of_faults_swallows_a_cancellation(queue):
    gate = Gate()

    def work(progress):
        try:
            gate(progress)
        except Exception:
            return "swallowed"

    ticket = queue.submit("anna", "", work)
    assert gate.begun.wait(PATIENCE)
    ticket.cancel()
    assert ticket.wait(PATIENCE) and ticket.state is State.CANCELLED


def test_a_job_that_waits_is_never_begun(queue):
    gate, other = Gate(), Gate()
    queue.submit("anna", "", gate)
    waiting = queue.submit("anna", "", other)
    waiting.cancel()
    assert waiting.is_over and waiting.state is State.CANCELLED
    gate.may_end.set()
    queue.submit("anna", "", lambda _: None).result()
    assert not other.begun.is_set()


def test_a_job_lasts_as_long_as_one_session_wants_it(queue):
    gate = Gate("answer")
    ticket = queue.submit("anna", "", gate)
    assert queue.join(ticket.job, "ben")
    ticket.cancel()
    gate.may_end.set()
    assert ticket.result() == "answer"


def test_a_session_that_ends_takes_its_jobs_along_and_no_others(queue):
    gate, shared, own = Gate(), Gate("shared"), Gate()
    running = queue.submit("anna", "", gate)
    both = queue.submit("anna", "", shared)
    queue.join(both.job, "ben")
    only = queue.submit("anna", "", own)
    assert gate.begun.wait(PATIENCE)
    queue.forget("anna")
    assert only.state is State.CANCELLED
    assert running.wait(PATIENCE) and running.state is State.CANCELLED
    shared.may_end.set()
    assert both.result() == "shared"


def test_given_up_work_cannot_be_joined(queue):
    gate = Gate()
    ticket = queue.submit("anna", "", gate)
    assert gate.begun.wait(PATIENCE)
    ticket.cancel()
    assert not queue.join(ticket.job, "ben")


def test_the_librarys_own_sentence_is_kept(queue):
    def work(progress):
        raise AudioError("'x' is silent.")

    ticket = queue.submit("anna", "", work)
    for _ in range(3):
        with pytest.raises(AudioError, match=r"'x' is silent\.") as raised:
            ticket.result()
        assert len(raised.traceback) < 5  # it does not grow with each look
    assert ticket.state is State.FAILED


@pytest.mark.parametrize(
    ("fault", "said"),
    [(ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"), (MemoryError(), "not enough")],
)
def test_a_fault_is_a_sentence_and_the_queue_goes_on(queue, fault, said):
    def work(progress):
        raise fault

    with pytest.raises(EvaluationError, match=said):
        queue.submit("anna", "", work).result()
    assert queue.submit("anna", "", lambda _: 1).result() == 1


def test_nobody_fills_the_queue(queue, monkeypatch):
    monkeypatch.setattr(queues, "MOST_WAITING", 3)
    gate = Gate()
    queue.submit("anna", "", gate)
    assert gate.begun.wait(PATIENCE)
    for _ in range(3):
        queue.submit("anna", "", lambda _: None)
    with pytest.raises(EvaluationError, match="3 questions of yours"):
        queue.submit("anna", "", lambda _: None)
    assert queue.submit("ben", "", lambda _: 1).position == 1
    gate.may_end.set()


def test_one_job_at_a_time_unless_the_work_is_done_elsewhere():
    first, second = Gate(1), Gate(2)
    queue = JobQueue(at_once=2)
    tickets = [queue.submit("anna", "", gate) for gate in (first, second)]
    assert first.begun.wait(PATIENCE) and second.begun.wait(PATIENCE)
    for gate in (first, second):
        gate.may_end.set()
    assert [ticket.result() for ticket in tickets] == [1, 2]
    queue.close()

    single, gates = JobQueue(), [Gate(), Gate()]
    for gate in gates:
        single.submit("anna", "", gate)
    assert gates[0].begun.wait(PATIENCE) and not gates[1].begun.wait(0.1)
    single.close()


def test_nothing_of_an_answer_stays_behind(queue):
    class Answer:
        pass

    ticket = queue.submit("anna", "", lambda _: Answer())
    answer = weakref.ref(ticket.result())
    del ticket
    until = time.monotonic() + PATIENCE
    while answer() is not None and time.monotonic() < until:
        gc.collect()
        time.sleep(0.05)
    assert answer() is None


def test_a_closed_queue_stops_everything():
    queue, gate = JobQueue(), Gate()
    running, waiting = queue.submit("anna", "", gate), queue.submit("anna", "", Gate())
    assert gate.begun.wait(PATIENCE)
    queue.close()
    assert running.wait(PATIENCE) and waiting.wait(PATIENCE)
    assert running.state is waiting.state is State.CANCELLED
