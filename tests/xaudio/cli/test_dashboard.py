import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards.given import parse_arguments
from xaudio.cli import dashboard
from xaudio.cli.main import run


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """A package of pages, wherever it may lie."""
    home = tmp_path / "dashboards"
    home.mkdir()
    (home / "app.py").write_text("")
    found = type("Spec", (), {"submodule_search_locations": [str(home)]})
    monkeypatch.setattr(dashboard, "find_spec", lambda name: found)
    return home


def test_it_is_bound_to_this_machine_and_sends_no_statistics(pages):
    words = dashboard.streamlit_command(9000, [])
    assert words[1:5] == ["-m", "dashboards.evaluation.serving", "run", str(pages / "app.py")]
    options = dict(zip(words[5::2], words[6::2], strict=True))
    assert options == {
        "--server.address": "localhost",
        "--server.port": "9000",
        "--server.headless": "true",
        "--browser.gatherUsageStats": "false",
    }


def test_the_pages_are_given_all_that_was_said(pages, tmp_path, monkeypatch):
    folders, file = [tmp_path, pages], tmp_path / "calibration.json"
    file.write_text("{}")
    started = []
    monkeypatch.setattr(dashboard, "run_until_told", lambda words: started.extend(words) or 0)
    words = [word for folder in folders for word in ("--folder", str(folder))]
    words += ["--model", "aasist=a b.pth", "--model", "aasist-l", "--sweep", str(pages)]
    words += ["--runs", str(tmp_path / "new"), "--calibration", str(file)]
    words += ["--address", "auto", "--device", "cuda:1"]
    assert run(["dashboard", *words]) == 0
    given = parse_arguments(started[started.index("--") + 1 :])
    assert given.folders == tuple(folders) and given.sweeps == (pages,)
    assert list(given.models) == ["lcnn", "aasist (a b.pth)", "aasist-l"]
    assert str(given.models["aasist (a b.pth)"].weights) == "a b.pth"
    assert (given.runs, given.calibration) == (tmp_path / "new", file)
    assert (given.address, given.device) == ("auto", "cuda:1")


def test_the_address_is_told_and_the_exit_code_handed_on(capfd, monkeypatch):
    ending = [sys.executable, "-c", "print('pages'); raise SystemExit(3)"]
    monkeypatch.setattr(dashboard, "streamlit_command", lambda *given: ending)
    assert run(["dashboard", "--port", "9000", "--json"]) == 3
    told = capfd.readouterr()
    assert json.loads(told.out)["address"] == "http://localhost:9000"
    assert "pages" in told.err


WATCHED = """
import sys
from xaudio.cli.dashboard import run_until_told
child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
run_until_told([sys.executable, "-c", child])
"""


@pytest.mark.parametrize(("told", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, None)])
def test_the_pages_end_with_the_command(told, code):
    command = subprocess.Popen([sys.executable, "-c", WATCHED], stderr=subprocess.PIPE, text=True)
    with command:
        pages = int(command.stderr.readline())
        command.send_signal(told)
        ended = command.wait(30)
    assert ended == code if code else ended != 0
    with pytest.raises(ProcessLookupError):
        os.kill(pages, 0)


def test_pages_that_do_not_end_by_themselves_are_ended(monkeypatch):
    monkeypatch.setattr(dashboard, "PATIENCE", 0.1)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(); input()"
    words = [sys.executable, "-c", deaf]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, **pipes) as pages:
        pages.stdout.readline()
        dashboard._end(pages)
        assert pages.returncode == -signal.SIGKILL


@pytest.mark.parametrize("option", ["--folder", "--sweep", "--calibration"])
def test_what_is_not_there_is_one_line(capsys, pages, option):
    assert run(["dashboard", option, str(Path("nowhere"))]) == 2
    said = capsys.readouterr().err
    assert "nowhere" in said and said.count("\n") == 1


def test_pages_that_are_not_there_are_one_line(capsys, monkeypatch):
    monkeypatch.setattr(dashboard, "find_spec", lambda name: None)
    assert run(["dashboard"]) == 2
    assert "xaudio doctor" in capsys.readouterr().err
