from pathlib import Path

import pytest

from explainers.errors import ExplanationError
from explainers.segmentation.alignments import read_alignment

CTM = """;; made by hand
r1 1 0.5 0.25 hello 0.98
r1 1 1.00 0.50 world
r2 A 0.1 0.2 bye  ;; the other recording
"""


def test_one_recording_of_several(tmp_path: Path):
    path = tmp_path / "a.ctm"
    path.write_text(CTM)
    words = [(word.text, word.start, word.end) for word in read_alignment(path, "r1")]
    assert words == [("hello", 0.5, 0.75), ("world", 1.0, 1.5)]
    with pytest.raises(ExplanationError, match=r"recordings r1, r2; say which"):
        read_alignment(path)
    with pytest.raises(ExplanationError, match=r"recordings r1, r2; there is no 'r3'"):
        read_alignment(path, "r3")


def test_the_only_recording_needs_no_name(tmp_path: Path):
    path = tmp_path / "a.ctm"
    path.write_text(CTM.replace("r2", "r1"))
    assert [word.text for word in read_alignment(path)] == ["hello", "world", "bye"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("r1 1 0.5 hello", "line 1: there are 4 cells"),
        ("r1 1 0.5 a hello", "line 1: 'a' is no number"),
        ("r1 1 0.5 -0.1 hello", "line 1: 'hello' ends at 0.4 s, before"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, message: str):
    (tmp_path / "a.ctm").write_text(line)
    with pytest.raises(ExplanationError, match=rf"a\.ctm, {message}"):
        read_alignment(tmp_path / "a.ctm")
