"""Processes that do pieces of work, and may die over them without taking anything along.

A worker is a fresh interpreter (``python -m xaudio.sweeps.worker``): it inherits no threads, runs
no script of the user's again, hears no Ctrl-C, and ends when the process that asked for it is gone,
however that ended.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import IO, Any

import cloudpickle

from xaudio.errors import SweepError

LAST_WORDS = 2000


@dataclass(eq=False)
class Worker:
    """One process, and how to talk to it.

    Attributes:
        process: The interpreter.
        connection: Pickled objects go both ways.
        asked: Pieces of work it has not answered yet, the oldest first.
        is_ready: Whether it has said that it began to work.
    """

    process: "subprocess.Popen[bytes]"
    connection: Connection
    asked: list[Any] = field(default_factory=list)
    is_ready: bool = False

    def ask(self, work: Any) -> None:
        """Give it a piece of work; it does what it is given one after the other."""
        self.asked.append(work)
        self.send(cloudpickle.dumps(work))

    def send(self, pickle: bytes) -> None:
        """Hand it some bytes; where it is gone, `WorkerPool.told` will say so."""
        with suppress(OSError):
            self.connection.send_bytes(pickle)

    def stop(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        self.connection.close()  # after the process, whose end wakes whoever waits for an answer


@dataclass(frozen=True)
class Answer:
    """What came of the oldest piece of work a worker was asked for.

    Attributes:
        worker: Which one did it.
        work: What it was asked.
        value: What it made; None where it failed.
        failure: What it raised instead.
    """

    worker: Worker
    work: Any
    value: Any
    failure: BaseException | None


@dataclass(frozen=True)
class Death:
    """A worker that ended before it answered.

    Attributes:
        worker: Which one.
        exit_code: Of its process; where a signal killed it, minus the signal's number.
        last_words: The end of what the workers wrote to their error stream.
    """

    worker: Worker
    exit_code: int
    last_words: str

    @property
    def could_not_start(self) -> bool:
        """Whether it ended by itself before it began to work."""
        return self.exit_code >= 0 and not self.worker.is_ready

    @property
    def why(self) -> str:
        """The signal or exit code it ended with."""
        if self.exit_code >= 0:
            return f"exit code {self.exit_code}"
        return signal.Signals(-self.exit_code).name

    @property
    def last_line(self) -> str:
        """The last of its last words."""
        return "".join(self.last_words.splitlines()[-1:])


class WorkerPool:
    """Workers that share one way of working; a context at whose end all of them are gone."""

    def __init__(self, performer: Any, count: int, threads: int = 1):
        """Start them; they are ready some seconds later.

        Args:
            performer: Called with each piece of work, in the worker; sent there once.
            count: How many workers.
            threads: Of the numerical libraries in each.

        Raises:
            SweepError: The performer cannot be sent to another process, or there is no worker.
        """
        if count < 1:
            raise SweepError(f"At least one worker is needed; given {count}.")
        self._performer = _pickled(performer)
        self._threads = threads
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self.workers: list[Worker] = []
        try:
            self.workers += [self._start() for _ in range(count)]
            for worker in self.workers:
                worker.send(self._performer)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers."""
        # Whoever waits for answers in another thread must not replace one of them.
        workers, self.workers = self.workers, []
        for worker in workers:
            worker.stop()
        self._log.close()

    def replace(self, dead: Worker) -> Worker:
        """A fresh worker in the place of one that died."""
        place = self.workers.index(dead)
        dead.stop()
        fresh = self.workers[place] = self._start()
        fresh.send(self._performer)
        return fresh

    def told(self) -> Iterator[Answer | Death]:
        """What has come in since; waits for a message, if anything was asked.

        That may be a worker's first, that it is ready, which is nothing to tell.
        """
        busy = {worker.connection: worker for worker in self.workers if worker.asked}
        for connection in wait(list(busy)):
            worker = busy[connection]  # type: ignore[index]
            try:
                message = worker.connection.recv_bytes()
            except (EOFError, OSError):
                yield Death(worker, worker.process.wait(), self._last_words())
                continue
            if worker.is_ready:
                value, failure = cloudpickle.loads(message)
                yield Answer(worker, worker.asked.pop(0), value, failure)
            worker.is_ready = True

    def _start(self) -> Worker:
        here, there = Pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "xaudio.sweeps.worker", str(there.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=[there.fileno()],
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": _module_path()},
        )
        there.close()
        worker = Worker(process, here)
        worker.send(json.dumps({"path": sys.path, "threads": self._threads}).encode())
        return worker

    def _last_words(self) -> str:
        end = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, end - LAST_WORDS))
        words = self._log.read().decode(errors="replace").strip()
        self._log.seek(0, os.SEEK_END)
        return words


def check_started(death: Death) -> None:
    """Refuse to go on where workers cannot even start.

    Raises:
        SweepError: This one did not.
    """
    if death.could_not_start:
        raise SweepError(f"A worker could not start ({death.why}): {death.last_line}")


def _pickled(performer: Any) -> bytes:
    try:
        return cloudpickle.dumps(performer)
    except Exception as error:
        raise SweepError(
            f"A model cannot be sent to other processes ({type(error).__name__}: {error}). Give "
            "its name or file instead of the object, or do everything in this process "
            "(executor=Serial(), --workers 0)."
        ) from error


def _module_path() -> str:
    """Where this package lies, first: a worker finds the same one before it is told more."""
    here = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
