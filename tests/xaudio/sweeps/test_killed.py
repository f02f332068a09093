"""Killed without warning, at any moment, and started again."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.xaudio.sweeps.small import Noisy, Slow, loudness, small_manifest
from xaudio.datasets.manifest import save_manifest
from xaudio.sweeps import sweep
from xaudio.sweeps.store import SweepStore

# A process that has everything loaded and sweeps in forks of its own. Each is killed a random
# moment after a random number of further cells, however slow the machine is.
SCRIPT = """
import os, random, signal, sys, time
from pathlib import Path
import torch
from tests.xaudio.sweeps.test_killed import swept, executor_named
torch.set_num_threads(1)
folder, name, kills, further, seed = sys.argv[1:]
cells, chance = Path(folder) / "out" / "cells", random.Random(int(seed))
finished = lambda: len(list(cells.glob("[!.]*"))) if cells.is_dir() else 0
for kill in range(int(kills)):
    wanted = finished() + chance.randint(0, int(further))
    child = os.fork()
    if child == 0:
        swept(folder, "out", executor_named(name))
        os._exit(0)
    ended = (0, 0)
    while finished() < wanted and ended == (0, 0):
        time.sleep(0.001)
        ended = os.waitpid(child, os.WNOHANG)
    if ended == (0, 0):
        time.sleep(chance.uniform(0.0, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print(finished(), flush=True)
"""


def swept(folder, out, executor=None):
    return sweep(
        f"{folder}/manifest.parquet",
        [loudness(), loudness("strict", threshold=0.005)],
        [Slow(), Noisy()],
        [1, 3],
        f"{folder}/{out}",
        bucket_size=3,
        executor=executor,
    )


def executor_named(name):
    from xaudio.sweeps import Processes, Serial

    return {"serial": Serial(), "processes": Processes(2)}[name]


@pytest.fixture
def folder(tmp_path):
    save_manifest(small_manifest(tmp_path / "audio", clips=24), tmp_path / "manifest.parquet")
    return tmp_path


def killed(folder, name, kills, further):
    """How many cells were finished after each kill."""
    command = [sys.executable, "-c", SCRIPT, str(folder), name, str(kills), str(further), "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def check_resumed(folder):
    out = SweepStore(folder / "out")
    before = {file: file.read_bytes() for file in (folder / "out/cells").glob("*.parquet")}
    resumed = swept(folder, "out")
    whole = swept(folder, "whole")
    assert resumed.rows().equals(whole.rows())
    assert resumed.rows().num_rows == 2 * 5 * 24
    assert {file: file.read_bytes() for file in before} == before
    assert sorted(file.name for file in (folder / "out/cells").glob("*.parquet")) == sorted(
        file.name for file in (folder / "whole/cells").glob("*.parquet")
    )
    assert out.remaining() == 0


def test_killed_ten_times_and_resumed_equals_uninterrupted(folder):
    finished = killed(folder, "serial", kills=10, further=12)
    assert finished == sorted(finished)
    assert len(set(finished)) > 4, "the kills came while cells were written"
    check_resumed(folder)


@pytest.mark.slow
def test_the_same_on_processes(folder):
    finished = killed(folder, "processes", kills=3, further=30)
    assert finished == sorted(finished)
    check_resumed(folder)


def test_workers_end_with_the_process_that_asked_for_them(folder):
    started = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from tests.xaudio.sweeps.test_killed import swept, executor_named;"
            "swept(sys.argv[1], 'out', executor_named('processes'))",
            str(folder),
        ]
    )
    cells = folder / "out" / "cells"
    deadline = time.time() + 60
    while time.time() < deadline and not (cells.is_dir() and list(cells.glob("*.parquet"))):
        time.sleep(0.05)
    listed = workers_below(started.pid)
    assert listed
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    deadline = time.time() + 20
    while time.time() < deadline and any(map(running, listed)):
        time.sleep(0.1)
    assert not any(map(running, listed))
    check_resumed(folder)


def workers_below(pid):
    listed = subprocess.run(
        ["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True
    ).stdout
    return [int(line) for line in listed.split()]


def running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True)
    return not state.stdout.strip().startswith("Z")
