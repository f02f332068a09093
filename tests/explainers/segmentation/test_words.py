from pathlib import Path

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.removal.parts import TimeParts
from explainers.segmentation import parse_segmenter

CLIP = torch.zeros(2_000)


def cut(folder: Path, rows: str, spec: str = "words") -> TimeParts:
    (folder / "a.csv").write_text(rows)
    parts = parse_segmenter(f"{spec}:{folder / 'a.csv'}").cut(CLIP, 1_000)
    assert isinstance(parts, TimeParts)
    return parts


def test_words_lie_on_their_own_samples(tmp_path: Path):
    parts = cut(tmp_path, "1.2,1.5,cat\n0.1,0.3,the\n0.3,0.7,the\n")
    assert parts.names == ("the", "the (2)", "cat")
    assert parts.boxes.tolist() == [[0.1, 0.3, 0, 500], [0.3, 0.7, 0, 500], [1.2, 1.5, 0, 500]]
    on_samples = parts.on_samples(np.array([1.0, 2.0, 3.0]))
    assert on_samples[100:300] == pytest.approx(1 / 200)
    assert on_samples[1_200:1_500] == pytest.approx(3 / 300)
    assert not on_samples[700:1_200].any() and on_samples.sum() == pytest.approx(6)


def test_words_and_pauses_cover_the_clip(tmp_path: Path):
    parts = cut(tmp_path, "0.1,0.3,pause 1\n0.3,0.7,b\n", "words-and-pauses")
    assert parts.names == ("pause 1", "pause 1 (2)", "b", "pause 2")
    assert [own[0] for own in parts.stretches] == [(0, 100), (100, 300), (300, 700), (700, 2000)]


def test_silences_are_no_words(tmp_path: Path):
    rows = "".join(f"{i},{i + 0.5},{label}\n" for i, label in enumerate(["SIL", "a"]))
    assert cut(tmp_path, rows + "1.6,1.7,<eps>\n1.8,1.9,\n").names == ("a",)
    with pytest.raises(ExplanationError, match=r"a\.csv holds no words"):
        cut(tmp_path, "0,1,sp\n")


def test_overlaps_are_cut_in_their_middle(tmp_path: Path):
    parts = cut(tmp_path, "0.0,0.6,a\n0.4,1.0,b\n0.8,1.2,c\n")
    assert [own[0] for own in parts.stretches] == [(0, 500), (500, 900), (900, 1200)]
    within = cut(tmp_path, "0.0,1.0,a\n0.2,0.4,b\n")
    assert [own[0] for own in within.stretches] == [(0, 300), (300, 400)]
    with pytest.raises(ExplanationError, match=r"line 3.*line 2.*nothing of one is left"):
        cut(tmp_path, "0.0,1.0,a\n0.2,1.0,b\n0.3,0.4,c\n")


def test_times_beyond_the_clip_are_cut_off_or_refused(tmp_path: Path):
    parts = cut(tmp_path, "-0.1,0.2,a\n1.9,2.4,b\n2.0,2.5,c\n0.5,0.5,d\n")
    assert parts.names == ("a", "b")
    assert [own[0] for own in parts.stretches] == [(0, 200), (1900, 2000)]
    with pytest.raises(ExplanationError, match=r"none of its 2 words lies within .* 2\.00 s"):
        cut(tmp_path, "1900,2000,a\n2000,2100,b\n")


def test_a_path_may_hold_colons_and_hashes(tmp_path: Path):
    path = tmp_path / "take#2:b.csv"
    path.write_text("0,1,a\n")
    assert parse_segmenter(f"words:{path}#").cut(CLIP, 1_000).names == ("a",)
    with pytest.raises(ExplanationError, match=r"take: the ending '\.' names no format"):
        parse_segmenter(f"words:{path}").cut(CLIP, 1_000)
