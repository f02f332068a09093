"""``xaudio suites``: what there is, and what one holds."""

import json

import pytest

from perturbations.suites import load_suite, suite_names, suite_text
from xaudio.cli.main import run


def test_all_suites_are_listed(capsys):
    assert run(["suites", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(suite_names())
    assert rows["deepfake-16"]["conditions"] == 16
    assert rows["deepfake-16"]["corrupted_versions"] == 80
    assert run(["suites"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown and rows[name]["summary"][:30] in shown for name in rows)


def test_one_is_shown_as_it_is_written(capsys):
    assert run(["suites", "srb"]) == 0
    assert capsys.readouterr().out == suite_text("srb")


def test_one_in_numbers(capsys):
    assert run(["suites", "social-media", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    suite = load_suite("social-media")
    assert [row["name"] for row in shown["conditions"]] == [each.name for each in suite.conditions]
    upload = shown["conditions"][1]
    assert upload["quantity"] == "severity"
    assert upload["parameters"]["5"]["aac.bitrate_kbps"] == 32
    assert upload["parameters"]["1"]["gain.gain_db"] == -1


def test_a_file_of_ones_own(capsys, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("summary: Mine.\nconditions: [{corruption: mp3, level: 32}] # here\n")
    assert run(["suites", str(file)]) == 0
    assert capsys.readouterr().out == file.read_text()
    file.write_text("summary: Mine.\nconditions: [{corruption: mp3, level: 33}]\n")
    assert run(["suites", str(file)]) == 2
    assert "condition 1 ('mp3')" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["deepfake-61", "nowhere.yaml"])
def test_what_is_not_there(capsys, name):
    assert run(["suites", name, "--json"]) == 2
    captured = capsys.readouterr()
    assert name in json.loads(captured.out)["error"]
    assert captured.err.count("\n") == 1
