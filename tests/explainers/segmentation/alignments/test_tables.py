from pathlib import Path

import pytest

from explainers.errors import ExplanationError
from explainers.segmentation.alignments import Word, read_alignment

TRUTH = [("it's", 0.1, 0.4), ("here, now", 0.5, 0.9)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", '0.1,0.4,it\'s\n0.5,0.9,"here, now"\n'),
        ("a.csv", 'start,end,word\r\n0.1,0.4,it\'s\r\n\r\n0.5, 0.9, "here, now"'),
        ("a.csv", "\ufeffWord;score;Start;END\nit's;1;0.1;0.4\nhere, now;1;0.5;0.9"),
        ("a.TSV", "0.1\t0.4\tit's\n0.5\t0.9\there, now\n"),
        ("labels.txt", "0.100000\t0.400000\tit's\n0.5\t0.9\there, now"),
    ],
)
def test_tables_with_and_without_headers(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_bytes(text.encode())
    words = read_alignment(tmp_path / name)
    assert [(word.text, word.start, word.end) for word in words] == TRUTH


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path: Path, encoding: str):
    (tmp_path / "a.csv").write_bytes("0,1,žluťoučký\n".encode(encoding))
    assert read_alignment(tmp_path / "a.csv") == [
        Word("žluťoučký", 0.0, 1.0, f"{tmp_path / 'a.csv'}, line 1")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,1,a\n1,b", "line 2: there are 2 cells"),
        ("0,1,a\n\nx,2,b", "line 3: 'x' is no number"),
        ("begin,end,word\n0,1,a", "line 1: 'begin' is no number"),
        ("0,1,a\n2,1.5,b", "line 2: 'b' ends at 1.5 s, before it starts at 2 s"),
        ('0,1,"a\n1,2,b', "line 2: unexpected end of data"),
        ("0,nan,a", "line 1: 'a' has times that are no finite"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, text: str, message: str):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ExplanationError, match=rf"a\.csv, {message}"):
        read_alignment(tmp_path / "a.csv")


def test_files_that_cannot_be_read(tmp_path: Path):
    (tmp_path / "latin.csv").write_bytes("0,1,Käse".encode("latin-1"))
    with pytest.raises(ExplanationError, match="neither UTF-8 nor UTF-16"):
        read_alignment(tmp_path / "latin.csv")
    with pytest.raises(ExplanationError, match=r"b\.csv cannot be read: No such file"):
        read_alignment(tmp_path / "b.csv")
    with pytest.raises(
        ExplanationError, match=r"b\.eaf: the ending.*There are: csv, ctm, json, textgrid, tsv, txt"
    ):
        read_alignment(tmp_path / "b.eaf")
    with pytest.raises(ExplanationError, match="only a TextGrid has tiers"):
        read_alignment(tmp_path / "latin.csv", "words")
