import json
from dataclasses import replace

import pytest

from perturbations import filters
from tests.xaudio.sweeps.small import Loudness, small_manifest
from xaudio.cli.main import run
from xaudio.cli.sweep_run import assigned_weights
from xaudio.datasets.manifest import Manifest, load_manifest, save_manifest
from xaudio.errors import UserError
from xaudio.sweeps import cells, open_store, scoring

MODEL = "tests.xaudio.cli.test_sweep:detector"
QUICK = ("--workers", "0", "--quality-clips", "0")


def detector():
    module = Loudness()
    module.labels, module.sample_rate = ("spoof", "bonafide"), 8000
    return module


def classifier():
    module = detector()
    module.labels = ("loud", "soft")
    return module


@pytest.fixture
def manifest(tmp_path):
    rows = small_manifest(tmp_path / "audio")
    rows[0].path.unlink()
    save_manifest(rows, tmp_path / "manifest.parquet")
    return str(tmp_path / "manifest.parquet")


def arguments(manifest, tmp_path, *others):
    return [
        *("sweep", manifest, "--model", MODEL, "--out", str(tmp_path / "out")),
        *("--corruption", "low-pass", "--severity", "2", *others),
    ]


def test_prints_every_condition_and_writes_a_report(manifest, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert run(arguments(manifest, tmp_path)) == 0
    said = capsys.readouterr().out
    for word in ("low-pass 2", "clean", "2 scores are missing", "report.html"):
        assert word in said
    assert "<svg" in (tmp_path / "out" / "report.html").read_text()
    assert not list((tmp_path / "out").glob(".*"))


def test_json_is_one_document(manifest, tmp_path, capsys):
    assert run(arguments(manifest, tmp_path, "--json", *QUICK)) == 0
    document = json.loads(capsys.readouterr().out)
    rows = [(row["corruption"], row["clips"], row["failed"]) for row in document["conditions"]]
    assert rows == [("clean", 11, 1), ("low-pass", 11, 1)]
    assert document["conditions"][0]["eer_refitted"] == 0
    assert [row["clip"] for row in document["failures"]] == ["clip000"] * 2


def test_the_same_command_again_scores_nothing_again(manifest, tmp_path, capsys):
    run(arguments(manifest, tmp_path, *QUICK))
    files = (tmp_path / "out" / "cells").iterdir()
    before = {file: file.stat().st_mtime_ns for file in files}
    assert run(arguments(manifest, tmp_path, *QUICK)) == 0
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert open_store(tmp_path / "out").remaining() == 0


def test_interrupted_it_says_how_to_go_on(manifest, tmp_path, capsys, monkeypatch):
    whole, judged = scoring.judge, []

    def interrupt(*_):
        raise KeyboardInterrupt

    def judge(*arguments):
        judged.append(arguments)
        if len(judged) == 4:  # the estimate judges twice
            interrupt()
        return whole(*arguments)

    monkeypatch.setattr(cells, "judge", judge)
    command = arguments(manifest, tmp_path, *QUICK)
    assert run(command) == 130
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == (
        "Stopped. Finished cells are kept; the same command goes on."
    )
    store = open_store(tmp_path / "out")
    assert (len(store.finished()), store.remaining()) == (1, 1)
    monkeypatch.undo()
    assert run(command) == 0
    assert "1 to do" in capsys.readouterr().err
    assert store.remaining() == 0
    monkeypatch.setattr(cells, "judge", interrupt)
    assert run([*command, "--severity", "3", "--dry-run"]) == 130
    assert "Stopped" not in capsys.readouterr().err, "nothing was begun"


def test_what_failed_is_tried_again_on_request(manifest, tmp_path, capsys, monkeypatch):
    low_pass = filters.LowPass.corrupt
    monkeypatch.setattr(filters.LowPass, "corrupt", lambda *_: 1 / 0)
    command = arguments(manifest, tmp_path, *QUICK)
    assert run(command) == 0
    assert "Every clip that was tried failed: low-pass: ZeroDivision" in capsys.readouterr().err
    store = open_store(tmp_path / "out")
    assert store.failures().num_rows == 12 + 1
    monkeypatch.setattr(filters.LowPass, "corrupt", low_pass)
    assert run(command) == 0
    assert store.failures().num_rows == 12 + 1
    store.cells.pack()
    again = [*command, "--retry-failed"]
    assert run([*again, "--dry-run"]) == 0
    assert "2 to do" in capsys.readouterr().err
    assert store.remaining() == 0
    assert run(again) == 0
    assert (store.failures().num_rows, store.rows().num_rows, store.remaining()) == (2, 24, 0)


def test_other_classifiers_have_an_accuracy(manifest, tmp_path, capsys):
    rows = load_manifest(manifest).rows
    named = [replace(row, label=("soft", "loud")[n % 2], attack=None) for n, row in enumerate(rows)]
    save_manifest(Manifest.of(named), tmp_path / "manifest.parquet")
    command = arguments(manifest, tmp_path, *QUICK)
    command[command.index(MODEL)] = "tests.xaudio.cli.test_sweep:classifier"
    assert run(command) == 0
    said = capsys.readouterr().out
    assert "accuracy" in said
    assert "100.0" in said
    assert "FRR" not in said
    assert "Wrong decisions" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (("--corruption", "loww-pass"), "low-pass"),
        (("--severity", "9"), "severity is 9"),
        (("--weights", "other=file.pth"), "'other=file.pth'"),
        (("--repeats", "0"), "at least one repeat"),
        (("--split", "nowhere"), "'nowhere'"),
        (("--gpus", "1"), "give --ray or --address"),
        (("--explain", "lpr"), "lrp"),
    ],
)
def test_a_users_error_is_one_line_and_nothing_is_written(manifest, tmp_path, capsys, change, part):
    assert run(arguments(manifest, tmp_path, *change)) == 2
    said = capsys.readouterr().err
    assert part in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_manifest_is_one_line(tmp_path, capsys):
    assert run(arguments(str(tmp_path / "none.parquet"), tmp_path)) == 2
    assert "There is no manifest" in capsys.readouterr().err


def test_weights_go_where_they_are_sent():
    assert assigned_weights(["aasist", "aasist-l"], ["aasist-l=a=b.pth"]) == [None, "a=b.pth"]
    assert assigned_weights(["aasist"], ["strange=name.pth"]) == ["strange=name.pth"]
    assert assigned_weights(["a", "b", "a"], ["a=x", "b=y", "a=z"]) == ["x", "y", "z"]
    assert assigned_weights(["a", "b"], []) == [None, None]
    for models, weights in [
        (["a", "b"], ["file.pth"]),
        (["a"], ["x.pth", "y.pth"]),
        (["a", "b"], ["a=x.pth", "a=y.pth"]),
        (["a", "b"], ["a="]),
    ]:
        with pytest.raises(UserError, match="MODEL=FILE"):
            assigned_weights(models, weights)
