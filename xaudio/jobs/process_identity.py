"""Which process is meant: its number, which the system gives out again, and when it began."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
# Fields of /proc/PID/stat after the name, which stands in brackets and may hold anything; proc(5).
_STATE, _STARTED = 0, 19
_ENDED = ("Z", "X", "x")


@dataclass(frozen=True)
class ProcessIdentity:
    """One process of one machine, between two starts of it.

    Attributes:
        pid: Its number.
        started: When it began, in clock ticks since the machine was started.
        boot: Which start of the machine that was.
    """

    pid: int
    started: int
    boot: str


def can_identify() -> bool:
    """Whether this system tells when processes began: Linux does."""
    return _BOOT.is_file()


def identity_of(pid: int) -> ProcessIdentity | None:
    """The process that has a number now; None where there is none, or it has ended.

    >>> identity_of(os.getpid()) == identity_of(os.getpid())
    True
    """
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = _BOOT.read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = line.rpartition(")")[2].split()
    if fields[_STATE] in _ENDED:
        return None
    return ProcessIdentity(pid, int(fields[_STARTED]), boot)


def is_running(identity: ProcessIdentity) -> bool:
    """Whether that very process is still there, and not another under its number."""
    return identity_of(identity.pid) == identity


def send(identity: ProcessIdentity, what: signal.Signals) -> None:
    """Signal that very process; nothing where it has ended."""
    # A descriptor stands for one process, so no other can get its number in between.
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(identity.pid)
        try:
            if is_running(identity):
                signal.pidfd_send_signal(descriptor, what)
        finally:
            os.close(descriptor)
