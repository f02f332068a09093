"""A dashboard of one's own, started as people start it, and how much memory it takes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0  # seconds: a busy machine may need long to import torch


@dataclass(frozen=True)
class Served:
    """A dashboard that runs.

    Attributes:
        address: Where it is found.
        process: Its process on this machine; the server is a child of it.
        log: What it prints.
    """

    address: str
    process: int
    log: Path

    @property
    def resident(self) -> int:
        """Bytes that it and its children hold in memory."""
        return sum(map(_resident, [self.process, *_children(self.process)]))


@contextmanager
def served(
    place: Path, folder: Path, models: Sequence[str] = (), more: Sequence[str] = ()
) -> Iterator[Served]:
    """``xaudio dashboard`` on a free port, ended afterwards.

    Args:
        place: A folder for its output and to run in.
        folder: Whose clips it offers.
        models: Beside the bundled one.
        more: Words of the command beside these.
    """
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "xaudio", "dashboard", "--port", str(port)]
    words += [
        "--folder",
        str(folder),
        *(word for spec in models for word in ("--model", spec)),
        *more,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    log = place / "dashboard.log"
    with log.open("w") as output:
        server = subprocess.Popen(words, env=environment, cwd=place, stdout=output, stderr=output)
    try:
        wait_for(f"http://localhost:{port}/_stcore/health", server)
        yield Served(f"http://localhost:{port}/", server.pid, log)
    finally:
        server.terminate()
        server.wait(30)


def wait_for(health: str, server: subprocess.Popen) -> None:
    """Until it answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert server.poll() is None, "the dashboard ended by itself"
        try:
            urlopen(health, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.25)
    raise AssertionError("the dashboard did not come up")


def _children(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_children(child)]
    return found


def _resident(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return 1024 * int(line.split()[1])
    return 0
