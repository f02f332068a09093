"""A disk that is full for a while."""

import resource
import subprocess
from contextlib import contextmanager

import pytest

from tests.xaudio.sweeps.small import Noisy, Quieter, loudness, small_manifest
from xaudio.errors import SweepError
from xaudio.sweeps import Processes, Serial, sweep
from xaudio.sweeps.store import SweepStore


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio", clips=24)


def swept(manifest, out, executor=None):
    return sweep(
        manifest,
        [loudness()],
        [Quieter(), Noisy()],
        [1, 3, 5],
        out,
        bucket_size=3,
        executor=executor,
    )


@contextmanager
def small_disk(folder, size):
    """A file system of so many bytes at a folder; skips where this user may not mount one."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(["mount", *options], capture_output=True)
    if done.returncode:
        pytest.skip("a file system of its own needs the right to mount one")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("executor", [Serial(), Processes(1)])
def test_a_full_disk_stops_cleanly_and_the_sweep_goes_on_with_more_space(
    manifest, tmp_path, executor
):
    disk = tmp_path / "disk"
    with small_disk(disk, "256k"):
        with pytest.raises(SweepError, match=r"disk of .* is full. Finished cells are kept"):
            swept(manifest, disk / "out", executor)
        store = SweepStore(disk / "out")
        finished = store.finished()
        assert finished
        assert store.remaining() == len(store.planned()) - len(finished)
        assert store.rows().num_rows > 0
        assert not list((disk / "out").rglob(".*"))
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert (
            swept(manifest, disk / "out", executor)
            .rows()
            .equals(swept(manifest, tmp_path / "whole").rows())
        )


def test_a_file_that_may_grow_no_further_stops_cleanly_too(manifest, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    store = swept(manifest, tmp_path / "out")
    whole = store.rows()
    (cell, *_) = (tmp_path / "out" / "cells").iterdir()
    cell.unlink()
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(SweepError, match="is full"):
            store.add(cell.stem, whole)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert store.remaining() == 1
    assert not list((tmp_path / "out" / "cells").glob(".*"))
    assert swept(manifest, tmp_path / "out").rows().equals(whole)
