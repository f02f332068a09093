"""What holds for every way to cut a clip."""

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts
from explainers.segmentation import parse_segmenter, segmenters
from tests.explainers.segmentation.sounds import RATE, bursts, with_noise

SPECS = [
    "windows:0.1",
    "windows:0.1:0.05",
    "onsets",
    "onsets:0.2",
    "speech",
    "speech:0.3:0.1",
    "pseudo-words",
    "words:some folder/C:clip.TextGrid",
    "words:a.TextGrid#my tier",
    "words:take#2.csv#",
    "words-and-pauses:a.ctm#r1",
    "bands:mel:16",
    "bands:linear:16",
    "bands:erb:16",
    "patches:0.2:8",
    "patches:0.2:8:erb",
    "harmonic-percussive",
    "harmonic-percussive:3",
    "nmf:4",
    "nmf:4:7",
    "masks:my:masks.npz",
]
WITHOUT_FILES = [spec for spec in SPECS if "." not in spec.replace("0.", "")]
COVER_THE_CLIP = ["windows:0.1", "onsets", "speech", "bands:mel:16", "patches:0.2:8"]
CLIP = with_noise(bursts([(0.3, 0.5), (0.55, 0.8), (1.0, 1.27)], 1.5), snr_db=30)


@pytest.mark.parametrize("spec", SPECS)
def test_text_comes_back(spec: str):
    segmenter = parse_segmenter(spec)
    assert str(segmenter) == spec
    assert parse_segmenter(f" {segmenter.spec} ") == segmenter


def test_every_way_is_tried_here():
    assert {spec.partition(":")[0] for spec in SPECS} == set(segmenters.names())


def test_words_without_a_file_are_none():
    assert str(parse_segmenter("words")) == "pseudo-words"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("widows:0.1", "Did you mean 'windows'"),
        ("windows", r"windows:SECONDS\[:HOP\]"),
        ("windows:a", "windows:SECONDS"),
        ("windows:0.1:0.2", "the hop must be"),
        ("windows:nan", "the hop must be"),
        ("windows:0.1:0.05:3", "windows:SECONDS"),
        ("onsets:0", "above zero"),
        ("speech:-1", "below zero"),
        ("pseudo-words:0.4:0.6", "twice"),
        ("bands:bark:4", "mel, linear, erb"),
        ("bands:mel:0", "one band or more"),
        ("patches:inf:4", "above zero"),
        ("nmf:0", "one source or more"),
        ("nmf:2.5", "nmf:COUNT"),
        ("harmonic-percussive:1", "above 1"),
        ("masks", "masks:FILE"),
        ("words-and-pauses", "words-and-pauses:FILE"),
    ],
)
def test_what_names_no_way_is_refused(text: str, message: str):
    with pytest.raises(ExplanationError, match=message):
        parse_segmenter(text)


@pytest.mark.parametrize("clip", [torch.zeros(0), torch.zeros(2, 5), torch.tensor([float("nan")])])
def test_unusable_clips_are_refused(clip: torch.Tensor):
    with pytest.raises((ExplanationError, TypeError)):
        parse_segmenter("windows:0.1").cut(clip, RATE)


@pytest.mark.parametrize("spec", WITHOUT_FILES)
def test_values_are_kept_on_samples(spec: str):
    parts = parse_segmenter(spec).cut(CLIP, RATE)
    values = np.random.default_rng(0).normal(size=len(parts))
    assert parts.on_samples(values).sum() == pytest.approx(values.sum(), abs=1e-12)
    for part, (start, end, low, high) in enumerate(parts.boxes):
        assert 0 <= start < end <= 1.5 + 1e-9 and 0 <= low < high <= RATE / 2
        placed = np.flatnonzero(parts.on_samples(np.eye(len(parts))[part]))
        assert start - 1e-9 <= placed[0] / RATE and (placed[-1] + 1) / RATE <= end + 1e-9


@pytest.mark.parametrize("spec", COVER_THE_CLIP)
def test_parts_that_tile_leave_nothing_out_and_count_nothing_twice(spec: str):
    """Densities, widths times heights, add up to the clip's own rectangle."""
    parts = parse_segmenter(spec).cut(CLIP, RATE)
    start, end, low, high = parts.boxes.T
    assert parts.are_boxes
    assert ((end - start) * (high - low)).sum() == pytest.approx(1.5 * RATE / 2)
    assert np.all(parts.on_samples(np.ones(len(parts))) > 0)


@pytest.mark.parametrize("spec", WITHOUT_FILES)
@pytest.mark.parametrize(
    "clip",
    [torch.zeros(1), torch.full((1,), 0.3), torch.randn(100), torch.zeros(4000)],
    ids=["one zero", "one sample", "shorter than a window", "silence"],
)
@pytest.mark.parametrize("rate", [100, RATE])
def test_little_clips_have_a_part_or_a_clear_error(spec: str, clip: torch.Tensor, rate: int):
    try:
        parts: Parts = parse_segmenter(spec).cut(clip, rate)
    except ExplanationError as error:
        assert "Give" in str(error) or "cut it into" in str(error)
        return
    assert len(parts) >= 1 and parts.length == len(clip) and np.isfinite(parts.boxes).all()
    assert parts.on_samples(np.ones(len(parts))).sum() == pytest.approx(len(parts))


def test_a_clip_is_not_changed():
    clip = CLIP.clone()
    for spec in WITHOUT_FILES:
        parse_segmenter(spec).cut(clip, RATE)
    assert torch.equal(clip, CLIP)
