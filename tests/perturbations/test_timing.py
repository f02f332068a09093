import numpy as np
import pytest
import torch

from perturbations.corruption import load_corruption
from perturbations.timing import STRETCH_ERROR_SECONDS, stretch_time
from tests.perturbations.signals import keys, sine, speech_like


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_clicks_land_where_the_time_map_says(sample_rate, severity):
    clicks = torch.zeros(1, 4 * sample_rate)
    instants = np.arange(0.4, 3.7, 0.55)
    clicks[0, np.round(instants * sample_rate).astype(int)] = 0.9
    corrupted = load_corruption("time-stretch").apply(clicks, sample_rate, severity, keys(1))
    energy = corrupted.waveform[0].double().square()
    reach = int(0.08 * sample_rate)
    for expected in corrupted.time_map.forward(instants):
        near = torch.arange(
            max(0, round(expected * sample_rate) - reach), round(expected * sample_rate) + reach
        )
        near = near[near < len(energy)]
        centre = (energy[near] * near).sum() / energy[near].sum() / sample_rate
        assert centre.item() == pytest.approx(expected, abs=STRETCH_ERROR_SECONDS)


@pytest.mark.parametrize("rate", [0.5, 0.7, 0.9, 1.1, 1.5, 2.0])
def test_the_length_is_divided_and_the_pitch_kept(rate):
    tone = sine(440, 2.0)
    stretched = stretch_time(tone, 16_000, rate)
    assert stretched.shape == (1, round(32_000 / rate))
    middle = stretched[0, 4_000:-4_000]
    spectrum = torch.fft.rfft(middle * torch.hann_window(len(middle)), n=1 << 18).abs()
    assert spectrum.argmax().item() * 16_000 / (1 << 18) == pytest.approx(440, rel=0.003)
    assert middle.square().mean().sqrt() == pytest.approx(0.5 / 2**0.5, rel=0.05)


@pytest.mark.parametrize("length", [2, 3, 100, 1_001])
@pytest.mark.parametrize("sample_rate", [4_000, 192_000])
def test_short_clips(length, sample_rate):
    clip = speech_like(2, 1.0, sample_rate)[:, 1_000 : 1_000 + length].contiguous()
    for severity in (1, 2, 3, 4, 5):
        corruption = load_corruption("time-stretch")
        stretched = corruption.apply(clip, sample_rate, severity, keys(2)).waveform
        assert stretched.shape == (2, round(length / corruption.levels[severity - 1]))
        assert torch.isfinite(stretched).all()


def test_severity_grows_with_the_distance_from_one():
    distance = np.abs(np.log(load_corruption("time-stretch").levels))
    assert (np.diff(distance) > 0).all()
