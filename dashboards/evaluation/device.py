"""The device that models run on, and how much memory there is."""

import os
from dataclasses import dataclass
from pathlib import Path

GIB = 2**30
_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Device:
    """Where models run.

    Attributes:
        name: For people: ``NVIDIA H200``, ``2 processor cores``.
        kind: As torch names it: ``cpu``, ``cuda:0``.
        memory: In bytes.
    """

    name: str
    kind: str
    memory: int

    def __str__(self) -> str:
        return f"{self.name}, {self.memory / GIB:.0f} GiB"


def find_device(wish: str | None = None) -> Device:
    """The device to use: the first GPU where there is one, else the processor.

    Args:
        wish: As torch names it, where the user said one.

    Raises:
        ModelError: What was wished for is not there.
    """
    import torch

    from xaudio.errors import ModelError

    kind = wish or ("cuda:0" if torch.cuda.is_available() else "cpu")
    if not kind.startswith("cuda"):
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        name = f"{cores} processor cores" if kind == "cpu" else kind
        return Device(name, kind, memory_of_machine())
    try:
        about = torch.cuda.get_device_properties(torch.device(kind))
    except (RuntimeError, AssertionError, ValueError) as error:
        raise ModelError(
            f"The device '{kind}' cannot be used: {str(error).splitlines()[0]}. Leave out --device "
            "or give cpu."
        ) from None
    return Device(about.name, kind, about.total_memory)


def memory_of_machine() -> int:
    """Bytes of memory this process may use at most: the machine's, or its container's."""
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([there, *filter(None, map(_limit_in, _LIMITS))])


def _limit_in(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # not there, or "max"
        return None
