"""One piece of work that somebody waits for: how far it is, what came of it, and how to stop it."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from perturbations.errors import UserError

Progress = Callable[[float], None]
Work = Callable[[Progress], Any]

_LOG = logging.getLogger(__name__)


class Cancelled(BaseException):
    """Nobody wants the answer any more.

    Not an `Exception`: it must get through the work's own handling of faults, as Ctrl-C does.
    """


class EvaluationError(UserError):
    """Work failed in a way that its own code did not foresee."""


class State(Enum):
    """What has become of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(eq=False)
class Job:
    """Work for one or several sessions.

    Attributes:
        what: For people: ``Explaining``.
        work: Called with what it tells its progress to; let go when it is over.
        sessions: Who waits for it.
        when_over: Told the job before anybody else learns that it is over.
        state: What has become of it.
        share: How much is done, 0 to 1.
        value: What came of it.
        failure: What the user did wrong, instead.
    """

    what: str
    work: Work | None
    sessions: set[str] = field(default_factory=set)
    when_over: Callable[["Job"], None] = lambda _: None
    state: State = State.WAITING
    share: float = 0.0
    value: Any = None
    failure: UserError | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def done(cls, value: Any) -> "Job":
        """One whose answer was there already."""
        job = cls("", None, state=State.DONE, share=1.0, value=value)
        job._over.set()
        return job

    @classmethod
    def failed(cls, failure: UserError) -> "Job":
        """One whose failure is known already."""
        job = cls("", None, state=State.FAILED, failure=failure)
        job._over.set()
        return job

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self._over.is_set()

    @property
    def is_wanted(self) -> bool:
        """Whether its answer will come, or is there."""
        return not self._stop.is_set()

    def stop(self) -> None:
        """It ends when it next tells its progress, or at once where it has not begun."""
        self._stop.set()
        if self.state is State.WAITING:
            self._end(State.CANCELLED)

    def wait(self, seconds: float | None) -> bool:
        """Whether it is over after at most so many seconds."""
        return self._over.wait(seconds)

    def run(self) -> None:
        """Do the work, whatever it raises."""
        assert self.work is not None
        try:
            self.value = self.work(self._tell)
            end = State.DONE
            self.share = 1.0
        except Cancelled:
            end = State.CANCELLED
        except BaseException as error:  # a thread that dies would leave all others waiting
            end = State.FAILED
            self.failure = _as_users_error(error)
        self._end(end)

    def _tell(self, share: float) -> None:
        if self._stop.is_set():
            raise Cancelled
        self.share = max(self.share, min(share, 1.0))

    def _end(self, state: State) -> None:
        self.work = None
        self.state = state
        self.when_over(self)
        self._over.set()


def _as_users_error(error: BaseException) -> UserError:
    """The library's own sentence, or that there was a fault; holds on to nothing of the work."""
    if isinstance(error, UserError):
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return EvaluationError(
            "There was not enough memory for this. Take a shorter clip, a cheaper method or "
            "smaller settings."
        )
    _LOG.error("A fault in the dashboard's work", exc_info=error)
    return EvaluationError(
        f"This failed unexpectedly ({type(error).__name__}: {error}). That is a fault of the "
        "program; the terminal it was started from shows where."
    )
