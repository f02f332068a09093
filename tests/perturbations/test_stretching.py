import math

import numpy as np
import pytest
import torch

from perturbations.stretching import STRETCH_ERROR_SECONDS, shift_pitch, stretch_time
from tests.perturbations.signals import sine, speech_like


def click_train(sample_rate, instants, seconds=4.0):
    clicks = torch.zeros(1, round(seconds * sample_rate))
    clicks[0, np.round(instants * sample_rate).astype(int)] = 0.9
    return clicks


def heard_at(samples, sample_rate, expected, reach_seconds=0.08):
    """Centre of the energy near where a click is expected, in seconds."""
    energy = samples.double().square()
    middle, reach = round(expected * sample_rate), round(reach_seconds * sample_rate)
    near = torch.arange(max(0, middle - reach), min(len(energy), middle + reach))
    return ((energy[near] * near).sum() / energy[near].sum()).item() / sample_rate


def loudest_hertz(tone, sample_rate):
    spectrum = torch.fft.rfft(tone * torch.hann_window(len(tone)), n=1 << 19).abs()
    return spectrum.argmax().item() * sample_rate / (1 << 19)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("rate", [0.7, 0.9, 1.1, 1.3, 1.5])
def test_clicks_land_where_the_rate_puts_them(sample_rate, rate):
    instants = np.arange(0.4, 3.7, 0.55)
    stretched = stretch_time(click_train(sample_rate, instants), sample_rate, rate)[0]
    for expected in instants / rate:
        landed = heard_at(stretched, sample_rate, expected)
        assert landed == pytest.approx(expected, abs=STRETCH_ERROR_SECONDS)


@pytest.mark.parametrize("sample_rate", [8_000, 48_000])
@pytest.mark.parametrize("semitones", [-2.0, -0.5, 1.0, 2.0])
def test_clicks_stay_where_they_are_when_the_pitch_moves(sample_rate, semitones):
    instants = np.arange(0.4, 3.7, 0.55)
    shifted = shift_pitch(click_train(sample_rate, instants), sample_rate, semitones)[0]
    for expected in instants:
        assert heard_at(shifted, sample_rate, expected) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("rate", [0.5, 0.7, 0.9, 1.1, 1.5, 2.0])
def test_the_length_is_divided_and_the_pitch_kept(rate):
    stretched = stretch_time(sine(440, 2.0), 16_000, rate)
    assert stretched.shape == (1, round(32_000 / rate))
    middle = stretched[0, 4_000:-4_000]
    assert loudest_hertz(middle, 16_000) == pytest.approx(440, rel=0.003)
    assert middle.square().mean().sqrt() == pytest.approx(0.5 / 2**0.5, rel=0.05)


@pytest.mark.parametrize(("hertz", "cents"), [(110, 25), (440, 6), (1_000, 3)])
@pytest.mark.parametrize("semitones", [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])
def test_a_tone_lands_where_the_semitones_put_it(hertz, cents, semitones):
    shifted = shift_pitch(sine(hertz, 2.0), 16_000, semitones)[0, 4_000:-4_000]
    off = 1_200 * math.log2(loudest_hertz(shifted, 16_000) / (hertz * 2 ** (semitones / 12)))
    assert abs(off) < cents


@pytest.mark.parametrize("length", [2, 3, 100, 1_001])
@pytest.mark.parametrize("sample_rate", [4_000, 192_000])
def test_short_clips_and_silence(length, sample_rate):
    clips = speech_like(2, 1.0, sample_rate)[:, 1_000 : 1_000 + length].contiguous()
    clips[1] = 0
    for rate in (0.7, 1.5):
        stretched = stretch_time(clips, sample_rate, rate)
        assert stretched.shape == (2, round(length / rate))
        assert torch.isfinite(stretched).all() and not stretched[1].any()
    for semitones in (-2.0, 2.0):
        shifted = shift_pitch(clips, sample_rate, semitones)
        assert shifted.shape == clips.shape
        assert torch.isfinite(shifted).all() and not shifted[1].any()


def test_how_the_samples_lie_in_memory_changes_nothing():
    clips = speech_like(2, 0.5)
    interleaved = clips.T.contiguous().T
    assert torch.equal(stretch_time(clips, 16_000, 1.3), stretch_time(interleaved, 16_000, 1.3))
