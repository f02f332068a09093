"""What the tests of the commands share: a place to work in, and how a refusal looks."""

import pytest

from tests.xaudio.clips import write_good
from xaudio.cli.main import run


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to work in, empty but for one good clip."""
    monkeypatch.chdir(tmp_path)
    write_good(tmp_path / "voice.wav")
    return tmp_path


@pytest.fixture
def refused(capsys, place):
    """Runs a command that must fail, and gives the one line it says; nothing else may be left."""

    def refusal(*arguments):
        before = sorted(place.rglob("*"))
        assert run(list(arguments)) == 2
        written = capsys.readouterr()
        assert written.out == ""
        assert written.err.count("\n") == 1
        assert "Traceback" not in written.err
        assert sorted(place.rglob("*")) == before
        return written.err

    return refusal
