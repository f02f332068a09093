"""One job after the other: those of one folder of runs take turns, first asked, first served."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xaudio.jobs.job import JobFolder, jobs_in
from xaudio.jobs.process_identity import is_running

POLL_SECONDS = 0.3
START_SECONDS = 60.0  # a process may take from being asked for to being there
LOCK = ".turn"


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Waits until no earlier job of the same folder of runs is alive, and keeps the turn inside.

    A job that is killed hands its turn on: the system unlocks what it had locked.

    Args:
        folder: The job's own.
    """
    with (folder.parent / LOCK).open("a") as lock:
        while ahead(folder) or not _locked(lock.fileno()):
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_UN)


def ahead(folder: Path) -> int:
    """How many jobs that wait or run were asked for earlier than the one in a folder."""
    own = JobFolder(folder).job()
    if own is None:
        return 0
    before = (own.asked, folder.name)
    return sum(_order(other) < before and is_active(other) for other in jobs_in(folder.parent))


def is_active(job: JobFolder) -> bool:
    """Whether a process waits for the job's turn, or does it."""
    if job.exit_code() is not None:
        return False
    performer = job.performer()
    if performer is not None:
        return is_running(performer.identity)
    asked = job.job()
    return asked is not None and time.time() - asked.asked < START_SECONDS


def _order(job: JobFolder) -> tuple[float, str]:
    asked = job.job()
    return (float("inf") if asked is None else asked.asked, job.folder.name)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
