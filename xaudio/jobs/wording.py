"""Runs in words, for a page."""

from xaudio.jobs.progress import Phase
from xaudio.jobs.state import (
    CANCELLED,
    FAILED,
    FINISHED,
    RUNNING,
    STOPPED,
    WAITING,
    JobState,
)
from xaudio.reports.amounts import counted

SAID = {
    RUNNING: "running",
    FINISHED: "finished",
    CANCELLED: "cancelled; what was finished is kept",
    FAILED: "failed",
    STOPPED: "stopped from outside; what was finished is kept",
}


def state_text(state: JobState) -> str:
    """What has become of a run, in a few words."""
    if state.name == WAITING:
        return f"waiting, {counted(state.ahead, 'run')} first" if state.ahead else "about to begin"
    if state.name == FAILED:
        return f"failed: {state.said}"
    return SAID[state.name]


def phase_text(phase: Phase, rate: float | None) -> str:
    """How far a phase is.

    >>> phase_text(Phase("scores", 120, 1944), 2.5)
    'scores: 120 of 1,944, 2.5 a second'
    """
    pace = f", {_pace(rate)}" if rate and not phase.is_finished else ""
    return f"{phase.name}: {phase.finished:,} of {phase.pieces:,}{pace}"


def size_text(count: float) -> str:
    """So many bytes.

    >>> size_text(5e4), size_text(3.4e6), size_text(5e9)
    ('less than 0.1 MiB', '3.2 MiB', '4.7 GiB')
    """
    mebibytes = count / 2**20
    if mebibytes < 0.1:
        return "less than 0.1 MiB"
    return f"{mebibytes:.1f} MiB" if mebibytes < 1024 else f"{mebibytes / 1024:.1f} GiB"


def _pace(rate: float) -> str:
    return f"{rate:.1f} a second" if rate >= 1 else f"{60 * rate:.1f} a minute"
