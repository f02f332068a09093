"""A decoder that misbehaves as it is told: ``python decoder_that.py DEED SOCKET``."""

import os
import signal
import socket
import struct
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from xaudio.decoding.limits import Limits, hold_to

BLOCK = b"b" + struct.pack("<I", 16000) + bytes(4 * 16000)


def eats_memory():
    hold_to(Limits(memory=64 * 2**20))
    kept = []
    while True:
        kept.append(bytearray(2**24))


def spins():
    hold_to(Limits(processor=1))
    while True:
        pass


def main(deed: str, handle: int) -> None:
    channel = socket.socket(fileno=handle)
    socket.recv_fds(channel, 1 << 16, 1)
    answers = Connection(channel.detach())
    if deed == "hangs":
        time.sleep(60)
    if deed == "crashes":
        os.kill(os.getpid(), signal.SIGSEGV)
    if deed == "eats-memory":
        try:
            eats_memory()
        except MemoryError:
            answers.send_bytes(b"m")
    if deed == "spins":
        spins()
    if deed == "never-ends":
        while True:
            answers.send_bytes(BLOCK)
    if deed == "sends-too-much-at-once":
        answers.send_bytes(bytes(1 << 23))
    if deed == "sends-a-pickle":
        answers.send_bytes(b"c" + b"\x80\x04cos\nsystem\n")
    if deed == "says-a-mad-rate":
        answers.send_bytes(b"b" + struct.pack("<I", 0) + bytes(400))
    if deed == "opens-a-file":
        hold_to(Limits())
        Path(__file__).read_bytes()
    if deed == "writes-a-file":
        hold_to(Limits())
        os.write(1, b"x")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
