"""The process that does a job: ``python -m xaudio.cli.job_process FOLDER``, started by a page.

It leaves its parent, waits for its turn, runs the command as a terminal would, and writes down how
that ended.
"""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from xaudio.jobs.job import JobFolder, Performer
from xaudio.jobs.process_identity import identity_of
from xaudio.jobs.turns import in_turn

STOPPED, FAILED = 130, 1


def main(folder: Path) -> None:
    """Have a child do the job in a folder; returns when it is written down which one."""
    there = JobFolder(folder)
    wait, go = os.pipe()
    child = os.fork()
    if child:
        identity = identity_of(child)
        assert identity is not None  # it waits for us
        there.is_done_by(Performer(identity))
        os.write(go, b"go")
        os._exit(0)
    os.read(wait, 2)
    perform(there)


def perform(there: JobFolder) -> None:
    """Wait for the turn, run the command, write down its exit code."""
    # A parent may have had Ctrl-C ignored, which children inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _write_to(there.log)
    code = FAILED
    try:
        with in_turn(there.folder):
            code = _run(there)
    except KeyboardInterrupt:
        code = STOPPED
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        there.ended(code)


def _run(there: JobFolder) -> int:
    from xaudio.cli.main import run

    job, performer = there.job(), there.performer()
    assert job is not None and performer is not None
    there.is_done_by(replace(performer, began=time.time()))
    return run(job.words)


def _write_to(log: Path) -> None:
    """All that is said from here on goes to the log, also what libraries say."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(descriptor, stream.fileno())
    os.close(descriptor)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
