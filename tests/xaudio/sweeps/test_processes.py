"""What only real processes show; what becomes of work whose workers die is in test_dispatch."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.xaudio.sweeps.small import (
    RATE,
    Crashing,
    Loudness,
    Noisy,
    Quieter,
    loudness,
    small_manifest,
)
from xaudio.classifiers.classifier import Classifier
from xaudio.errors import ModelError, SweepError
from xaudio.sweeps import Pipelined, Processes, SweptModel, sweep

SETTINGS = {"corruptions": [Quieter(), Noisy()], "severities": [1, 3], "bucket_size": 3}
MODELS = [loudness(), loudness("strict", threshold=0.005)]


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio")


@pytest.fixture
def expected(manifest, tmp_path):
    return sweep(manifest, MODELS, out=tmp_path / "serial", **SETTINGS).rows()


@pytest.mark.parametrize("executor", [Processes(2), Pipelined(2)])
def test_the_same_rows_as_in_one_process(manifest, tmp_path, executor):
    manifest[0].path.write_bytes(b"broken")
    expected = sweep(manifest, MODELS, out=tmp_path / "serial", **SETTINGS).rows()
    told = []
    store = sweep(
        manifest,
        MODELS,
        out=tmp_path / "out",
        executor=executor,
        progress=told.append,
        **SETTINGS,
    )
    assert store.rows().equals(expected)
    assert [state.finished for state in told] == list(range(1, told[-1].cells + 1))
    assert told[-1].failed == 2 * 5
    told.clear()
    again = sweep(manifest, MODELS, out=tmp_path / "out", executor=executor, **SETTINGS)
    assert again.rows().equals(expected)


def test_a_clip_over_which_processes_crash_is_a_failed_row(manifest, tmp_path):
    plain = sweep(manifest, [loudness()], [Crashing()], [1], tmp_path / "plain").rows()
    victim = plain["digest"][5].as_py()
    store = sweep(
        manifest,
        [loudness()],
        [Crashing(clip=victim)],
        [1],
        tmp_path / "out",
        bucket_size=6,
        executor=Processes(1),
    )
    failures = store.failures()
    assert failures["digest"].to_pylist() == [victim]
    assert "crashed (SIGSEGV)" in failures["error"][0].as_py()
    there = store.rows().filter(store.rows()["score"].is_valid())
    assert there.num_rows == plain.num_rows - 1


def test_a_killed_worker_is_replaced(manifest, tmp_path, expected):
    """Killed from outside, once, while it works."""

    def kill_one(state):
        if state.finished == 4:
            (victim, *_) = workers_of(os.getpid())
            os.kill(victim, signal.SIGKILL)

    store = sweep(
        manifest,
        MODELS,
        out=tmp_path / "out",
        executor=Processes(1),
        progress=kill_one,
        **SETTINGS,
    )
    assert store.rows().equals(expected)


def test_no_worker_outlives_a_sweep_that_is_stopped(manifest, tmp_path):
    def stop(state):
        raise KeyboardInterrupt

    for executor in (Processes(1), Pipelined(1)):
        threads = threading.active_count()
        with pytest.raises(KeyboardInterrupt):
            sweep(
                manifest,
                MODELS,
                out=tmp_path / "out",
                executor=executor,
                progress=stop,
                **SETTINGS,
            )
        assert workers_of(os.getpid()) == []
        assert threading.active_count() == threads


def test_models_by_name_are_loaded_in_the_workers(manifest, tmp_path, expected):
    models = [
        SweptModel("tests.xaudio.sweeps.test_processes:detector"),
        SweptModel("tests.xaudio.sweeps.test_processes:strict"),
    ]
    store = sweep(manifest, models, out=tmp_path / "out", executor=Processes(1), **SETTINGS)
    assert store.rows()["score"].to_pylist() == expected["score"].to_pylist()


def test_a_model_that_cannot_travel_is_refused(manifest, tmp_path):
    module = Loudness()
    module.lock = threading.Lock()
    model = Classifier(module, "locked", RATE, ("spoof", "bonafide"))
    with pytest.raises(SweepError, match=r"cannot be sent to other processes.*--workers 0"):
        sweep(manifest, [model], out=tmp_path / "out", executor=Processes(2), **SETTINGS)


def test_what_a_worker_cannot_load_is_told_as_here(manifest, tmp_path):
    plan_time = sweep(manifest, [loudness()], [], [], tmp_path / "out")
    assert plan_time.remaining() == 0
    here_only = SweptModel("tests.xaudio.sweeps.test_processes:only_here")
    os.environ["XAUDIO_TEST_PARENT"] = str(os.getpid())
    try:
        with pytest.raises(ModelError, match="only here"):
            sweep(manifest, [here_only], out=tmp_path / "out", executor=Processes(1), **SETTINGS)
    finally:
        del os.environ["XAUDIO_TEST_PARENT"]


def test_needs_no_guard_in_the_script_that_calls_it(manifest, tmp_path):
    from xaudio.datasets.manifest import save_manifest

    save_manifest(manifest, tmp_path / "manifest.parquet")
    script = tmp_path / "script.py"
    script.write_text(
        """
from xaudio.sweeps import Processes, sweep
print("once")
store = sweep("manifest.parquet", ["lcnn"], ["low-pass"], [1], "out", executor=Processes(1))
print(store.rows().num_rows)
"""
    )
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["once", "24"]


def detector():
    return _module(0.02)


def strict():
    return _module(0.005)


def only_here():
    if os.environ.get("XAUDIO_TEST_PARENT") != str(os.getpid()):
        raise ModelError("The weights lie only here.")
    return _module(0.7)


def _module(threshold):
    module = Loudness(threshold)
    module.labels, module.sample_rate = ("spoof", "bonafide"), RATE
    return module


def workers_of(parent):
    """Processes this one has started and that still run."""
    time.sleep(0.2)
    listed = subprocess.run(
        ["ps", "--ppid", str(parent), "-o", "pid=,stat=,args="], capture_output=True, text=True
    ).stdout
    return [
        int(line.split()[0])
        for line in listed.splitlines()
        if "xaudio.sweeps.worker" in line and "Z" not in line.split()[1]
    ]
