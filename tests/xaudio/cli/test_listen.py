import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.xaudio.clips import BAD_CLIPS, RATE
from tests.xaudio.long_recordings.recordings import planted
from xaudio.cli.main import run

DETECTOR = "tests.xaudio.tiny:high_band_detector"


@pytest.fixture
def recording(place):
    return str(planted(place / "long.wav", 60.0, 21.0, 33.0))


def test_it_says_what_was_found_where_and_what_it_is_not(capsys, recording):
    assert run(["listen", recording, "--model", DETECTOR]) == 0
    said = capsys.readouterr().out
    assert "long.wav, 1:00: 29 windows of 4 s, one every 2 s." in said
    assert "not a verdict on the recording" in said
    assert "The lowest windows" in said
    written = {path.name for path in Path("listened/long").iterdir()}
    assert written == {"report.html", "windows.parquet", "runs.txt", "summary.json"}


def test_json_is_one_document_that_says_all(capsys, recording):
    arguments = ["--model", DETECTOR, "--window", "2", "--hop", "1", "--threshold", "0.5"]
    assert run(["listen", recording, *arguments, "--out", "there", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["window"], found["hop"], found["threshold"]) == (2.0, 1.0, 0.5)
    assert found["windows"] == sum(found["labels"].values()) == 59
    (spoof,) = [entry for entry in found["runs"] if entry["label"] == "spoof"]
    assert (spoof["start"], spoof["end"]) == (
        pytest.approx(21.0, abs=1.0),
        pytest.approx(33.0, abs=1.0),
    )
    assert all(Path(path).is_file() for path in found["files"].values())


@pytest.mark.parametrize("which", ["spoof", "all"])
def test_windows_can_be_explained_as_well(capsys, recording, which):
    arguments = ["--model", DETECTOR, "--explain", which, "--method", "input-x-gradient"]
    assert run(["listen", recording, *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    explained = found["labels"]["spoof"] if which == "spoof" else found["windows"]
    assert found["relevance"]["windows"] == explained
    assert found["relevance"]["method"] == "input-x-gradient"
    assert Path(found["files"]["relevance"]).is_file()


def test_where_no_window_has_that_label_nothing_is_explained(capsys, place):
    soundfile.write("low.wav", 0.3 * np.sin(0.1 * np.arange(6 * RATE)), RATE)
    assert run(["listen", "low.wav", "--model", DETECTOR, "--explain", "spoof", "--json"]) == 0
    assert "relevance" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("fault", BAD_CLIPS)
def test_bad_recordings_are_refused(refused, place, fault):
    BAD_CLIPS[fault](Path("bad.wav"))
    assert "bad.wav" in refused("listen", "bad.wav", "--model", DETECTOR)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--explain", "robot"], "say none, all, or one of spoof, bonafide"),
        (["--window", "0"], "give a length and a hop above 0"),
        (["--explain", "all", "--method", "nothing"], "nothing"),
        (["--explain", "all", "--setting", "x=1"], "has no setting 'x'"),
        (["--explain", "all", "--target", "robot"], "names no label"),
        (["--model", "nothing"], "nothing"),
    ],
)
def test_wrong_words_are_refused(refused, recording, arguments, message):
    assert message in refused("listen", recording, "--model", DETECTOR, *arguments)
