"""What one can ask of a sweep: status, results, report, export, merge, pack, parts."""

import json

import pytest

from tests.xaudio.cli.test_sweep import arguments
from tests.xaudio.sweeps.small import small_manifest
from xaudio.cli import sweep_bar
from xaudio.cli.main import run
from xaudio.cli.sweep_run import parsed_part
from xaudio.datasets.manifest import save_manifest
from xaudio.errors import UserError
from xaudio.sweeps import open_store
from xaudio.sweeps.progress import Progress


@pytest.fixture
def manifest(tmp_path):
    rows = small_manifest(tmp_path / "audio")
    rows[0].path.unlink()
    save_manifest(rows, tmp_path / "manifest.parquet")
    return str(tmp_path / "manifest.parquet")


@pytest.fixture
def out(manifest, tmp_path, capsys):
    quick = ("--workers", "0", "--quality-clips", "0", "--bucket-size", "3")
    assert run(arguments(manifest, tmp_path, *quick)) == 0
    capsys.readouterr()
    return tmp_path / "out"


def document(capsys, *arguments):
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_status_counts_cells_and_says_why_clips_failed(out, capsys):
    state = document(capsys, "sweep", "status", str(out))
    (model,) = state["models"]
    cells = open_store(out).planned().num_rows
    assert (model["cells"], model["finished"], model["scores"], model["failed"]) == (
        cells,
        cells,
        24,
        2,
    )
    ((why, clips),) = state["reasons"]
    assert "There is no file" in why
    assert clips == 1
    next((out / "cells").iterdir()).unlink()
    assert run(["sweep", "status", str(out)]) == 0
    assert "1 cell is left" in capsys.readouterr().out


def test_results_are_those_of_the_run_also_before_it_is_finished(out, capsys):
    rows = document(capsys, "sweep", "results", str(out))["conditions"]
    assert [(row["corruption"], row["severity"]) for row in rows] == [("clean", 0), ("low-pass", 2)]
    only = document(capsys, "sweep", "results", str(out), "--severity", "2")["conditions"]
    assert only == rows[1:]
    next((out / "cells").iterdir()).unlink()
    assert document(capsys, "sweep", "results", str(out))["remaining"] == 1
    assert run(["sweep", "results", str(out)]) == 0
    assert "1 cell is not finished yet" in capsys.readouterr().out


def test_parts_are_disjoint_and_merged_are_the_whole(out, manifest, tmp_path, capsys):
    folders = []
    for number in (1, 2, 3):
        folder = tmp_path / f"part{number}"
        others = ("--workers", "0", "--bucket-size", "3", "--part", f"{number}/3")
        command = arguments(manifest, tmp_path, *others)
        command[command.index(str(tmp_path / "out"))] = str(folder)
        assert run(command) == 0
        said = capsys.readouterr()
        assert "left to other parts" in said.err
        assert said.out == ""
        folders.append(str(folder))
    stores = [open_store(folder) for folder in folders]
    assert sum(len(store.finished()) for store in stores) == len(open_store(out).finished())
    told = document(capsys, "sweep", "merge", str(tmp_path / "merged"), *folders)
    assert told["remaining"] == 0
    assert open_store(tmp_path / "merged").rows().equals(open_store(out).rows())


def test_a_part_without_a_bucket_has_nothing_to_do(manifest, tmp_path, capsys):
    command = [*arguments(manifest, tmp_path, "--workers", "0"), "--part", "9/9"]
    assert run(command) == 0
    assert "Nothing to do." in capsys.readouterr().err
    assert document(capsys, *command) == {"out": str(tmp_path / "out"), "remaining": 2}


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        (("--model", "other"), "no model 'other'; there is loudness"),
        (("--corruption", "opus"), "no corruption 'opus'; there are clean, low-pass"),
        (("--severity", "4"), "no severity '4'; there are 0, 2"),
    ],
)
def test_results_of_what_was_not_swept_are_refused(out, refused, asked, part):
    assert part.replace("loudness", "detector") in refused("sweep", "results", str(out), *asked)


def test_a_log_gets_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(sweep_bar, "SECONDS_PER_LINE", 0.0)
    with sweep_bar.SweepBar("scores", hidden=False) as bar:
        bar.show(Progress(3, 10, 96, 2, 48.0, 112.0))
    assert capsys.readouterr().err == "scores: 3/10 cells, 2.0 clips/s, 1:52 left, 2 failed\n"
    with sweep_bar.SweepBar("scores", hidden=True) as bar:
        bar.show(Progress(3, 10, 96, 2, 48.0, 112.0))
    assert capsys.readouterr().err == ""


def test_packing_keeps_every_row(out, capsys):
    before = open_store(out).rows()
    assert document(capsys, "sweep", "pack", str(out))["files"] == 1
    assert open_store(out).rows().equals(before)
    assert document(capsys, "sweep", "status", str(out))["models"][0]["failed"] == 2


def test_report_and_export_write_what_they_name(out, tmp_path, capsys):
    (out / "report.html").unlink()
    assert document(capsys, "sweep", "report", str(out))["report"] == str(out / "report.html")
    assert "low-pass" in (out / "report.html").read_text()
    files = document(capsys, "sweep", "export", str(out), "--to", str(tmp_path / "files"))["files"]
    suffixes = {name.rpartition(".")[2] for name in files}
    assert {"parquet", "csv", "tex", "png", "svg"} <= suffixes


def test_a_dry_run_writes_nothing(manifest, tmp_path, capsys):
    assert run(arguments(manifest, tmp_path, "--dry-run", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["clips"], told["rows"], told["cells"], told["waiting"]) == (12, 24, 2, 2)
    assert told["wall_seconds"] > 0
    assert not (tmp_path / "out").exists()


def test_parts_are_written_as_a_fraction():
    assert parsed_part("3/64") == (3, 64)
    assert parsed_part(None) is None
    for wrong in ("3", "3/", "/4", "a/b", "-1/4"):
        with pytest.raises(UserError, match="write K/N"):
            parsed_part(wrong)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["status", "nothing"], "There is no sweep in nothing"),
        (["results", "nothing"], "There is no sweep in nothing"),
        (["report", "nothing"], "There is no sweep in nothing"),
        (["export", "nothing"], "There is no sweep in nothing"),
        (["pack", "nothing"], "There is no sweep in nothing"),
        (["merge", "all", "nothing"], "There is no sweep in nothing"),
        (["voice.wav"], "voice.wav"),
        (["run", "voice.wav", "--suite", "a", "--corruption", "b"], "not both"),
    ],
)
def test_a_users_error_is_one_line(refused, words, part):
    assert part in refused("sweep", *words)
