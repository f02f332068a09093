"""Answers by their questions: computed once, shared by all sessions, bounded in memory."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from dashboards.evaluation.jobs import Job, State, Work
from dashboards.evaluation.queues import JobQueue, Ticket
from dashboards.evaluation.sizes import bytes_of
from perturbations.errors import UserError

FAILURES_KEPT = 30.0  # seconds: long enough to be read, short enough to try again


@dataclass(frozen=True, eq=False)
class _Failure:
    error: UserError
    since: float


class Answers:
    """What was asked and what came of it; the least recently used leave when memory is short."""

    def __init__(self, most_bytes: int):
        """None yet.

        Args:
            most_bytes: What all answers may hold together; the newest stays in any case.
        """
        self._most_bytes = most_bytes
        self._lock = threading.RLock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._pending: dict[Hashable, tuple[Job, JobQueue]] = {}

    def ask(
        self, queue: JobQueue, session: str, question: Hashable, what: str, work: Work
    ) -> Ticket:
        """The answer where it is there; else the work is begun, or joined where others asked it.

        Args:
            queue: Where the work is done.
            session: Who asks.
            question: What decides the answer: digests and settings.
            what: What is being done, for people.
            work: As for `JobQueue.submit`.
        """
        with self._lock:
            self._drop_old_failures()
            if question in self._kept:
                self._kept.move_to_end(question)
                return Ticket(self._known(question), session)
            job, place = self._pending.get(question, (None, queue))
            if job is not None and place.join(job, session):
                return Ticket(job, session, place)
            ticket = queue.submit(session, what, work, lambda job: self._take(question, job))
            self._pending[question] = (ticket.job, queue)
            return ticket

    def knows(self, question: Hashable) -> bool:
        """Whether `ask` would answer at once."""
        with self._lock:
            self._drop_old_failures()
            return question in self._kept

    def forget(self, is_meant: Callable[[Hashable], bool]) -> None:
        """Drop the answers to questions that are meant."""
        with self._lock:
            for question in [each for each in self._kept if is_meant(each)]:
                del self._kept[question]

    @property
    def bytes(self) -> int:
        """What all answers hold now; an answer may grow as it is looked at."""
        with self._lock:
            return bytes_of(list(self._kept.values()))

    def __len__(self) -> int:
        return len(self._kept)

    def _known(self, question: Hashable) -> Job:
        known = self._kept[question]
        return Job.failed(known.error) if isinstance(known, _Failure) else Job.done(known)

    def _take(self, question: Hashable, job: Job) -> None:
        with self._lock:
            if self._pending.get(question, (None,))[0] is job:
                del self._pending[question]
            if job.state is State.DONE:
                self._kept[question] = job.value
            elif job.state is State.FAILED and job.failure is not None:
                self._kept[question] = _Failure(job.failure, time.monotonic())
            self._make_room()

    def _make_room(self) -> None:
        self._drop_old_failures()
        while len(self._kept) > 1 and self.bytes > self._most_bytes:
            self._kept.popitem(last=False)

    def _drop_old_failures(self) -> None:
        too_old = time.monotonic() - FAILURES_KEPT
        self.forget(
            lambda question: (
                isinstance(known := self._kept[question], _Failure) and known.since < too_old
            )
        )
