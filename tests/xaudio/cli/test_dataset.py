import json

import pytest

from tests.xaudio.datasets.readers.trees import write, write_sounds
from xaudio.cli.main import run
from xaudio.datasets.manifest import load_manifest


@pytest.fixture
def asvspoof(place):
    lines = [f"LA_1 LA_T_{n} - A{n:02} spoof" for n in range(1, 26)] + ["LA_1 LA_T_0 - - bonafide"]
    write(place, "LA/ASVspoof2019.LA.cm.train.trn.txt", "\n".join(lines))
    write_sounds(place, *(f"LA/ASVspoof2019_LA_train/flac/LA_T_{n}.flac" for n in range(25)))
    return place


def test_writes_a_manifest_and_counts(asvspoof, capsys):
    arguments = ["dataset", "asvspoof2019-la", "LA", "--out", "m.parquet", "--missing", "skip"]
    assert run(arguments) == 0
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    for line in (["split", "train", "25"], ["label", "spoof", "24"], ["attack", "A19", "1"],
                 ["attack", "5", "others", "5"]):  # fmt: skip
        assert line in said
    assert ["attack", "A20", "1"] not in said
    manifest = load_manifest("m.parquet")
    assert len(manifest) == 25
    assert manifest[0].path.is_file()


def test_a_set_of_one_label_says_so(place, capsys):
    write_sounds(place, "voices/real/a.wav")
    arguments = ["dataset", "folder", "voices", "--label", "real=bonafide", "--out", "m.csv"]
    assert run(arguments) == 0
    assert "All clips have the same label" in capsys.readouterr().out


def test_counts_as_json(asvspoof, capsys):
    write(asvspoof, "clips.csv", "where,class\nvoice.wav,real\n")
    arguments = ["dataset", "table", "clips.csv", "--out", "new/m.csv", "--json"]
    assert run([*arguments, "--label", "real=bonafide", "--column", "path=where",
                "--column", "label=class"]) == 0  # fmt: skip
    assert json.loads(capsys.readouterr().out) == {
        "manifest": "new/m.csv",
        "clips": 1,
        "counts": {"split": {}, "label": {"bonafide": 1}, "attack": {}, "codec": {}},
    }
    assert load_manifest("new/m.csv")[0].path == asvspoof / "voice.wav"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["asvspoof2019-la", "LA"], "1 of 26 recordings are missing"),
        (["asvspoof2019-la", "LA", "--split", "eval"], "of the split 'eval': it has train"),
        (["asvspoof2019-la", "LA", "--missing", "no"], "expected 'refuse' or 'skip'"),
        (["asvspoof2019-la", "."], "1 of 26"),
        (["asvspoof", "LA"], "no data set named 'asvspoof'"),
        (["folder", "LA", "--label", "real"], "--label is written name=value"),
        (["mlaad", "LA", "--column", "path=file"], "'mlaad' takes no 'columns'"),
        (["mlaad", "nowhere"], "no folder nowhere"),
        (["asvspoof2019-la", "LA", "--missing", "skip", "--out", "m.txt"], "must end in .parquet"),
        (
            ["asvspoof2019-la", "LA", "--missing", "skip", "--out", "LA/m.parquet/m.csv"],
            "cannot be",
        ),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_written(asvspoof, refused, arguments, said):
    write(asvspoof, "LA/m.parquet", "in the way")
    out = [] if "--out" in arguments else ["--out", "m.parquet"]
    assert said in refused("dataset", *arguments, *out)
