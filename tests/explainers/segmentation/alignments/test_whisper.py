import json
from pathlib import Path
from typing import Any

import pytest

from explainers.errors import ExplanationError
from explainers.segmentation.alignments import read_alignment


def words(folder: Path, transcript: Any) -> list[tuple[str, float, float]]:
    path = folder / "a.json"
    path.write_text(json.dumps(transcript))
    return [(word.text, word.start, word.end) for word in read_alignment(path)]


def word(text: str, start: float | None = None, end: float | None = None) -> dict[str, Any]:
    times = {"start": start, "end": end}
    return {"word": text, **{side: time for side, time in times.items() if time is not None}}


def test_the_words_of_all_segments(tmp_path: Path):
    segments = [
        {"start": 0, "end": 1, "words": [word(" Hello", 0, 0.5)]},
        {"start": 1, "end": 2, "text": "..."},
        {"start": 2, "end": 3, "words": [{"text": "again", "start": 2.5, "end": 3}]},
    ]
    truth = [("Hello", 0.0, 0.5), ("again", 2.5, 3.0)]
    assert words(tmp_path, {"segments": segments}) == truth
    listed = [word("Hello", 0, 0.5), word("again", 2.5, 3)]
    assert words(tmp_path, {"word_segments": listed}) == truth
    assert words(tmp_path, {"text": "Hello again", "words": listed}) == truth
    assert words(tmp_path, {"segments": segments, "word_segments": [word("x", 0, 1)]}) == truth


def test_missing_times_are_shared_out_between_neighbours(tmp_path: Path):
    known = [word("a", 0.2, 0.4), word("1"), word("2"), word("b", 1.0, 1.2)]
    assert words(tmp_path, {"word_segments": known})[1:3] == [
        ("1", 0.4, pytest.approx(0.7)),
        ("2", pytest.approx(0.7), 1.0),
    ]


def test_missing_times_at_the_ends_stay_within_the_segment(tmp_path: Path):
    listed = [word("1"), word("a", 1.6, 1.8), word("b", start=1.9), word("3")]
    found = words(tmp_path, {"segments": [{"start": 1.5, "end": 2.5, "words": listed}]})
    assert found == [
        ("1", 1.5, 1.6),
        ("a", 1.6, 1.8),
        ("b", 1.9, pytest.approx(2.2)),
        ("3", pytest.approx(2.2), 2.5),
    ]


@pytest.mark.parametrize(
    ("transcript", "message"),
    [
        ({"segments": [{"start": 0, "end": 1, "text": "hi"}]}, "holds no words with times"),
        ({"segments": [{"words": [word("a", 2, 1)]}]}, "segment 1, word 1: 'a' ends at 1 s"),
        ({"segments": [{"words": [word("a", 1, 2), word("b")]}]}, "word 2: 'b' has no time"),
        ({"words": [{"word": "a", "start": "0", "end": 1}]}, "word 1: the start '0' is no number"),
        ({"words": [{"start": 0, "end": 1}]}, "word 1: there is no text"),
        ({"words": ["a"]}, "no list of objects as 'words'"),
        ([], "no list of objects as 'segments'"),
    ],
)
def test_transcripts_that_will_not_do(tmp_path: Path, transcript: Any, message: str):
    with pytest.raises(ExplanationError, match=message):
        words(tmp_path, transcript)


def test_what_is_no_json_is_refused_with_its_line(tmp_path: Path):
    (tmp_path / "a.json").write_text('{"segments":\n[}')
    with pytest.raises(ExplanationError, match=r"a\.json, line 2: "):
        read_alignment(tmp_path / "a.json")
