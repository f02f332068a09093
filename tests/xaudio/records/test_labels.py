import csv
import io
import re

import pytest

from explainers.segmentation.alignments.textgrid import read_textgrid
from xaudio.records.labels import Label, audacity_labels, labels_csv, textgrid

TIERS = {
    "strongest": [Label(1.0, 1.5, "+2 (40%)"), Label(0.25, 0.5, 'say "so"')],
    "parts": [Label(0.0, 0.75, "one"), Label(0.5, 1.0, "two\nlines"), Label(0.8, 9.0, "three")],
    "edit 1": [Label(0.5, 1.0, "mute", 100.0, 200.5)],
}


def test_audacity_reads_start_end_and_text_and_the_band_below():
    lines = audacity_labels(TIERS).splitlines()
    assert all(re.fullmatch(r"(\d+\.\d{6}|\\)\t\d+\.\d+\t[^\t]+", line) for line in lines)
    assert lines.index("\\\t100.00\t200.50") == lines.index("0.500000\t1.000000\tedit 1: mute") + 1
    starts = [float(line.split("\t")[0]) for line in lines if not line.startswith("\\")]
    assert starts == sorted(starts) and len(starts) == 6


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        ("strongest", [("", 0, 0.25), ('say "so"', 0.25, 0.5), ("", 0.5, 1), ("+2 (40%)", 1, 1.5),
                       ("", 1.5, 2)]),
        ("parts", [("one", 0, 0.75), ("", 0.75, 0.8), ("three", 0.8, 2)]),
        ("parts 2", [("", 0, 0.5), ("two lines", 0.5, 1), ("", 1, 2)]),
    ],
)  # fmt: skip
def test_praat_reads_whole_tiers_without_overlap(tmp_path, tier, expected):
    """By a reader that is not ours to write: the one of alignments."""
    file = tmp_path / "labels.TextGrid"
    file.write_text(textgrid(TIERS, 2.0))
    found = [(one.text, one.start, one.end) for one in read_textgrid(file, tier)]
    assert [one[0] for one in found] == [one[0] for one in expected]
    assert [one[1:] for one in found] == [pytest.approx(one[1:]) for one in expected]


def test_a_textgrid_without_labels_is_one_still():
    assert "tiers? <absent>" in textgrid({}, 1.0)


def test_the_table_holds_everything_and_no_formulas():
    rows = list(csv.DictReader(io.StringIO(labels_csv({**TIERS, "x": [Label(0.0, 1.0, "=1+1")]}))))
    assert len(rows) == 7
    assert rows[5]["low_hz"] == "100.00" and rows[0]["low_hz"] == ""
    assert rows[6]["text"] == "'=1+1"
    assert float(rows[1]["start_s"]) == 0.25
