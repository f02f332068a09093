import json

import pytest
from typer.testing import CliRunner

from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.tiny import HighBandDetector
from xaudio.cli.main import COMMANDS, run
from xaudio.cli.reproduce import app, printable
from xaudio.explaining import explain
from xaudio.records import Case, write_case

needs_its_line = pytest.mark.skipif("reproduce" not in COMMANDS, reason="not in the list yet")


@pytest.fixture
def case(tmp_path):
    explained = explain((hybrid(1.0), RATE), "lcnn", "input-x-gradient")
    write_case(Case(explained), tmp_path / "case")
    return tmp_path / "case"


def spoil(case, **entries):
    record = json.loads((case / "record.json").read_text())
    (case / "record.json").write_text(json.dumps({**record, **entries}))


def test_the_same_is_said_and_the_exit_code_is_zero(case):
    told = CliRunner().invoke(app, [str(case)])
    assert told.exit_code == 0, told.output
    assert "It comes out the same" in told.output
    assert "SHA-256 of the record: " in told.output
    assert "version of" not in told.output  # what is the same and uninteresting is left out


def test_a_difference_is_said_and_the_exit_code_is_one(case):
    (case / "labels.txt").write_text("other")
    told = CliRunner().invoke(app, [str(case / "record.json")])
    assert told.exit_code == 1
    assert "It does not come out the same: file labels.txt." in told.output
    assert "DIFFERS" in told.output


def test_json_is_one_document_that_says_all(case):
    spoil(case, versions={"torch": "0.1"})
    told = CliRunner().invoke(app, [str(case), "--json"])
    found = json.loads(told.output)
    assert told.exit_code == 0 and found["same"] is True
    (version,) = [each for each in found["comparisons"] if each["what"] == "version of torch"]
    assert version["recorded"] == "0.1" and version["outcome"] == "told"
    assert version["matters"] is False
    assert len(found["record_sha256"]) == 64


@needs_its_line
def test_errors_are_one_line_and_the_exit_code_is_two(case, capsys):
    (case / "record.json").write_text("{")
    assert run(["reproduce", str(case)]) == 2
    assert run(["reproduce", str(case / "nothing.json"), "--json"]) == 2
    written = capsys.readouterr()
    assert written.err.count("\n") == 2 and "Traceback" not in written.err
    assert "error" in json.loads(written.out)


@needs_its_line
def test_a_model_may_be_given_again(tmp_path, capsys):
    explained = explain((hybrid(1.0), RATE), HighBandDetector(), "input-x-gradient")
    write_case(Case(explained), tmp_path / "case.zip")
    assert run(["reproduce", str(tmp_path / "case.zip")]) == 2
    assert "--model" in capsys.readouterr().err
    model = ["--model", "tests.xaudio.tiny:high_band_detector"]
    assert run(["reproduce", str(tmp_path / "case.zip"), *model]) == 0


@needs_its_line
def test_nothing_of_a_record_reaches_the_terminal_as_a_command(case, capsys):
    record = json.loads((case / "record.json").read_text())
    spoil(case, decision={**record["decision"], "label": "\x1b[2Jspoof"})
    assert run(["reproduce", str(case)]) == 1
    spoil(case, model={**record["model"], "name": "\x1b]0;x\x07evil:factory"})
    assert run(["reproduce", str(case)]) == 2
    written = capsys.readouterr()
    assert "\x1b" not in written.out + written.err and "\x07" not in written.out + written.err


def test_printable_keeps_what_people_write():
    assert printable("naïve 声.wav") == "naïve 声.wav"
    assert printable("a\x9bb\u202ec") == "a�b�c"
