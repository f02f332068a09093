import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.xaudio.sweeps.small import (
    Crashing,
    Noisy,
    Quieter,
    Slow,
    loudness,
    small_manifest,
)
from xaudio.sweeps import open_store, sweep
from xaudio.sweeps.ray_cluster import DIED, RayCluster

ray = pytest.importorskip("ray")

SETTINGS = {"corruptions": [Quieter(), Noisy()], "severities": [1, 3], "bucket_size": 3}
MODELS = [loudness(), loudness("strict", threshold=0.005)]
ON_TWO = RayCluster(workers=2, device="cpu")
IN_TWO_STAGES = RayCluster(workers=1, gpus_per_worker=0.5, gpu_workers=1, device="cpu")


@pytest.fixture(scope="module", autouse=True)
def one_ray():
    """One for all tests here, which thinks it has a GPU."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(
            address="local",
            num_cpus=2,
            num_gpus=1,
            object_store_memory=2**28,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        yield
        ray.shutdown()
    assert wait_until(lambda: not processes_of(os.getpid()))


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio")


@pytest.fixture
def short_folder():
    """Of a name short enough for sockets below it."""
    with tempfile.TemporaryDirectory(prefix="x", dir="/tmp") as folder:
        yield Path(folder)


def processes_of(parent: int, beginning: str = "") -> list[int]:
    """Ids of Ray's processes below another."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            line = (folder / "cmdline").read_text()
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if above == parent:
            mine = line.startswith("ray::") or "/ray/" in line
            found += [int(folder.name)] if mine and line.startswith(beginning) else []
            found += processes_of(int(folder.name), beginning)
    return found


def actors() -> list[int]:
    return processes_of(os.getpid(), "ray::MapWorker")


def wait_until(holds, seconds=30.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


@pytest.mark.parametrize("executor", [ON_TWO, IN_TWO_STAGES])
def test_the_rows_are_those_of_a_serial_run(manifest, tmp_path, executor):
    manifest[0].path.write_bytes(b"broken")
    expected = sweep(manifest, MODELS, out=tmp_path / "serial", **SETTINGS).rows()
    told = []
    out = tmp_path / "out"
    store = sweep(manifest, MODELS, out=out, executor=executor, progress=told.append, **SETTINGS)
    assert store.rows().equals(expected)
    assert store.failures().num_rows == told[-1].failed == 2 * 5
    assert [state.finished for state in told] == list(range(1, told[-1].cells + 1))


def test_an_actor_killed_in_mid_run_loses_and_doubles_nothing(manifest, tmp_path):
    settings = {"corruptions": [Slow(), Noisy()], "bucket_size": 2}
    expected = sweep(manifest, MODELS, out=tmp_path / "serial", **settings).rows()
    victims, cells = [], []

    def kill_one(state):
        cells.append(state.finished)
        if state.finished in (5, 40):
            victims.append(actors()[0])
            os.kill(victims[-1], signal.SIGKILL)

    out = tmp_path / "out"
    store = sweep(manifest, MODELS, out=out, executor=ON_TWO, progress=kill_one, **settings)
    assert len(set(victims)) == 2
    assert cells == list(range(1, cells[-1] + 1))
    assert store.rows().equals(expected)


@pytest.mark.slow
def test_a_clip_over_which_actors_die_is_a_failed_row(manifest, tmp_path):
    plain = sweep(manifest, MODELS, [Crashing(), Quieter()], [1], tmp_path / "plain").rows()
    victim = plain["digest"][5].as_py()
    corruptions = [Crashing(clip=victim), Quieter()]
    out = tmp_path / "out"
    store = sweep(manifest, MODELS, corruptions, [1], out, bucket_size=6, executor=ON_TWO)
    failures = store.failures()
    assert failures["digest"].to_pylist() == [victim] * 2
    assert failures["error"].to_pylist() == [DIED] * 2
    assert failures["corruption"].to_pylist() == ["crashing"] * 2
    there = store.rows().filter(store.rows()["score"].is_valid())
    assert there.num_rows == plain.num_rows - 2


def test_stopped_and_resumed(manifest, tmp_path):
    def stop(state):
        if state.finished == 7:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        sweep(manifest, MODELS, out=out, executor=ON_TWO, progress=stop, **SETTINGS)
    assert len(open_store(out).finished()) == 7
    assert wait_until(lambda: not actors())
    told = []
    store = sweep(manifest, MODELS, out=out, executor=ON_TWO, progress=told.append, **SETTINGS)
    assert told[0].finished == 8
    assert store.rows().equals(sweep(manifest, MODELS, out=tmp_path / "s", **SETTINGS).rows())


DRIVER = """
from pathlib import Path
from tests.xaudio.sweeps.test_ray_cluster import *
folder = Path("{folder}")
sweep(
    small_manifest(folder / "audio"), MODELS, [Slow(), Noisy()], out=folder / "out",
    bucket_size=2, executor=RayCluster(workers=2), progress=lambda state: print(state.finished),
)
"""


@pytest.mark.slow
def test_a_killed_sweep_leaves_no_processes_and_can_be_resumed(manifest, tmp_path, short_folder):
    """With a Ray of its own, in another process, that is gone from one moment to the next."""
    driver = [sys.executable, "-u", "-c", DRIVER.format(folder=tmp_path)]
    environment = {**os.environ, "TMPDIR": str(short_folder)}
    with subprocess.Popen(driver, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for _ in range(9):
            assert process.stdout.readline()
        below = processes_of(process.pid)
        process.kill()
    assert len(below) > 4
    finished = open_store(tmp_path / "out").finished()
    assert len(finished) >= 8
    resumed = subprocess.run(driver, capture_output=True, text=True, env=environment, check=True)
    cells = open_store(tmp_path / "out").planned().num_rows
    told = [int(line) for line in resumed.stdout.split()]
    assert told == list(range(len(finished) + 1, cells + 1))
    assert resumed.stderr == ""
    assert not list(short_folder.iterdir())
    serial = sweep(manifest, MODELS, [Slow(), Noisy()], out=tmp_path / "s", bucket_size=2)
    assert open_store(tmp_path / "out").rows().equals(serial.rows())
    # Two idle agents of Ray's look for their head for a minute; nothing else may stay.
    assert wait_until(lambda: sum(Path(f"/proc/{pid}").exists() for pid in below) <= 2)
