"""How much a decoder may take, and how a process holds itself to it."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """What decoding one recording may cost.

    Attributes:
        sound: Most seconds of sound.
        memory: Most bytes of address space beside the interpreter's own.
        processor: Most seconds of processor time; whole seconds, at least one.
        patience: Most seconds from the question to the last sample.
    """

    sound: float = 60.0
    memory: int = 256 * 2**20
    processor: int = 15
    patience: float = 30.0


def hold_to(limits: Limits) -> None:
    """Bind this process for the rest of its life: it can write no file and open none.

    Address space is limited where ``/proc`` says how much there is already (Linux).
    """
    import resource  # not there on Windows, where clips are read all the same

    _lower(resource.RLIMIT_CPU, limits.processor, limits.processor + 1)
    _lower(resource.RLIMIT_FSIZE, 0, 0)
    _lower(resource.RLIMIT_CORE, 0, 0)
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + limits.memory
        _lower(resource.RLIMIT_AS, most, most)
    _lower(resource.RLIMIT_NOFILE, 0, 0)  # no new ones: those that are open stay open


def _lower(kind: int, soft: int, hard: int) -> None:
    """Never above a limit that is there already."""
    import resource

    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))
