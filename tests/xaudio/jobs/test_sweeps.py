"""A sweep as a job: killed, gone on with, cancelled, gone on with, finished."""

import os
import signal

import pytest

from tests.xaudio.jobs.test_running import ended, wait_until
from tests.xaudio.sweeps.small import small_manifest
from xaudio.datasets.manifest import save_manifest
from xaudio.jobs.commands import SweepRequest, sweep_words
from xaudio.jobs.job import SWEEP, JobFolder
from xaudio.jobs.running import cancel, resume, start
from xaudio.jobs.state import state_of
from xaudio.provenance import ModelSpec
from xaudio.sweeps import open_store

MODEL = ModelSpec("tests.xaudio.jobs.slow_model:slow_loudness")
CELLS = 33


def cells(folder):
    return sorted((folder / "cells").glob("[!.]*.parquet"))


@pytest.mark.slow
def test_killed_cancelled_and_finished(tmp_path):
    save_manifest(small_manifest(tmp_path / "audio", clips=4), tmp_path / "manifest.parquet")
    folder = tmp_path / "runs" / "one"
    request = SweepRequest(
        tmp_path / "manifest.parquet",
        (MODEL,),
        corruptions=("white-noise", "low-pass"),
        quality_clips=2,
    )
    words = (*sweep_words(request, folder), "--workers", "0", "--bucket-size", "2")
    start(folder, SWEEP, words)
    wait_until(lambda: len(cells(folder)) >= 4)
    state = state_of(folder)
    assert state.name == "running" and state.present.name == "scores"
    assert (state.present.pieces, len(state.phases)) == (CELLS, 1)
    assert state.present.finished >= 4 and state.pace.rate > 0
    os.kill(JobFolder(folder).performer().identity.pid, signal.SIGKILL)
    assert ended(folder) == "stopped"
    there = {file: file.read_bytes() for file in cells(folder)}
    assert 4 <= len(there) < CELLS

    resume(folder)
    wait_until(lambda: len(cells(folder)) >= len(there) + 2)
    cancel(folder)
    assert ended(folder) == "cancelled"
    assert "Finished cells are kept" in "\n".join(JobFolder(folder).last_lines())
    assert len(cells(folder)) < CELLS

    resume(folder)
    assert ended(folder) == "finished"
    assert {file: file.read_bytes() for file in there} == there
    assert open_store(folder).remaining() == 0 and (folder / "report.html").is_file()
    phases = state_of(folder).phases
    assert [phase.name for phase in phases] == ["scores", "sound quality"]
    assert all(phase.is_finished for phase in phases)
