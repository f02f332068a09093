"""What has become of a job: read from its folder, so that anybody can ask at any time."""

import time
from dataclasses import dataclass
from pathlib import Path

from xaudio.jobs.errors import JobError
from xaudio.jobs.job import Job, JobFolder
from xaudio.jobs.progress import Pace, Phase, pace_of, phases_of
from xaudio.jobs.turns import ahead, is_active

WAITING, RUNNING = "waiting", "running"
FINISHED, CANCELLED, FAILED, STOPPED = "finished", "cancelled", "failed", "stopped"
_CANCELLED_CODE = 130


@dataclass(frozen=True)
class JobState:
    """A job now.

    Attributes:
        job: What was asked for.
        name: ``waiting``, ``running``; ``finished``, ``cancelled`` (somebody stopped it),
            ``failed`` (it said why), ``stopped`` (its process is gone: it was killed, or the
            machine was started anew).
        ahead: Of one that waits: how many come first.
        phases: Planned so far, the present one last.
        pace: Of the present phase; None unless it runs.
        said: Of one that failed: its last word.
    """

    job: Job
    name: str
    ahead: int = 0
    phases: tuple[Phase, ...] = ()
    pace: Pace | None = None
    said: str = ""

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.name in (WAITING, RUNNING)

    @property
    def can_go_on(self) -> bool:
        """Whether the same command would go on with it."""
        return self.name in (CANCELLED, FAILED, STOPPED)

    @property
    def present(self) -> Phase | None:
        """The phase that is being done, or was done last."""
        return self.phases[-1] if self.phases else None


def state_of(folder: Path) -> JobState:
    """What has become of the job in a folder.

    Raises:
        JobError: There is none, or its files cannot be read.
        SweepError: What it has written cannot be read.
    """
    there = JobFolder(folder)
    # Read in this order a job that ends meanwhile is not taken for one that was killed.
    active, code, job = is_active(there), there.exit_code(), there.job()
    if job is None:
        raise JobError(f"There is no run in '{folder}'.")
    phases = phases_of(job.kind, folder)
    if active and code is None:
        return _active(there, job, phases)
    if code is None:
        return JobState(job, STOPPED, phases=phases)
    name = {0: FINISHED, _CANCELLED_CODE: CANCELLED}.get(code, FAILED)
    said = _last_word(there) if name == FAILED else ""
    return JobState(job, name, phases=phases, said=said)


def _active(there: JobFolder, job: Job, phases: tuple[Phase, ...]) -> JobState:
    performer = there.performer()
    if performer is None or performer.began is None:
        return JobState(job, WAITING, ahead=ahead(there.folder), phases=phases)
    pace = pace_of(phases[-1], performer.began, time.time()) if phases else Pace(None, None)
    return JobState(job, RUNNING, phases=phases, pace=pace)


def _last_word(there: JobFolder) -> str:
    lines = [line.strip() for line in there.last_lines() if line.strip()]
    return lines[-1].removeprefix("Error: ") if lines else "it said nothing"
