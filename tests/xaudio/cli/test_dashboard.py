import json
import subprocess
from pathlib import Path

import pytest

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
    words = dashboard.streamlit_command(9000, [], [])
    assert words[1:5] == ["-m", "streamlit", "run", str(pages / "app.py")]
    options = dict(zip(words[5::2], words[6::2], strict=True))
    assert options == {
        "--server.address": "localhost",
        "--server.port": "9000",
        "--server.headless": "true",
        "--browser.gatherUsageStats": "false",
    }


def test_folders_and_models_are_handed_on_whole(pages, tmp_path):
    words = dashboard.streamlit_command(9000, [tmp_path], ["aasist=a b.pth"])
    given = ["--folder", str(tmp_path), "--model", "aasist=a b.pth"]
    assert words[words.index("--") + 1 :] == given


def test_the_address_is_told_and_the_exit_code_handed_on(capsys, pages, monkeypatch):
    ended = subprocess.CompletedProcess([], 3)
    monkeypatch.setattr(dashboard.subprocess, "run", lambda *words, **more: ended)
    assert run(["dashboard", "--port", "9000", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["address"] == "http://localhost:9000"


def test_a_folder_that_is_not_there_is_one_line(capsys, pages):
    assert run(["dashboard", "--folder", str(Path("nowhere"))]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_pages_that_are_not_there_are_one_line(capsys, monkeypatch):
    monkeypatch.setattr(dashboard, "find_spec", lambda name: None)
    assert run(["dashboard"]) == 2
    assert "xaudio doctor" in capsys.readouterr().err
