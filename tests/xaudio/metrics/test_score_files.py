import gzip

import numpy as np
import pyarrow as pa
import pytest

from xaudio.errors import MetricError
from xaudio.metrics.score_files import read_key, read_scores, write_scores
from xaudio.metrics.score_formats import (
    ASVSPOOF5_KEY,
    ASVSPOOF5_SCORES,
    ASVSPOOF2019_ASV_SCORES,
    CSV_SCORES,
    FUSION_SCORES,
    PLAIN_SCORES,
    SASV_KEY,
    SASV_SCORES,
    ScoreFormat,
)


def read(tmp_path, text, layout, higher="bonafide"):
    path = tmp_path / "scores.txt"
    path.write_text(text)
    return read_scores(path, layout, higher).to_pydict()


def test_asvspoof5_scores_and_key(tmp_path):
    text = "filename\tcm-score\nE_000001\t0.01\nE_000002\t-2e-2\n"
    assert read(tmp_path, text, ASVSPOOF5_SCORES) == {
        "clip": ["E_000001", "E_000002"],
        "score": [0.01, -0.02],
    }
    path = tmp_path / "key.tsv"
    path.write_text("filename\tcm-label\nE_000001\tbonafide\nE_000002\tspoof\n")
    assert read_key(path, ASVSPOOF5_KEY).to_pydict() == {
        "clip": ["E_000001", "E_000002"],
        "label": ["bonafide", "spoof"],
    }


def test_polarity_is_what_the_caller_says(tmp_path):
    text = "spk filename cm-score asv-score sasv-score\nE_1 E_000001 4.5 -1.0 1.5\n"
    row = {"speaker": ["E_1"], "clip": ["E_000001"], "asv_score": [-1.0], "sasv_score": [1.5]}
    assert read(tmp_path, text, SASV_SCORES) == row | {"score": [4.5]}
    assert read(tmp_path, text, SASV_SCORES, higher="spoof") == row | {"score": [-4.5]}


def test_aligned_columns_are_read_too(tmp_path):
    text = "spk        filename      cm-label   asv-label\nE_1    E_01   spoof\t spoof  \n\n"
    path = tmp_path / "key.txt"
    path.write_text(text)
    assert read_key(path, SASV_KEY).to_pylist() == [
        {"speaker": "E_1", "clip": "E_01", "label": "spoof", "asv_label": "spoof"}
    ]


def test_scores_of_the_fusion_tool(tmp_path):
    text = "asv_score,cm_score,sasv_label\n0.5,1.5,1.0\n0.1,2.5,2.0\n0.2,-3.5,0.0\n0.2,-4.5,3.0\n"
    table = read(tmp_path, text, FUSION_SCORES)
    assert table["score"] == [1.5, 2.5, -3.5, -4.5]
    assert table["asv_label"] == ["target", "nontarget", "spoof", "spoof"]
    assert table["label"] == ["bonafide", "bonafide", "spoof", "spoof"]


def test_files_without_a_line_of_names(tmp_path):
    assert read(tmp_path, "a/b.wav 1.5\nc 2\n", PLAIN_SCORES) == {
        "clip": ["a/b.wav", "c"],
        "score": [1.5, 2.0],
    }
    asv = read(tmp_path, "bonafide target 18.25\nA07 spoof -3\n", ASVSPOOF2019_ASV_SCORES)
    assert asv["asv_label"] == ["target", "spoof"]
    assert asv["asv_score"] == [18.25, -3.0]


def test_any_csv_by_the_names_of_its_columns(tmp_path):
    layout = ScoreFormat({"clip": "file", "score": "p"}, delimiter=",")
    text = 'other,"p",file\nx,0.25,"a, b.wav"\n'
    assert read(tmp_path, text, layout) == {"clip": ["a, b.wav"], "score": [0.25]}


def test_gzipped(tmp_path):
    path, text = tmp_path / "scores.tsv.gz", b"filename\tcm-score\nE_1\t0.5\n"
    path.write_bytes(gzip.compress(text))
    table = read_scores(path, ASVSPOOF5_SCORES, "bonafide")
    assert table["score"].to_pylist() == [0.5]
    write_scores(path, table, ASVSPOOF5_SCORES)
    assert gzip.decompress(path.read_bytes()) == text


def test_line_ends_and_marks_of_other_systems(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_bytes(b"\xef\xbb\xbfclip,score\r\nNA,1\r\nnull,2\r\n")
    assert read_scores(path, CSV_SCORES, "bonafide").to_pydict() == {
        "clip": ["NA", "null"],
        "score": [1.0, 2.0],
    }


def test_labels_are_written_as_the_format_calls_them(tmp_path):
    table = pa.table({"asv_score": [0.5], "score": [1.5], "asv_label": ["spoof"]})
    write_scores(tmp_path / "scores.csv", table, FUSION_SCORES)
    text = (tmp_path / "scores.csv").read_text()
    assert text == "asv_score,cm_score,sasv_label\n0.5,1.5,0.0\n"


@pytest.mark.parametrize(
    "layout", [ASVSPOOF5_SCORES, SASV_SCORES, FUSION_SCORES, PLAIN_SCORES, CSV_SCORES]
)
def test_what_is_written_is_read_back_to_the_last_bit(tmp_path, layout):
    random = np.random.default_rng(0)
    numbers = random.normal(size=200) * 10.0 ** random.integers(-300, 300, 200)
    labels = random.choice(["target", "nontarget", "spoof"], 200)
    whole = {"clip": [f"clip-{i}" for i in range(200)], "speaker": ["a"] * 200}
    whole |= dict.fromkeys(("score", "asv_score", "sasv_score"), numbers)
    table = pa.table(whole | {"asv_label": labels})
    path = tmp_path / "scores.txt"
    write_scores(path, table, layout)
    back = read_scores(path, layout, "bonafide")
    for name in layout.columns:
        assert back[name].to_pylist() == table[name].to_pylist()
    assert list(tmp_path.iterdir()) == [path]
    assert '"' not in path.read_text()


@pytest.mark.parametrize(
    ("text", "layout", "part"),
    [
        ("", ASVSPOOF5_SCORES, "cannot be read"),
        ("filename\tscore\na\t1\n", ASVSPOOF5_SCORES, "lacks a column.*cm-score"),
        ("filename\tcm-score\na\tone\n", ASVSPOOF5_SCORES, "one"),
        ("filename\tcm-score\na\t1\nb\n", ASVSPOOF5_SCORES, "cannot be read"),
        ("clip,score\na,\nb,2\nc,nan\n", CSV_SCORES, "2 of 3 values of score.*row 1"),
        ("clip,score\na,1\nb,inf\n", CSV_SCORES, "1 of 2 values of score.*row 2"),
        ("asv_score,cm_score,sasv_label\n1,2,7\n", FUSION_SCORES, "mean nothing here: 7"),
    ],
)
def test_broken_files_are_refused_in_a_sentence(tmp_path, text, layout, part):
    with pytest.raises(MetricError, match=part):
        read(tmp_path, text, layout)


def test_a_missing_file_is_refused(tmp_path):
    for layout in (ASVSPOOF5_SCORES, CSV_SCORES):
        with pytest.raises(MetricError, match=r"nothing\.tsv cannot be read"):
            read_scores(tmp_path / "nothing.tsv", layout, "bonafide")


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    table = pa.table({"clip": ["one\ttwo"], "score": [1.0]})
    with pytest.raises(MetricError, match="cannot be written"):
        write_scores(tmp_path / "scores.tsv", table, ASVSPOOF5_SCORES)
    with pytest.raises(MetricError, match="no column for spk, asv-score"):
        write_scores(tmp_path / "scores.tsv", table, SASV_SCORES)
    assert list(tmp_path.iterdir()) == []
