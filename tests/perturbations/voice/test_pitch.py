import math

import pytest
import torch

from perturbations.voice.pitch import shift_pitch
from tests.perturbations.signals import sine


def loudest(tone, sample_rate):
    spectrum = torch.fft.rfft(tone * torch.hann_window(len(tone)), n=1 << 19).abs()
    return spectrum.argmax().item() * sample_rate / (1 << 19)


@pytest.mark.parametrize("sample_rate", [4_000, 16_000])
@pytest.mark.parametrize("semitones", [-12.0, -5.0, 0.5, 5.0, 12.0])
def test_a_tone_lands_where_the_semitones_put_it(sample_rate, semitones):
    tone = sine(440, 2.0, sample_rate)
    shifted = shift_pitch(tone, sample_rate, semitones)
    assert shifted.shape == tone.shape
    middle = shifted[0, sample_rate // 4 : -sample_rate // 4]
    cents = 1200 * math.log2(loudest(middle, sample_rate) / (440 * 2 ** (semitones / 12)))
    assert abs(cents) < 10
    assert shifted.square().mean().item() == pytest.approx(0.125, rel=1e-3)


@pytest.mark.parametrize("semitones", [-5.0, 5.0])
def test_nothing_moves_in_time(semitones):
    clicks = torch.zeros(1, 32_000)
    clicks[0, [8_000, 20_000]] = 0.9
    energy = shift_pitch(clicks, 16_000, semitones)[0].double().square()
    for instant in (8_000, 20_000):
        near = torch.arange(instant - 1_200, instant + 1_200)
        centre = (energy[near] * near).sum() / energy[near].sum()
        assert centre.item() == pytest.approx(instant, abs=2)


def test_a_batch_is_its_clips():
    clips = torch.cat([sine(300, 0.3), sine(500, 0.3)])
    together = shift_pitch(clips, 16_000, 3.0)
    alone = [shift_pitch(clip[None], 16_000, 3.0) for clip in clips]
    assert torch.equal(together, torch.cat(alone))
