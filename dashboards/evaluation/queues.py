"""One queue per device: a job at a time, fairly between sessions."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboards.evaluation.jobs import Cancelled, EvaluationError, Job, State, Work
from dashboards.evaluation.turns import in_turn

MOST_WAITING = 100  # of one session


@dataclass(frozen=True, eq=False)
class Ticket:
    """A session's claim to the answer of a job, which others may wait for as well."""

    job: Job
    session: str
    queue: "JobQueue | None" = None

    @property
    def what(self) -> str:
        """What is being done, for people."""
        return self.job.what

    @property
    def state(self) -> State:
        """What has become of it."""
        return self.job.state

    @property
    def is_over(self) -> bool:
        """Whether `result` will answer at once."""
        return self.job.is_over

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.job.share

    @property
    def position(self) -> int:
        """Place in the queue: 1 comes next; 0 when it no longer waits."""
        return self.queue.position(self.job) if self.queue else 0

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it is over after at most so many seconds; None waits as long as it takes."""
        return self.job.wait(seconds)

    def cancel(self) -> None:
        """Give up the claim; the work stops unless another session waits for it."""
        if self.queue:
            self.queue.leave(self.job, self.session)

    def result(self) -> Any:
        """The answer; waits for it.

        Raises:
            UserError: The work failed; the message says why.
            Cancelled: It was stopped.
        """
        self.job.wait(None)
        if self.job.failure is not None:
            # Sessions raise it again and again: each time from here.
            raise self.job.failure.with_traceback(None)
        if self.job.state is State.CANCELLED:
            raise Cancelled
        return self.job.value


class JobQueue:
    """Does jobs in threads of its own, which start with the first one.

    One job at a time keeps a device's memory and the random numbers of methods to one user, and
    what a method hooks into a model to one clip.
    """

    def __init__(self, at_once: int = 1):
        """An idle queue.

        Args:
            at_once: How many jobs may run together; more than one only where the work is done
                elsewhere, as on a cluster.
        """
        self._at_once = at_once
        self._change = threading.Condition()
        self._waiting: list[Job] = []
        self._running: set[Job] = set()
        self._last_served: dict[str, int] = {}
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(
        self,
        session: str,
        what: str,
        work: Work,
        when_over: Callable[[Job], None] = lambda _: None,
    ) -> Ticket:
        """Have work done when its turn comes.

        Args:
            session: Who asks.
            what: What is being done, for people.
            work: Called with what it tells its progress to (0 to 1), which raises `Cancelled` when
                the answer is no longer wanted.
            when_over: Told the job before anybody else learns that it is over.

        Raises:
            EvaluationError: The session has too many questions waiting already.
        """
        job = Job(what, work, {session}, when_over)
        with self._change:
            if sum(session in other.sessions for other in self._waiting) >= MOST_WAITING:
                raise EvaluationError(
                    f"{MOST_WAITING} questions of yours are waiting already; cancel some first."
                )
            self._waiting.append(job)
            if len(self._threads) < self._at_once:
                self._start_thread()
            self._change.notify_all()
        return Ticket(job, session, self)

    def join(self, job: Job, session: str) -> bool:
        """Wait for a job of somebody else too; False where it has been given up."""
        with self._change:
            if not job.is_wanted or job.state is State.CANCELLED:
                return False
            job.sessions.add(session)
            return True

    def leave(self, job: Job, session: str) -> None:
        """Wait for a job no longer; it is stopped when nobody does."""
        with self._change:
            job.sessions.discard(session)
            if job.sessions or job.is_over:
                return
            if job in self._waiting:
                self._waiting.remove(job)
        job.stop()

    def forget(self, session: str) -> None:
        """A session has ended: it waits for nothing any more."""
        with self._change:
            theirs = [job for job in (*self._waiting, *self._running) if session in job.sessions]
            self._last_served.pop(session, None)
        for job in theirs:
            self.leave(job, session)

    def position(self, job: Job) -> int:
        """Place of a job that waits, 1 for the next; 0 for any other."""
        with self._change:
            if job not in self._waiting:
                return 0
            return 1 + self._order().index(self._waiting.index(job))

    @property
    def length(self) -> int:
        """How many jobs wait or run."""
        with self._change:
            return len(self._waiting) + len(self._running)

    def close(self) -> None:
        """Stop everything and take nothing more."""
        with self._change:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            running = list(self._running)
            self._change.notify_all()
        for job in (*waiting, *running):
            job.stop()

    def _order(self) -> list[int]:
        return in_turn([job.sessions for job in self._waiting], self._last_served)

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._serve, name="evaluation", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while (job := self._next()) is not None:
            job.run()
            with self._change:
                self._running.discard(job)
            del job  # what came of it must not stay alive until the next one comes

    def _next(self) -> Job | None:
        with self._change:
            while not self._waiting and not self._closed:
                self._change.wait()
            if self._closed:
                return None
            job = self._waiting.pop(self._order()[0])
            job.state = State.RUNNING
            self._running.add(job)
            now = 1 + max(self._last_served.values(), default=0)
            self._last_served.update(dict.fromkeys(job.sessions, now))
            return job
