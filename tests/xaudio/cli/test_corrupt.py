import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.xaudio.clips import BAD_CLIPS, write_good
from xaudio.cli.main import run


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_good(tmp_path / "voice.wav")
    return tmp_path


def test_each_corruption_at_each_severity_is_a_file(capsys, place):
    arguments = ["--corruption", "white-noise", "--corruption", "low-pass"]
    arguments += ["--severity", "1", "--severity", "5", "--out", "bad", "--json"]
    assert run(["corrupt", "voice.wav", *arguments]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len({row["file"] for row in rows}) == 4
    assert all(Path(row["file"]).is_file() for row in rows)
    clean, _ = soundfile.read("voice.wav")
    noise = {}
    for row in rows[:2]:
        heard, rate = soundfile.read(row["file"])
        assert rate == 16000
        # A sum louder than full scale is turned down as a whole: speech is what is like the clip.
        speech = clean * (heard @ clean) / (clean @ clean)
        noise[row["severity"]] = np.sum((heard - speech) ** 2) / np.sum(speech**2)
        measured = -10 * np.log10(noise[row["severity"]])
        assert measured == pytest.approx(row["parameters"]["snr_db"], abs=0.5)
    assert noise[5] > noise[1]


def test_the_same_command_gives_the_same_samples_and_another_repeat_others(capsys, place):
    base = ["corrupt", "voice.wav", "--corruption", "white-noise", "--severity", "5"]
    for folder, repeat in (("a", "0"), ("b", "0"), ("c", "1")):
        assert run([*base, "--repeat", repeat, "--out", folder]) == 0
    a, b, c = (soundfile.read(next(Path(folder).iterdir()))[0] for folder in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_the_time_map_says_where_each_instant_went(capsys, place):
    arguments = ["--corruption", "time-stretch", "--severity", "5", "--json"]
    assert run(["corrupt", "voice.wav", *arguments]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["time_map"]
    assert soundfile.info(row["file"]).duration == pytest.approx(2.0 / 1.5, abs=0.05)


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["--corruption", "white-noize"], "white-noise"),
        (["--corruption", "white-noise", "--severity", "6"], "6"),
        (["--corruption", "white-noise", "--setting", "colour=pink"], "colour"),
        (["--corruption", "white-noise", "--repeat", "-1"], "repeat"),
    ],
)
def test_what_does_not_exist_is_one_line(capsys, place, arguments, named):
    assert run(["corrupt", "voice.wav", *arguments]) == 2
    written = capsys.readouterr()
    assert named in written.err
    assert written.err.count("\n") == 1
    assert [path.name for path in place.iterdir()] == ["voice.wav"]


@pytest.mark.parametrize("kind", BAD_CLIPS)
def test_a_bad_clip_leaves_nothing(capsys, place, kind):
    BAD_CLIPS[kind](place / "bad.wav")
    before = sorted(place.rglob("*"))
    arguments = ["voice.wav", str(place / "bad.wav"), "--corruption", "low-pass"]
    assert run(["corrupt", *arguments]) == 2
    assert "bad.wav" in capsys.readouterr().err
    assert sorted(place.rglob("*")) == before
