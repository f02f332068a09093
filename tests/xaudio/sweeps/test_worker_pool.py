"""Real processes: what goes through pipes, and what is left behind."""

import os
import sys
import time

import pytest

from xaudio.errors import SweepError
from xaudio.sweeps.piecework import piecework
from xaudio.sweeps.worker_pool import WorkerPool

LARGE = 3_000_000  # bytes; a pipe holds some hundred thousand


class Busy:
    """Answers at length, works for ten minutes, or ends everything."""

    def __call__(self, work):
        if work == b"sleep":
            time.sleep(600)
        if work == b"exit":
            os._exit(3)
        return os.getpid(), work


def test_large_pieces_and_large_answers_pass_each_other(tmp_path):
    """And a worker ends with the process that asked for it, whatever it is doing."""
    with WorkerPool(Busy(), 1) as pool:
        (worker,) = pool.workers
        assert os.getpgid(worker.process.pid) != os.getpgid(0), "Ctrl-C goes to a whole group"
        answers = []
        for number in range(2):
            worker.ask(bytes([number]) * LARGE)
        while worker.asked:
            for told in pool.told():
                answers.append(told.value)
                if len(answers) < 4:
                    worker.ask(bytes([len(answers) + 1]) * LARGE)
        assert [work[0] for _, work in answers] == [0, 1, 2, 3, 4][: len(answers)]
        assert {len(work) for _, work in answers} == {LARGE}
        assert {pid for pid, _ in answers} == {worker.process.pid}
        worker.ask(b"exit")
        (death,) = pool.told()
        assert (death.why, death.could_not_start) == ("exit code 3", False)
        worker = pool.replace(worker)
        worker.ask(b"sleep")
        worker.connection.close()
        assert worker.process.wait(timeout=60) == 0


@pytest.fixture
def refusing_interpreter(tmp_path, monkeypatch):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho some words >&2\necho no module named torch >&2\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


def test_workers_that_cannot_start_are_told_with_their_last_words(refusing_interpreter):
    """Also where they are gone before everything was sent to them."""
    performer = [b"x" * LARGE]
    with WorkerPool(performer, 1) as pool:
        pool.workers[0].ask(b"y" * LARGE)
        (death,) = pool.told()
    assert (death.why, death.could_not_start) == ("exit code 3", True)
    assert death.last_line == "no module named torch"
    with pytest.raises(SweepError, match="no module named torch"):
        list(piecework(str.upper, ["a", "b"], 2))


def test_no_worker_is_refused():
    with pytest.raises(SweepError, match="given 0"):
        WorkerPool(print, 0)
