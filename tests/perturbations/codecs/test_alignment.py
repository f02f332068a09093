import numpy as np
import pytest
import torch

from perturbations.codecs.alignment import in_place, lag, measured_delay
from perturbations.codecs.g722 import g722_coder
from perturbations.codecs.mp3 import mp3_coder
from perturbations.codecs.opus import opus_coder
from perturbations.codecs.transmission import code
from tests.perturbations.signals import speech_like


def test_lag_finds_a_shift_either_way():
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal(8_000)).float()
    assert lag(noise, torch.nn.functional.pad(noise, (37, 0)), 16_000) == 37
    assert lag(noise, noise[55:], 16_000) == -55
    assert lag(noise, torch.nn.functional.pad(noise, (7_900, 0)), 16_000) == 7_900
    assert lag(noise, noise, 16_000) == 0


@pytest.mark.parametrize(
    ("coder", "samples", "within"),
    [
        (opus_coder(48_000, 31.0), 312, 2),  # libopus looks 6.5 ms ahead
        (mp3_coder(16_000, 24.0), 576 + 529, 2),  # LAME's delay and the decoder's
        (mp3_coder(16_000, 40.0), 576 + 529 + 576, 2),  # and its frame of tags, where it fits
        (g722_coder(), 22, 1),  # two filter banks of 24 taps
    ],
)
def test_delay_is_measured_and_not_assumed(coder, samples, within):
    assert measured_delay(coder) == pytest.approx(samples, abs=within)
    clip = speech_like(1, 1.0, coder.sample_rate)[0]
    raw = torch.from_numpy(coder.round_trip(clip.numpy()).samples)
    assert lag(clip, raw, coder.sample_rate) == pytest.approx(samples, abs=within)
    coded = in_place(coder, clip.numpy())
    assert len(coded.samples) == len(clip)
    assert abs(lag(clip, torch.from_numpy(coded.samples), coder.sample_rate)) <= within


def test_a_batch_is_its_clips_one_by_one():
    clips = 0.5 * speech_like(3, 0.7, 22_050)
    coder = opus_coder(22_050, 16.0)
    together = code(clips, 22_050, coder)
    assert together.shape == clips.shape
    for clip, coded in zip(clips, together, strict=True):
        assert torch.equal(code(clip[None], 22_050, coder)[0], coded)
