"""The other end of `xaudio.sweeps.worker_pool`: ``python -m xaudio.sweeps.worker <descriptor>``."""

import json
import os
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any


def serve(connection: Connection) -> None:
    """Do what comes in, answer, until nobody is at the other end."""
    try:
        settings = json.loads(connection.recv_bytes())
        sys.path[:] = settings["path"]
        perform = _prepared(connection.recv_bytes(), settings["threads"])
        connection.send_bytes(b"ready")
        for work in _coming_in(connection):
            connection.send_bytes(_answer(perform, work))
    except (EOFError, ConnectionError, KeyboardInterrupt):
        return


def _coming_in(connection: Connection) -> Iterator[bytes]:
    """Pieces of work, fetched in a thread while another one is done.

    A process that sends a large piece must never wait for one that sends a large answer. And where
    nobody is at the other end any more, this process ends at once, whatever it is doing.
    """
    waiting: SimpleQueue[bytes] = SimpleQueue()

    def fetch() -> None:
        try:
            while True:
                waiting.put(connection.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)

    Thread(target=fetch, daemon=True).start()
    while True:
        yield waiting.get()


def _prepared(performer: bytes, threads: int) -> Any:
    """The way of working; where it cannot be had, one that says so when first asked."""
    import threadpoolctl
    import torch

    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    import cloudpickle

    try:
        perform = cloudpickle.loads(performer)
    except Exception as error:
        return _Refusing(error)
    threadpoolctl.threadpool_limits(threads)
    return perform


def _answer(perform: Any, work: bytes) -> bytes:
    import cloudpickle

    try:
        return cloudpickle.dumps((perform(cloudpickle.loads(work)), None))
    except Exception as error:
        return cloudpickle.dumps((None, _sendable(error)))


def _sendable(error: Exception) -> Exception:
    """The error, or its words where it cannot travel."""
    import cloudpickle

    try:
        cloudpickle.loads(cloudpickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


class _Refusing:
    """Raises, whatever it is asked, what kept it from being made."""

    def __init__(self, error: Exception):
        self._error = error

    def __call__(self, _work: Any) -> Any:
        raise self._error


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
