"""Asks limited processes to decode, and keeps one ready: a hostile file harms only its own."""

import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

import numpy as np
from jaxtyping import Float32

from xaudio.decoding.limits import Limits
from xaudio.decoding.messages import BLOCK, REFUSED, TOO_LARGE
from xaudio.errors import AudioError

LARGEST_MESSAGE = 1 << 22  # bytes; a block of a decoder is far smaller
HIGHEST_RATE = 1_000_000  # hertz
CHILD = (sys.executable, "-P", "-s", "-m", "xaudio.decoding.child")


@dataclass(frozen=True, eq=False)
class Decoded:
    """A recording's samples.

    Attributes:
        samples: Mono amplitude; whatever the file holds, NaN and silence included.
        sample_rate: In hertz.
        digest: SHA-256, in hexadecimal, of the file's bytes.
        chain: What was done to those bytes to get these samples, in order.
    """

    samples: Float32[np.ndarray, "time"]
    sample_rate: int
    digest: str
    chain: tuple[str, ...]


class Decoders:
    """Processes that decode one recording each; the next one waits ready.

    Each is a fresh interpreter that holds nothing of this one's: no files, no memory, no variables
    but the path to the package. It ends when its recording is decoded, when it has taken more than
    it may, or when this process is gone.
    """

    def __init__(self, ready: int = 1, command: Sequence[str] = CHILD):
        """Nothing is started yet; see `warm`.

        Args:
            ready: How many processes to keep ready; a start takes some tenths of a second.
            command: What decodes; it is given the number of its socket as a last word.
        """
        self._ready, self._command = ready, tuple(command)
        self._lock = threading.Lock()
        self._waiting: list[_Child] = []

    def warm(self) -> None:
        """Have processes ready for the next recordings."""
        with self._lock:
            lacking = self._ready - len(self._waiting)
            self._waiting += [_Child(self._command) for _ in range(lacking)]

    def close(self) -> None:
        """End the processes that are ready and keep none; what is being decoded goes on."""
        with self._lock:
            self._ready = 0
            waiting, self._waiting = self._waiting, []
        for child in waiting:
            child.end()

    def decode(self, data: bytes, name: str, limits: Limits | None = None) -> Decoded:
        """Decode a recording that is in memory.

        Args:
            data: The file's bytes.
            name: Its name; used in messages and to recognise raw ``.g722``.
            limits: What it may cost.

        Raises:
            AudioError: It is no recording, truncated, damaged, or costs more than it may.
        """
        with _anonymous_file(data) as file:
            made = _Blocks(file, name, limits or Limits(), self)
            samples = [block for block, _ in made]
        return Decoded(
            np.concatenate([np.zeros(0, np.float32), *samples]),
            made.sample_rate,
            hashlib.sha256(data).hexdigest(),
            made.chain,
        )

    def blocks(
        self, file: IO[bytes], name: str, limits: Limits | None = None
    ) -> Iterator[tuple[Float32[np.ndarray, "time"], int]]:
        """Decode a file that may be long, block by block; each comes with its rate in hertz.

        The decoder waits for whoever takes the blocks, so memory stays bounded.

        Args:
            file: An open file on disk.
            name: As in `decode`.
            limits: What it may cost; `patience` includes the time it waits.

        Raises:
            AudioError: As in `decode`, when the fault is met.
        """
        return iter(_Blocks(file, name, limits or Limits(), self))

    def taken(self) -> "_Child":
        """A process that is ready, which is the caller's to end."""
        with self._lock:
            waiting = self._waiting.pop(0) if self._waiting else None
        return waiting or _Child(self._command)


class _Child:
    """One process and the socket to it."""

    def __init__(self, command: Sequence[str]):
        here, there = socket.socketpair()
        with there:
            self.process = subprocess.Popen(
                [*command, str(there.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
                start_new_session=True,
                env=_environment(),
            )
        self.channel = here
        self.ran_out_of_time = False

    def ask(self, file: IO[bytes], name: str, limits: Limits) -> Connection:
        """Hand over the file, and what it may cost; the answers come through what is returned."""
        request = json.dumps({"name": name, "limits": asdict(limits)}).encode()
        with suppress(OSError):  # it is gone: the first answer will be the end
            socket.send_fds(self.channel, [request], [file.fileno()])
        return Connection(self.channel.detach())

    def stop_late(self) -> None:
        """It has had its time."""
        self.ran_out_of_time = True
        self.process.kill()

    def end(self) -> None:
        """Whatever it is doing."""
        self.process.kill()
        self.process.wait()
        self.channel.close()


class _Blocks:
    """The blocks of one recording as a child decodes them; afterwards how it did."""

    def __init__(self, file: IO[bytes], name: str, limits: Limits, decoders: Decoders):
        self._file, self._name, self._limits, self._decoders = file, name, limits, decoders
        self.sample_rate = 0
        self.chain: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[tuple[np.ndarray, int]]:
        child = self._decoders.taken()
        watch = threading.Timer(self._limits.patience, child.stop_late)
        watch.daemon = True
        connection = child.ask(self._file, self._name, self._limits)
        watch.start()
        try:
            yield from self._told(connection, child)
        finally:
            watch.cancel()
            connection.close()
            child.end()
            self._decoders.warm()

    def _told(self, connection: Connection, child: _Child) -> Iterator[tuple[np.ndarray, int]]:
        count = 0
        while True:
            try:
                message = connection.recv_bytes(LARGEST_MESSAGE)
            except (EOFError, OSError):
                raise self._died(child) from None
            kind, body = message[:1], message[1:]
            try:
                if kind != BLOCK:
                    self._take_last(kind, body)
                    return
                (sample_rate,) = struct.unpack("<I", body[:4])
                samples = np.frombuffer(body[4:], dtype="<f4")
            except (ValueError, LookupError, TypeError, struct.error):
                raise self._died(child) from None
            count += len(samples)
            if not 1 <= sample_rate <= HIGHEST_RATE:
                raise self._unusable(sample_rate)
            if count > self._limits.sound * sample_rate:
                raise AudioError(f"'{self._name}' lasts longer than {self._limits.sound:g} s.")
            yield samples, sample_rate

    def _take_last(self, kind: bytes, body: bytes) -> None:
        if kind == TOO_LARGE:
            raise self._too_large()
        told: Any = json.loads(body)
        if kind == REFUSED:
            raise AudioError(str(told))
        self.sample_rate, self.chain = int(told["sample_rate"]), tuple(map(str, told["chain"]))
        if not 1 <= self.sample_rate <= HIGHEST_RATE:
            raise self._unusable(self.sample_rate)

    def _died(self, child: _Child) -> AudioError:
        """Why there is no answer, by how the process ended."""
        if child.ran_out_of_time:
            return AudioError(
                f"'{self._name}' was given up: it is not decoded after "
                f"{self._limits.patience:g} s. Convert it to WAV or FLAC."
            )
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(1)
        code = child.process.poll()
        if code == -signal.SIGXCPU:
            return AudioError(
                f"'{self._name}' was given up: decoding it takes more than "
                f"{self._limits.processor} s of processor time. Convert it to WAV or FLAC."
            )
        how = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
        return AudioError(
            f"'{self._name}' ended the decoder ({how}): the file is damaged, or made to do so. "
            "Convert it to WAV or FLAC, or record it again."
        )

    def _too_large(self) -> AudioError:
        return AudioError(
            f"'{self._name}' was given up: decoding it takes more than "
            f"{self._limits.memory / 2**20:.0f} MiB of memory. Convert it to WAV or FLAC."
        )

    def _unusable(self, sample_rate: int) -> AudioError:
        return AudioError(
            f"'{self._name}' has a sample rate of {sample_rate} Hz; expected 1 to {HIGHEST_RATE}."
        )


@contextmanager
def _anonymous_file(data: bytes) -> Iterator[IO[bytes]]:
    """A file with these bytes that has no name and goes with its last handle."""
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("recording"), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    with file:
        file.write(data)
        file.flush()
        file.seek(0)
        yield file


def _environment() -> dict[str, str]:
    """What a child is told of ours: where the packages and the system's libraries lie."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    root = str(Path(__file__).resolve().parents[2])
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {**kept, **one_thread, "PYTHONPATH": root, "LC_ALL": "C.UTF-8"}
