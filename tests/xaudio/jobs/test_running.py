"""Jobs as real processes that count: watched, stopped, killed, gone on with, one after another."""

import os
import signal
import subprocess
import sys
import time

import pytest

from xaudio.jobs import running
from xaudio.jobs.errors import JobError
from xaudio.jobs.job import SWEEP, JobFolder, jobs_in
from xaudio.jobs.process_identity import ProcessIdentity, identity_of, is_running
from xaudio.jobs.running import cancel, kill, resume, start
from xaudio.jobs.state import state_of

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    monkeypatch.setattr(running, "PERFORMER", "tests.xaudio.jobs.stand_in")


@pytest.fixture
def begun(tmp_path):
    """Starts a job that counts; what is still active in the end is killed."""
    folders = []

    def begin(name):
        folder = tmp_path / "runs" / name
        start(folder, SWEEP, ("count", str(folder)))
        folders.append(folder)
        return folder

    yield begin
    for folder in folders:
        kill(folder)


def wait_until(is_so):
    deadline = time.time() + PATIENCE
    while time.time() < deadline:
        if is_so():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def counted(folder):
    return int((folder / "count").read_text() or 0) if (folder / "count").exists() else 0


def runs(folder):
    wait_until(lambda: counted(folder) > 2)
    return state_of(folder).name


def ended(folder):
    wait_until(lambda: not state_of(folder).is_active)
    return state_of(folder).name


def enough(folder):
    (folder / "enough").touch()


def test_to_its_end(begun):
    folder = begun("one")
    assert runs(folder) == "running"
    enough(folder)
    assert ended(folder) == "finished" and not state_of(folder).can_go_on


def test_cancelled_and_gone_on_with(begun):
    folder = begun("one")
    runs(folder)
    cancel(folder)
    assert ended(folder) == "cancelled" and state_of(folder).can_go_on
    assert JobFolder(folder).last_lines() == ["Stopped; what was counted stays."]
    before = counted(folder)
    resume(folder)
    wait_until(lambda: counted(folder) > before)
    assert state_of(folder).name == "running"
    enough(folder)
    assert ended(folder) == "finished"


def test_killed_and_gone_on_with(begun):
    folder = begun("one")
    runs(folder)
    os.kill(JobFolder(folder).performer().identity.pid, signal.SIGKILL)
    assert ended(folder) == "stopped" and state_of(folder).can_go_on
    before = counted(folder)
    resume(folder)
    wait_until(lambda: counted(folder) > before)


def test_one_after_the_other(begun, tmp_path):
    first, second, third = begun("first"), begun("second"), begun("third")
    assert runs(first) == "running"
    assert [state_of(each).name for each in (second, third)] == ["waiting", "waiting"]
    assert [state_of(each).ahead for each in (second, third)] == [1, 2]
    cancel(second)  # while it waits
    assert ended(second) == "cancelled" and counted(second) == 0
    kill(first)  # the turn is handed on
    assert runs(third) == "running" and state_of(first).name == "stopped"
    resume(first)
    assert state_of(first).ahead == 1, "who asks again comes last"
    enough(third)
    assert ended(third) == "finished"
    enough(first)
    assert ended(first) == "finished"
    assert [job.folder.name for job in jobs_in(tmp_path / "runs")] == ["first", "third", "second"]


def test_it_outlives_who_started_it(tmp_path):
    folder = tmp_path / "runs" / "one"
    script = (
        "import sys; from pathlib import Path; from xaudio.jobs import running;"
        "running.PERFORMER = 'tests.xaudio.jobs.stand_in';"
        "running.start(Path(sys.argv[1]), 'sweep', ('count', sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True)
    assert runs(folder) == "running"
    enough(folder)
    assert ended(folder) == "finished"


def test_a_command_that_refuses_says_why(tmp_path):
    folder = tmp_path / "runs" / "one"
    start(folder, SWEEP, ("refuse",))
    assert ended(folder) == "failed" and state_of(folder).can_go_on
    assert state_of(folder).said == "This was refused. Give something else."


def test_a_number_given_out_again_is_no_job(begun):
    folder = begun("one")
    runs(folder)
    performer = JobFolder(folder).performer()
    kill(folder)
    assert ended(folder) == "stopped"
    ours, gone = identity_of(os.getpid()), performer.identity
    for other in (
        ProcessIdentity(ours.pid, gone.started, ours.boot),
        ProcessIdentity(ours.pid, ours.started, "another start of the machine"),
    ):
        JobFolder(folder).is_done_by(type(performer)(other, performer.began))
        assert state_of(folder).name == "stopped"
        cancel(folder)  # would be Ctrl-C for this test
        kill(folder)
    assert is_running(ours)


def test_what_is_active_is_not_started_again(begun):
    folder = begun("one")
    with pytest.raises(JobError, match="waits or runs already"):
        resume(folder)
    with pytest.raises(JobError, match="waits or runs already"):
        start(folder, SWEEP, ("count", str(folder)))
    with pytest.raises(JobError, match="no run"):
        resume(folder.parent / "another")


def test_one_that_cannot_begin_is_no_job_that_waits(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "PERFORMER", "tests.xaudio.jobs.nothing_there")
    folder = tmp_path / "runs" / "one"
    with pytest.raises(JobError, match="could not be started"):
        start(folder, SWEEP, ("count",))
    assert state_of(folder).name == "failed"


def test_an_ended_one_is_no_zombie_of_ours(begun):
    folder = begun("one")
    runs(folder)
    pid = JobFolder(folder).performer().identity.pid
    kill(folder)
    assert ended(folder) == "stopped"
    ours = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "pid="], capture_output=True)
    assert str(pid) not in ours.stdout.decode().split()
