"""The command of a run is one the command line understands."""

from dataclasses import replace
from pathlib import Path

import pytest
import typer

from xaudio.jobs.commands import BatchRequest, Machine, SweepRequest, batch_words, sweep_words
from xaudio.jobs.errors import JobError
from xaudio.provenance import ModelSpec

SWEEP = SweepRequest(
    Path("my clips.csv"),
    (ModelSpec("lcnn"), ModelSpec("aasist", "a.pth"), ModelSpec("aasist", "b.pth")),
    corruptions=("mp3", "white-noise"),
    severities=(1, 5),
    repeats=3,
    split="test",
    quality_clips=0,
    explain=True,
    machine=Machine("cuda:1", "ray://somewhere:10001"),
)
BATCH = BatchRequest(
    Path("clips"),
    ModelSpec("some.module:model", labels=("spoof", "bonafide"), sample_rate=8000),
    ("lrp", "occlusion"),
    "spoof",
    most=5,
)


def understood(module, words):
    """What the real command makes of the words."""
    import importlib

    command = typer.main.get_command(importlib.import_module(module).app)
    for _ in range(words.count("run")):
        words = words[1:]
        command = command.commands["run"]
    context = command.make_context("it", list(words))
    return {name: value for name, value in context.params.items() if value not in (None, [], ())}


def test_a_sweep():
    words = sweep_words(SWEEP, Path("out"))
    assert words[:2] == ("sweep", "run")
    said = understood("xaudio.cli.sweep", words[1:])
    assert said["manifest"] == Path("my clips.csv") and said["out"] == Path("out")
    assert list(said["model"]) == ["lcnn", "aasist", "aasist"]
    assert list(said["weights"]) == ["aasist=a.pth", "aasist=b.pth"]
    assert list(said["corruption"]) == ["mp3", "white-noise"] and "suite" not in said
    assert (list(said["severity"]), said["repeats"], said["split"]) == ([1, 5], 3, "test")
    assert (said["quality_clips"], said["explain"]) == (0, "default")
    assert (said["device"], said["address"]) == ("cuda:1", "ray://somewhere:10001")


def test_what_is_not_said_is_left_to_the_command():
    request = SweepRequest(Path("a.csv"), (ModelSpec("lcnn"),), "telephony")
    assert " ".join(sweep_words(request, Path("o"))) == (
        "sweep run a.csv --model lcnn --suite telephony --out o"
    )


def test_a_batch():
    words = batch_words(BATCH, Path("out"))
    said = understood("xaudio.cli.explain_batch", words[1:])
    assert words[0] == "explain-batch" and said["source"] == Path("clips")
    assert (said["model"], list(said["label"])) == ("some.module:model", ["spoof", "bonafide"])
    assert (said["sample_rate"], said["most"], said["target"]) == (8000, 5, "spoof")
    assert list(said["method"]) == ["lrp", "occlusion"] and said["out"] == Path("out")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"models": ()}, "No model"),
        ({"corruptions": ()}, "Choose a suite"),
        ({"suite": "telephony"}, "Choose a suite"),
    ],
)
def test_what_is_missing_is_said(change, says):
    with pytest.raises(JobError, match=says):
        sweep_words(replace(SWEEP, **change), Path("out"))
