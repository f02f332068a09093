import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perturbations.errors import CorruptionError
from perturbations.masking import (
    Patch,
    SpectrumGrid,
    cross_fade_segments,
    fill_patches,
    fill_segments,
    mel_band_edges,
    patch_masks,
    time_segments,
)
from tests.perturbations.signals import sine, speech_like


def masks_of(segments, length):
    """True on each segment's samples."""
    masks = torch.zeros(len(segments), length, dtype=torch.bool)
    for mask, (start, stop) in zip(masks, segments, strict=True):
        mask[start:stop] = True
    return masks


def tiles(seconds, edges, step):
    """Patches that tile a clip: bands between the edges, each cut every `step` seconds."""
    starts = [step * number for number in range(math.ceil(seconds / step - 1e-9))]
    return [
        Patch(start, min(start + step, seconds), low, high)
        for start in starts
        for low, high in pairwise(edges)
    ]


@given(st.integers(1, 3_000), st.floats(0.01, 1.0), st.floats(0.05, 1.0))
@settings(max_examples=60, deadline=None)
def test_segments_cover_the_clip_in_order(length, seconds, share):
    segments = time_segments(length, 1_000, seconds, seconds * share)
    masks = masks_of(segments, length)
    assert masks.any(dim=0).all()
    assert masks.any(dim=1).all()
    assert segments == sorted(set(segments))
    assert all(stop - start <= round(seconds * 1_000) for start, stop in segments)


def test_segments_side_by_side_share_no_sample():
    segments = time_segments(10_007, 16_000, 0.1)
    assert segments[:2] == [(0, 1_600), (1_600, 3_200)]
    assert (masks_of(segments, 10_007).sum(dim=0) == 1).all()


@pytest.mark.parametrize(
    ("length", "seconds", "hop"), [(0, 1.0, None), (9, 0.0, None), (9, 0.1, 0.2), (9, 0.1, 0.0)]
)
def test_segments_that_are_none(length, seconds, hop):
    with pytest.raises(CorruptionError, match="do not cover"):
        time_segments(length, 16_000, seconds, hop)


def test_filling_changes_the_masked_samples_and_no_other():
    clips, masks = speech_like(2), masks_of([(100, 900), (0, 24_000)], 24_000)
    filled = fill_segments(clips, masks, torch.zeros_like(clips))
    assert (filled[masks] == 0).all()
    assert torch.equal(filled[~masks], clips[~masks])


def test_a_cross_fade_fills_the_mask_and_is_smooth_beside_it():
    clip, joint = torch.ones(1, 1_000), 40
    mask = masks_of([(400, 600)], 1_000)
    faded = cross_fade_segments(clip, mask, torch.zeros_like(clip), joint)[0]
    assert (faded[400:600] == 0).all()
    assert torch.allclose(faded[: 400 - joint], torch.ones(400 - joint))
    assert torch.allclose(faded[600 + joint :], torch.ones(400 - joint))
    assert (faded[400 - joint : 401].diff() <= 1e-6).all()
    assert faded.diff().abs().max() < 3 / joint
    assert torch.allclose(faded, faded.flip(0), atol=1e-6)
    with pytest.raises(CorruptionError, match="fill_segments"):
        cross_fade_segments(clip, mask, clip, 0)


def test_a_cross_fade_at_the_ends_and_of_everything():
    clip = speech_like(1, 0.5)
    everything = torch.ones_like(clip, dtype=torch.bool)
    silence = torch.zeros_like(clip)
    assert (cross_fade_segments(clip, everything, silence, 80) == 0).all()
    assert torch.equal(cross_fade_segments(clip, ~everything, silence, 80), clip)


@pytest.mark.parametrize("sample_rate", [4_000, 11_025, 16_000, 44_100])
@pytest.mark.parametrize("seconds", [0.05, 0.77, 1.0])
def test_patches_tile_time_and_frequency(sample_rate, seconds):
    length = round(seconds * sample_rate)
    grid = SpectrumGrid.at(sample_rate)
    edges = mel_band_edges(5, 0.0, sample_rate / 2)
    patches = tiles(length / sample_rate, edges, 0.2)
    masks = patch_masks(patches, length, grid)
    assert (masks.sum(dim=0) == 1).all()
    assert masks.shape[1:] == grid.transform(torch.zeros(1, length)).shape[1:]


def test_nothing_masked_is_untouched_and_all_masked_is_the_fill():
    clips, fill = speech_like(2, 0.8), 0.1 * speech_like(2, 0.8, seed=9)
    grid = SpectrumGrid.at(16_000)
    nothing = torch.zeros(grid.transform(clips).shape, dtype=torch.bool)
    assert torch.equal(fill_patches(clips, nothing, fill, grid), clips)
    assert torch.allclose(fill_patches(clips, ~nothing, fill, grid), fill, atol=1e-6)


def test_patches_sum_to_the_whole():
    clips, grid = speech_like(1, 0.9), SpectrumGrid.at(16_000)
    patches = tiles(0.9, [0.0, 500.0, 2_000.0, 8_000.0], 0.25)
    masks = patch_masks(patches, clips.shape[1], grid)
    clips = clips.expand(len(patches), -1)
    lost = clips - fill_patches(clips, masks, torch.zeros_like(clips), grid)
    assert torch.allclose(lost.sum(dim=0), clips[0], atol=1e-5)


def test_a_patch_takes_the_tone_inside_and_leaves_the_one_outside():
    inside, outside = sine(1_000, 2.0), sine(3_000, 2.0)
    clip, grid = inside + outside, SpectrumGrid.at(16_000)
    mask = patch_masks([Patch(0.5, 1.5, 600.0, 1_400.0)], 32_000, grid)
    left = fill_patches(clip, mask, torch.zeros_like(clip), grid)
    middle, before = slice(9_600, 22_400), slice(0, 6_400)
    assert torch.allclose(left[:, middle], outside[:, middle], atol=2e-3)
    assert torch.allclose(left[:, before], clip[:, before], atol=2e-3)


def test_mel_edges_are_librosas():
    import librosa

    expected = librosa.mel_frequencies(9, fmin=100, fmax=8_000, htk=True)
    np.testing.assert_allclose(mel_band_edges(8, 100.0, 8_000.0), expected, rtol=1e-6)
