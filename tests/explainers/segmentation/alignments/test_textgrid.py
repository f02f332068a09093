from pathlib import Path

import pytest

from explainers.errors import ExplanationError
from explainers.segmentation.alignments import read_alignment

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 
xmax = 2.3 
tiers? <exists> 
size = 3 
item []: 
    item [1]:
        class = "IntervalTier" 
        name = "phones" 
        xmin = 0 
        xmax = 2.3 
        intervals: size = 1 
        intervals [1]:
            xmin = 0 
            xmax = 2.3 
            text = "a" 
    item [2]:
        class = "TextTier" 
        name = "bells" 
        xmin = 0 
        xmax = 2.3 
        points: size = 2 
        points [1]:
            number = 0.25 
            mark = "ding ""1""" 
        points [2]:
            number = 1e0 
            mark = "" 
    item [3]:
        class = "IntervalTier" 
        name = "Words" 
        xmin = 0 
        xmax = 2.3 
        intervals: size = 3 
        intervals [1]:
            xmin = 0 
            xmax = 0.5 
            text = "" 
        intervals [2]:
            xmin = 0.5 
            xmax = 1.25 
            text = "he said ""no! 7""" 
        intervals [3]:
            xmin = 1.25 
            xmax = 2.3 
            text = "naïve" 
'''  # noqa: W291
SHORT = '''File type = "ooTextFile"
Object class = "TextGrid"

0
2.3
<exists>
3
"IntervalTier"
"phones"
0
2.3
1
0
2.3
"a"
"TextTier"
"bells"
0
2.3
2
0.25
"ding ""1"""
1
""
"IntervalTier"
"Words" ! a comment "with" 3 things
0
2.3
3
0
0.5
""
0.5
1.25
"he said ""no! 7"""
1.25
2.3
"naïve"
'''
TRUTH = [("", 0.0, 0.5), ('he said "no! 7"', 0.5, 1.25), ("naïve", 1.25, 2.3)]


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "clip.TextGrid"
    path.write_bytes(text.encode(encoding))
    return path


def intervals(path: Path, tier: str | None = None) -> list[tuple[str, float, float]]:
    return [(word.text, word.start, word.end) for word in read_alignment(path, tier)]


@pytest.mark.parametrize("text", [LONG, SHORT], ids=["long", "short"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_both_formats_in_all_encodings(tmp_path: Path, text: str, encoding: str, newline: str):
    path = written(tmp_path, text.replace("\n", newline), encoding)
    assert intervals(path) == TRUTH
    assert intervals(path, "phones") == [("a", 0.0, 2.3)]


def test_without_a_tier_of_words_the_first_of_intervals_is_taken(tmp_path: Path):
    assert intervals(written(tmp_path, LONG.replace('"Words"', '"other"'))) == [("a", 0.0, 2.3)]


@pytest.mark.parametrize(
    ("text", "tier", "message"),
    [
        (LONG, "bells", r"no tier of intervals called 'bells'. It has: phones, Words"),
        (LONG[:700], None, r"line 3\d: a number was expected and the end of the file"),
        (
            SHORT.replace("0.5\n1.25", "half\n1.25"),
            None,
            r"line 3\d: a number was expected and",
        ),
        (SHORT.replace("0.5\n1.25", "1.5\n1.25"), None, r"line 3\d: 'he said.*before it starts"),
        (SHORT.replace('"TextGrid"', '"PitchTier"'), None, "line 2: this is a 'PitchTier'"),
        ("ooBinaryFile\x08TextGrid", None, "save it in Praat as a text file"),
        (SHORT.split("<exists>")[0] + "<absent>", None, "no tier of intervals"),
        ("", None, "no TextGrid"),
    ],
)
def test_what_is_no_textgrid_is_refused(tmp_path: Path, text: str, tier: str | None, message: str):
    with pytest.raises(ExplanationError, match=rf"clip\.TextGrid.*{message}"):
        read_alignment(written(tmp_path, text), tier)
