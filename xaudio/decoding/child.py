"""A process that decodes one recording and ends: ``python -m xaudio.decoding.child HANDLE``.

Over its socket it gets the limits and the open file; back go blocks of samples, then how they were
decoded, or why they could not be. All messages are bytes and JSON: nothing is ever unpickled.
"""

import io
import json
import mmap
import os
import socket
import struct
import sys
from io import BufferedIOBase
from multiprocessing.connection import Connection
from typing import Any

from xaudio.decoding.limits import Limits, hold_to
from xaudio.decoding.messages import BLOCK, CHAIN, REFUSED, TOO_LARGE
from xaudio.decoding.reading import Reading, check_whole
from xaudio.errors import AudioError

LONGEST_REQUEST = 1 << 16


def serve(channel: socket.socket) -> None:
    """Answer the one request that comes; return where none comes any more."""
    _rehearse()
    request, files, _, _ = socket.recv_fds(channel, LONGEST_REQUEST, 1)
    if not files:
        return
    told = json.loads(request)
    connection = Connection(channel.detach())
    with os.fdopen(files[0], "rb") as file:
        data = _mapped(file)  # opens a handle of its own, which afterwards cannot be done
        limits = Limits(**told["limits"])
        hold_to(limits)
        kind, answer = _answer(file, data, told["name"], limits.sound, connection)
    connection.send_bytes(kind + json.dumps(answer).encode())


def _answer(
    file: BufferedIOBase, data: Any, name: str, longest: float, connection: Connection
) -> tuple[bytes, Any]:
    try:
        check_whole(data, name)
        reading = Reading(file, name, longest)
        for samples, sample_rate in reading:
            connection.send_bytes(BLOCK + struct.pack("<I", sample_rate) + samples.tobytes())
        return CHAIN, {"sample_rate": reading.sample_rate, "chain": reading.chain}
    except AudioError as error:
        return REFUSED, str(error)
    except MemoryError:
        return TOO_LARGE, ""
    except Exception as error:  # of any of the decoders' own classes
        return REFUSED, f"'{name}' cannot be decoded ({type(error).__name__}: {error})."


def _mapped(file: BufferedIOBase) -> Any:
    """The file's bytes, read where they are looked at."""
    empty = not os.fstat(file.fileno()).st_size
    return b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _rehearse() -> None:
    """Decode something known: all is imported then, and afterwards no file can be opened."""
    for _ in Reading(io.BytesIO(bytes(range(256))), "rehearsal.g722"):
        pass


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        serve(asked)
