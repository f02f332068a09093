"""What a run will take, asked of the very command that would do it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xaudio.jobs.commands import BatchRequest, SweepRequest, words_of
from xaudio.jobs.errors import JobError
from xaudio.jobs.preparing import prepared

POLL_SECONDS = 0.2
PATIENCE = 5.0  # seconds a command has to stop by itself

Progress = Callable[[float], None]


def estimated(request: SweepRequest | BatchRequest, progress: Progress) -> dict[str, Any]:
    """The command's own estimate, from ``--dry-run``; nothing is written.

    Args:
        request: What would be asked for.
        progress: Told 0 now and then; it may raise to stop.

    Returns:
        For a sweep what `xaudio.sweeps.estimate.Estimate` holds, for a batch of explanations
        what `xaudio.batches.estimate.BatchEstimate` does.

    Raises:
        JobError: The command refuses, in its own words.
    """
    with tempfile.TemporaryDirectory() as place:
        words = words_of(prepared(request, Path(place)), Path(place) / "out")
        said = _output_of([*words, "--dry-run", "--json"], Path(place) / "said.json", progress)
    try:
        document = json.loads(said)
    except ValueError:
        raise JobError("The estimate could not be made; try the command in a terminal.") from None
    if "error" in document:
        raise JobError(document["error"])
    return document


def _output_of(words: list[str], file: Path, progress: Progress) -> str:
    with file.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "xaudio", *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
        try:
            while child.poll() is None:
                progress(0.0)
                _wait(child, POLL_SECONDS)
        finally:
            if child.poll() is None:
                child.terminate()
                _wait(child, PATIENCE)
                child.kill()
                child.wait()
    return file.read_text(encoding="utf-8")


def _wait(child: subprocess.Popen, seconds: float) -> None:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return
