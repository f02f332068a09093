"""Start a job in a process that outlives us, stop it cleanly, go on with it."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from xaudio.jobs.errors import JobError
from xaudio.jobs.job import Job, JobFolder
from xaudio.jobs.process_identity import can_identify, is_running, send
from xaudio.jobs.turns import START_SECONDS, is_active

# The command line's own floor does the work; this one may only name it.
PERFORMER = "xaudio.cli.job_process"


def start(folder: Path, kind: str, words: tuple[str, ...]) -> JobFolder:
    """Ask for a job: it waits for its turn, then runs, whatever becomes of this process.

    Args:
        folder: What the command writes to; its parent is the folder of runs.
        kind: See `Job`.
        words: The command, without ``xaudio``.

    Raises:
        JobError: It cannot be started, or one is active there.
    """
    there = JobFolder(folder)
    if is_active(there):
        raise JobError(f"The run '{folder.name}' waits or runs already.")
    _launch(there, Job(kind, words, time.time()))
    return there


def resume(folder: Path) -> JobFolder:
    """Ask for a job again: the same command, which goes on where it was stopped.

    Raises:
        JobError: There is none, it is active, or it cannot be started.
    """
    there = JobFolder(folder)
    asked = there.job()
    if asked is None:
        raise JobError(f"There is no run in '{folder}' to go on with.")
    if is_active(there):
        raise JobError(f"The run '{folder.name}' waits or runs already.")
    _launch(there, replace(asked, asked=time.time()))
    return there


def cancel(folder: Path) -> None:
    """Have a job stop as Ctrl-C would: what is finished stays. Nothing where none is active."""
    _signal(folder, signal.SIGINT)


def kill(folder: Path) -> None:
    """End a job that does not stop. Finished pieces stay."""
    _signal(folder, signal.SIGKILL)


def _signal(folder: Path, what: signal.Signals) -> None:
    performer = JobFolder(folder).performer()
    if performer is not None and is_running(performer.identity):
        send(performer.identity, what)


def _launch(there: JobFolder, job: Job) -> None:
    if not can_identify():
        raise JobError(
            "Runs are started from the page on Linux only; here give the command in a terminal."
        )
    there.ask(job)
    # It forks and returns at once: its child is nobody's, so it is no zombie when it has ended.
    said = subprocess.run(
        [sys.executable, "-m", PERFORMER, str(there.folder.resolve())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        timeout=START_SECONDS,
        check=False,
    )
    if said.returncode:
        there.ended(said.returncode)
        last = said.stderr.strip().splitlines()[-1:] or ["no reason was given"]
        raise JobError(f"The run '{there.folder.name}' could not be started: {last[0]}.")
