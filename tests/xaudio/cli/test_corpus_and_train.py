import json

import pytest

from tests.xaudio.datasets.voices import voice
from xaudio.audio import write_audio
from xaudio.cli.main import run
from xaudio.datasets.manifest import load_manifest


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    home = tmp_path_factory.mktemp("place")
    (home / "speech").mkdir()
    for number in range(6):
        write_audio(home / "speech" / f"s{number}-a.wav", voice(1.5, seed=number), 16000)
    return home


BUILD = ["--copy", "world", "--sentences", "0", "--hybrids", "0", "--seconds", "1.4"]


def build(place, out, *more):
    speech = ["--speech", str(place / "speech"), "--utterances", "6"]
    return run(["corpus", "build", str(out), *speech, *BUILD, "--workers", "1", *more])


def test_a_corpus_is_built_and_told(place, capsys):
    assert build(place, place / "corpus", "--channel", "none", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["clips"] == {"bonafide": 6, "world": 6}
    assert len(load_manifest(place / "corpus" / "manifest.parquet")) == 12
    assert build(place, place / "corpus", "--channel", "none") == 0
    assert "12 clips" in capsys.readouterr().out


def test_hybrids_are_spliced_from_what_is_copied(place, capsys):
    assert build(place, place / "lpc", "--copy", "lpc", "--hybrids", "1", "--splice", "lpc") == 0
    capsys.readouterr()
    kinds = {row.attack for row in load_manifest(place / "lpc" / "manifest.parquet")}
    assert kinds == {None, "world", "lpc", "lpc-hybrid"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--copy", "vocoder9"], "no copy synthesis named 'vocoder9'"),
        (["--engine", "hal", "--sentences", "1"], "no speech synthesis named 'hal'"),
        (["--channel", "phone"], "no channel 'phone'"),
        (["--utterances", "99"], "there are 6 recordings"),
        (["--seconds", "0.1"], "at least 1.2 seconds"),
        (["--seconds", "inf"], "at least 1.2 seconds"),
    ],
)
def test_a_wrong_word_is_one_line_and_leaves_nothing(place, capsys, more, said):
    assert build(place, place / "wrong", *more) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert not (place / "wrong").exists()


def test_training_writes_weights_that_explain_and_a_card(place, capsys):
    assert build(place, place / "train", "--channel", "none") == 0
    capsys.readouterr()
    arguments = ["--epochs", "1", "--examples", "16", "--workers", "0", "--json"]
    out = place / "weights"
    assert run(["train", str(place / "train"), "--out", str(out), *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["weights"] == str(out / "lcnn.safetensors")
    assert {"seen", "world"} <= told["figures"].keys()
    assert (out / "lcnn.md").read_text().startswith("# Model card")
    clip = str(place / "speech" / "s0-a.wav")
    weights = ["--weights", str(out / "lcnn.safetensors")]
    assert run(["explain", clip, *weights, "--out", str(place / "explained")]) == 0


def test_training_on_nothing_is_one_line(place, capsys):
    assert run(["train", str(place / "absent")]) == 2
    assert "no manifest" in capsys.readouterr().err
