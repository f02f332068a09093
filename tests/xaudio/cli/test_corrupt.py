import csv
import json
import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile

from tests.xaudio.clips import BAD_CLIPS, write_good
from xaudio.cli.main import run


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


SUITE = """
summary: Two of them.
conditions:
  - {name: hiss, corruption: white-noise, severities: [1, 3]}
  - {corruption: low-pass}
"""


@pytest.fixture
def suite(place):
    (place / "mine.yaml").write_text(SUITE)
    return place


def test_a_suite_is_every_version_with_its_certificate_and_a_sheet(capsys, suite):
    assert run(["corrupt", "voice.wav", "--suite", "mine.yaml", "--out", "all", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["condition"], row["severity"]) for row in rows] == [
        ("hiss", 1),
        ("hiss", 3),
        *(("low-pass", severity) for severity in (1, 2, 3, 4, 5)),
    ]
    for row in rows:
        path = Path(row["file"])
        samples, rate = soundfile.read(path)
        figures = json.loads(path.with_suffix(".json").read_text())["certificate"]
        assert figures == row["certificate"]
        assert figures["seconds"] == len(samples) / rate == 2
        assert figures["peak"] == pytest.approx(np.abs(samples).max(), abs=1e-6)
    assert rows[1]["certificate"]["snr_db"] == pytest.approx(20, abs=0.3)
    with Path("all/certificates.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [row["file"] for row in table] == [Path(row["file"]).name for row in rows]
    assert float(table[1]["snr_db"]) == rows[1]["certificate"]["snr_db"]
    assert json.loads(table[2]["parameters"]) == {"cutoff_hz": 4000}
    page = Path("all/index.html").read_text()
    assert page.count("<audio") == page.count("<img") == 8
    names = [path.name for path in Path("all").iterdir()]
    assert len(names) == 2 * 7 + 2 and not any(name.startswith(".") for name in names)


def test_only_some_severities_of_a_suite(capsys, suite):
    command = ["corrupt", "voice.wav", "--suite", "mine.yaml"]
    assert run([*command, "--severity", "3"]) == 0
    assert "2 versions" in capsys.readouterr().out
    assert len(list(Path("corrupted").glob("*.wav"))) == 2
    assert run([*command, "--severity", "7"]) == 2
    assert "No condition of 'mine' has the severity 7; there are 1, 2" in capsys.readouterr().err


def test_several_clips_with_names_from_anywhere(capsys, suite):
    write_good(suite / "Grüße aus 東京 #1.wav")
    write_good(suite / "sub.wav")
    clips = ["voice.wav", "Grüße aus 東京 #1.wav"]
    assert run(["corrupt", *clips, "--suite", "mine.yaml", "--out", "für"]) == 0
    assert "14 versions in für" in capsys.readouterr().out
    page = Path("für/index.html").read_text(encoding="utf-8")
    sheets = re.findall(r'href="\./(.*?)"', page)
    assert [unquote(sheet) for sheet in sheets] == [
        "voice-sheet.html",
        "Grüße aus 東京 #1-sheet.html",
    ]
    assert len(sheets) == 2
    for sheet in sheets:
        inside = Path("für", unquote(sheet)).read_text(encoding="utf-8")
        links = re.findall(r'href="\./(.*?)"', inside)
        assert len(links) == 7
        assert all(Path("für", unquote(link)).is_file() for link in links)


def test_a_second_run_replaces_its_own_files_and_no_others(capsys, suite):
    command = ["corrupt", "voice.wav", "--suite", "mine.yaml", "--out", "all"]
    assert run(command) == 0
    before = {path.name: soundfile.read(path)[0] for path in Path("all").glob("*.wav")}
    Path("all/mine.txt").write_text("Keep me.")
    Path("all/voice-hiss-1.wav").write_bytes(b"Replace me.")
    assert run(command) == 0
    for name, samples in before.items():
        assert np.allclose(soundfile.read(Path("all", name))[0], samples, rtol=0, atol=1e-6)
    assert Path("all/mine.txt").read_text() == "Keep me."
    assert len(list(Path("all").iterdir())) == 2 * 7 + 3


def write_suite_of(text):
    Path("mine.yaml").write_text(f"summary: Some.\nconditions:\n{text}")


def refuse(monkeypatch, names):
    """Have some corruptions refuse every clip."""
    from perturbations.corruption import corruptions
    from perturbations.errors import CorruptionError

    def refused(*_arguments):
        raise CorruptionError("It is too short.")

    for name in names:
        monkeypatch.setattr(corruptions.get(name), "corrupt", refused)


def test_what_cannot_be_made_is_told_and_the_rest_is_there(capsys, suite, monkeypatch):
    refuse(monkeypatch, ["white-noise"])
    assert run(["corrupt", "voice.wav", "--suite", "mine.yaml"]) == 0
    written = capsys.readouterr()
    assert "2 of 7 versions could not be made" in written.err
    assert "'hiss': It is too short." in written.err
    assert "5 versions in corrupted" in written.out
    assert Path("corrupted/index.html").read_text().count("It is too short.") == 2
    with Path("corrupted/certificates.csv").open(newline="") as file:
        assert [row["error"] for row in csv.DictReader(file)] == ["It is too short."] * 2 + [""] * 5


def test_nothing_made_is_an_error_that_leaves_nothing(capsys, suite, monkeypatch):
    refuse(monkeypatch, ["white-noise", "low-pass"])
    before = sorted(suite.rglob("*"))
    assert run(["corrupt", "voice.wav", "--suite", "mine.yaml"]) == 2
    assert "None of the 7 versions could be made" in capsys.readouterr().err
    assert sorted(suite.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments, named",
    [
        ([], "--corruption"),
        (["--suite", "mine.yaml", "--corruption", "mp3"], "--suite"),
        (["--suite", "mine.yaml", "--setting", "a=1"], "--setting"),
        (["--suite", "deepfake-61"], "deepfake-16"),
        (["--suite", "nowhere.yaml"], "nowhere.yaml"),
        (["--suite", "broken.yaml"], "broken.yaml"),
    ],
)
def test_a_suite_that_is_none_is_one_line_and_leaves_nothing(capsys, suite, arguments, named):
    (suite / "broken.yaml").write_text("conditions: [{corruption: white-nois}]")
    before = sorted(suite.rglob("*"))
    assert run(["corrupt", "voice.wav", *arguments, "--json"]) == 2
    written = capsys.readouterr()
    assert named in json.loads(written.out)["error"]
    assert written.err.count("\n") == 1
    assert sorted(suite.rglob("*")) == before


def test_a_certificate_of_a_single_corruption(capsys, place):
    command = ["corrupt", "voice.wav", "--corruption", "mp3", "--certificate"]
    assert run(command) == 0
    assert "SNR: " in capsys.readouterr().out
    assert run([*command, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["certificate"]["bitrate_kbps"] == pytest.approx(24, rel=0.1)
    assert (
        json.loads(Path("corrupted/voice-mp3-3.json").read_text())["certificate"]
        == (row["certificate"])
    )
    assert Path("corrupted/certificates.csv").is_file()


def test_without_one_only_the_sound_is_written(capsys, place):
    assert run(["corrupt", "voice.wav", "--corruption", "mp3", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["certificate"] is None
    assert [path.name for path in Path("corrupted").iterdir()] == ["voice-mp3-3.wav"]


def test_names_that_would_meet_are_kept_apart(capsys, suite):
    write_suite_of(
        "  - {name: c, corruption: low-pass, severities: [1]}\n"
        "  - {name: b-c, corruption: high-pass, severities: [1]}\n"
    )
    for name in ("a", "a-b"):
        write_good(suite / f"{name}.wav")
    assert run(["corrupt", "a.wav", "a-b.wav", "--suite", "mine.yaml", "--json"]) == 0
    files = [row["file"] for row in json.loads(capsys.readouterr().out)]
    assert len(set(files)) == 4
    assert all(Path(file).with_suffix(".json").is_file() for file in files)
