import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.xaudio.reports.sweep_rows import conditions, findings
from xaudio.reports.sweep_export import csv_text, figure_files, latex_text, table_files
from xaudio.reports.sweep_figures import exported_figures

ODD = pa.table(
    {
        "model_name": ['a,b "c"\n_d', None, "50 % & $x^2$ ~{#}\\"],
        "eer": [0.1234567890123, None, float("nan")],
        "severity": pa.array([1, 2, None], pa.int32()),
        "segments": [[[0.0, 1.5]], [], None],
    }
)


def test_parquet_and_csv_give_the_table_back():
    files = table_files({"odd": ODD})
    assert sorted(files) == ["odd.csv", "odd.parquet", "odd.tex"]
    assert pq.read_table(io.BytesIO(files["odd.parquet"])).slice(0, 2).equals(ODD.slice(0, 2))
    rows = [*csv.DictReader(io.StringIO(files["odd.csv"].decode(), newline=""))]
    assert [row["model_name"] for row in rows] == ['a,b "c"\n_d', "", "50 % & $x^2$ ~{#}\\"]
    assert float(rows[0]["eer"]) == 0.1234567890123
    assert json.loads(rows[0]["segments"]) == [[0.0, 1.5]]
    assert rows[2]["severity"] == ""


def test_latex_has_no_letter_left_that_means_something():
    text = latex_text(ODD)
    lines = text.splitlines()
    assert lines[:2] == [r"\begin{tabular}{lrrl}", r"\toprule"]
    assert lines[2] == r"model name & eer & severity & segments \\"
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    for line in lines[4:-2]:
        bare = re.sub(r"\\(text\w+\{\}|[%&#_{}$])", "", line.removesuffix(r"\\"))
        assert bare.count("&") == 3, "three columns meet"
        assert not re.search(r"[\\%#_{}$^~]", bare)
    assert r"a,b \textquotedbl{}c\textquotedbl{} \_d & 0.1235 & 1 &" in text
    assert r"-- & -- & 2 &" in text


def test_long_tables_break_over_pages_and_endless_ones_have_no_latex():
    many = pa.table({"n": list(range(60))})
    assert r"\begin{longtable}{r}" in latex_text(many, "a_b")
    assert r"\caption{a\_b}" in latex_text(many, "a_b")
    assert "x.tex" not in table_files({"x": pa.table({"n": list(range(2001))})})


def test_an_empty_table_is_a_header():
    empty = ODD.slice(0, 0)
    assert csv_text(empty) == "model_name,eer,severity,segments\r\n"
    assert latex_text(empty).count(r"\\") == 1


def test_every_figure_is_written_twice():
    figures = exported_figures(findings(conditions(("lcnn", "aasist"))))
    assert list(figures) == [
        "matrix",
        "errors",
        "rejections-and-acceptances",
        "eer",
        "threshold-drift",
        "cllr",
        "reliability",
        "explanation-drift",
        "quality-snr_db",
        "quality-highest_hz",
    ]
    files = figure_files({name: figures[name] for name in ("matrix", "explanation-drift")})
    assert sorted(files) == [
        "explanation-drift.png",
        "explanation-drift.svg",
        "matrix.png",
        "matrix.svg",
    ]
    picture = Image.open(io.BytesIO(files["matrix.png"]))
    assert picture.getpixel((0, 0))[:3] == (255, 255, 255)
    assert ElementTree.fromstring(files["matrix.svg"]).tag.endswith("svg")
