import json

import pyarrow as pa
import pytest

from tests.xaudio.sweeps.small import Loudness, small_manifest
from xaudio.cli.main import run
from xaudio.datasets.manifest import Manifest, save_manifest
from xaudio.sweeps import sweep
from xaudio.verdicts import load_calibration

MODEL = "tests.xaudio.cli.test_calibrate:detector"


def detector():
    module = Loudness()
    module.labels, module.sample_rate = ("spoof", "bonafide"), 8000
    return module


def other_detector():
    module = Loudness(threshold=0.5)
    module.labels, module.sample_rate = ("spoof", "bonafide"), 8000
    return module


@pytest.fixture
def manifest(tmp_path):
    save_manifest(small_manifest(tmp_path / "audio", clips=24), tmp_path / "manifest.parquet")
    return str(tmp_path / "manifest.parquet")


def test_it_is_written_and_summed_up(manifest, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    out = tmp_path / "new" / "calibration.json"
    assert run(["calibrate", manifest, "--model", MODEL, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    for part in (
        "12 human clips of 5 speakers, 12 synthetic ones of 5",
        "Cllr, bits",
        "outside the conditions",
        "Only 5 speakers of a class",
        str(out),
    ):
        assert part in said
    assert load_calibration(out).model.spec == MODEL


def test_clips_without_a_speaker_are_told(tmp_path, capsys):
    clips = small_manifest(tmp_path / "audio", clips=24)
    nameless = clips.table.set_column(3, "speaker", pa.nulls(24, pa.string()))
    save_manifest(Manifest(nameless), tmp_path / "manifest.parquet")
    arguments = ["--model", MODEL, "--out", str(tmp_path / "calibration.json")]
    assert run(["calibrate", str(tmp_path / "manifest.parquet"), *arguments]) == 0
    assert "24 clips name no speaker" in capsys.readouterr().out


def test_json_is_one_document(manifest, tmp_path, capsys):
    out = tmp_path / "calibration.json"
    arguments = ["calibrate", manifest, "--model", MODEL, "--out", str(out), "--json"]
    assert run([*arguments, "--false-acceptance", "0.1", "--spoof-prior", "0.2"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["calibration"]["rule"] == {"rate": 0.1, "kind": "false acceptance"}
    assert document["calibration"]["spoof_prior"] == 0.2
    assert document["conditions"] == []
    assert json.loads(out.read_text())["threshold"] == document["calibration"]["threshold"]


def test_costs_set_the_threshold(manifest, tmp_path):
    out = tmp_path / "calibration.json"
    arguments = ["calibrate", manifest, "--model", MODEL, "--out", str(out)]
    assert run([*arguments, "--spoof-prior", "0.05", "--acceptance-cost", "10"]) == 0
    assert load_calibration(out).threshold == pytest.approx(-0.641853886172)


def test_a_sweep_says_under_what_it_holds(manifest, tmp_path, capsys):
    swept, out = str(tmp_path / "swept"), tmp_path / "calibration.json"
    sweep(manifest, [MODEL], ["low-pass", "white-noise"], [1], swept)
    arguments = ["calibrate", manifest, "--model", MODEL, "--out", str(out), "--json"]
    assert run([*arguments, "--sweep", swept, "--tolerance", "0.9"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in document["conditions"]] == ["low-pass", "white-noise"]
    holding = [one["name"] for one in document["conditions"] if one["holds"]]
    assert [one.name for one in load_calibration(out).validated] == ["clean", *holding]
    assert run([one for one in [*arguments, "--sweep", swept] if one != "--json"]) == 0
    said = capsys.readouterr().out
    assert "rise in points" in said
    assert "white-noise 1" in said
    other = ["calibrate", manifest, "--model", MODEL.replace("detector", "other_detector")]
    assert run([*other, "--sweep", swept, "--out", str(out)]) == 2
    assert "no scores of this model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (("--spoof-prior", "1.5"), "prior"),
        (("--false-acceptance", "1"), "false acceptance rate of 1.0"),
        (("--false-acceptance", "0.1", "--miss-cost", "2"), "wanted false acceptance"),
        (("--acceptance-cost", "-1"), "costs"),
        (("--split", "nowhere"), "it names none"),
        (("--tolerance", "5"), "--tolerance"),
        (("--sweep", "nowhere"), "no sweep in nowhere"),
        (("--out", "audio"), "is a folder"),
        (("--model", "tests.xaudio.tiny:three_kinds"), "need a detector"),
    ],
)
def test_a_users_error_is_one_line_and_nothing_is_written(
    manifest, tmp_path, refused, change, part
):
    assert part in refused("calibrate", manifest, "--model", MODEL, *change)
