import math

import numpy as np
import pytest
import torch
from scipy.signal import welch

from perturbations.errors import CorruptionError
from perturbations.noise import (
    BackgroundNoise,
    BrownNoise,
    PinkNoise,
    WhiteNoise,
    coloured_noise,
    mix_at_snr,
)
from perturbations.waveform import rms
from tests.perturbations.signals import keys, snr, speech_like

COLOURS = (WhiteNoise, PinkNoise, BrownNoise)
AMBIENCES = ("babble", "crowd", "hum", "rain", "room", "wind")


def noise_alone(corruption, seconds, sample_rate=16_000):
    """What is added to one clip at severity 5, with a deviation of one, [time], float64."""
    clip = torch.full((1, round(seconds * sample_rate)), 0.05)
    noisy = corruption.apply(clip, sample_rate, 5, keys(1)).waveform
    noise = (noisy - clip)[0].double()
    return noise / noise.std()


@pytest.mark.parametrize("sample_rate", [8_000, 48_000])
@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("colour", COLOURS)
def test_the_snr_is_the_one_named(colour, severity, sample_rate):
    clips = 0.1 * speech_like(2, 0.5, sample_rate)
    noisy = colour().apply(clips, sample_rate, severity, keys(2)).waveform
    named = (40.0, 30.0, 20.0, 10.0, 5.0)[severity - 1]
    assert snr(clips, noisy).tolist() == pytest.approx([named] * 2, abs=0.01)


@pytest.mark.parametrize("ambience", AMBIENCES)
@pytest.mark.parametrize("severity", [1, 5])
def test_the_snr_of_background_noise_is_the_one_named(ambience, severity):
    clips = 0.1 * speech_like(2)
    corruption = BackgroundNoise(ambience=ambience)
    noisy = corruption.apply(clips, 16_000, severity, keys(2)).waveform
    named = corruption.parameters(severity)["snr_db"]
    assert snr(clips, noisy).tolist() == pytest.approx([named] * 2, abs=0.01)


@pytest.mark.parametrize("sample_rate", [8_000, 44_100])
@pytest.mark.parametrize(
    ("colour", "slope"), [(WhiteNoise, 0.0), (PinkNoise, -1.0), (BrownNoise, -2.0)]
)
def test_the_spectrum_falls_as_the_colour_says(colour, slope, sample_rate):
    """Regression of Welch's estimate over octaves, against 10 log10(2) times the exponent."""
    noise = noise_alone(colour(), 40, sample_rate).numpy()
    hertz, power = welch(noise, sample_rate, nperseg=sample_rate // 4)
    heard = (hertz > 60) & (hertz < 0.48 * sample_rate)
    octaves, weights = np.log2(hertz[heard]), 1 / np.sqrt(hertz[heard])  # each octave alike
    fitted = np.polyfit(octaves, 10 * np.log10(power[heard]), 1, w=weights)[0]
    assert fitted == pytest.approx(slope * 10 * math.log10(2), abs=0.05)


def test_coloured_noise_begins_at_20_hz_and_does_not_hang_on_the_length():
    def level(length, exponent):
        made = [
            coloured_noise([np.random.default_rng(n)], length, 8_000, exponent) for n in range(9)
        ]
        return torch.cat(made).square().mean().item()

    noise = coloured_noise([np.random.default_rng(0)], 1 << 19, 8_000, 2.0)[0].double()
    power = torch.fft.rfft(noise).abs().square()
    hertz = torch.linspace(0, 4_000, len(power))
    assert power[hertz < 19.9].sum() < 1e-6 * power.sum()
    for exponent in (1.0, 2.0):
        assert level(80_000, exponent) == pytest.approx(level(5_000, exponent), rel=0.25)


@pytest.mark.parametrize("colour", COLOURS)
def test_noise_is_gaussian(colour):
    noise = noise_alone(colour(), 60)
    assert abs(noise.pow(3).mean()) < 0.05
    assert noise.pow(4).mean().item() == pytest.approx(3, abs=0.1)


def largest_echo(noise, after_seconds=0.03, sample_rate=16_000):
    """The highest autocorrelation of noise made white, further than so far from zero."""
    size = 2 * len(noise)
    power = torch.fft.rfft(noise, n=size).abs().square()
    envelope = torch.nn.functional.avg_pool1d(power[None, None], 2_001, 1, 1_000)[0, 0]
    correlation = torch.fft.irfft(power / envelope.clamp(min=1e-9 * envelope.max()), n=size)
    apart = round(after_seconds * sample_rate)
    return (correlation[apart : len(noise) // 2] / correlation[0]).abs().max().item()


@pytest.mark.parametrize("colour", COLOURS)
def test_a_minute_of_noise_has_no_period(colour):
    """Whitened, its autocorrelation is that of white noise: 5 standard deviations at the most."""
    noise = noise_alone(colour(), 60)
    assert largest_echo(noise) < 6 / math.sqrt(len(noise))


@pytest.mark.parametrize("ambience", ["babble", "crowd", "rain", "wind"])
def test_background_noise_has_no_period(ambience):
    noise = noise_alone(BackgroundNoise(ambience=ambience), 60)
    assert largest_echo(noise, after_seconds=0.4) < 0.05


def test_the_period_test_finds_a_period():
    second = torch.from_numpy(np.random.default_rng(0).standard_normal(16_000))
    assert largest_echo(second.repeat(60)) > 0.9


@pytest.mark.parametrize("colour", COLOURS)
def test_ten_thousand_keys_share_no_noise(colour):
    """Clips of eight samples, all alike, so that their noises have one level."""
    clip = torch.full((10_000, 8), 0.05)
    noise = colour().apply(clip, 16_000, 5, keys(10_000)).waveform - clip
    assert len(torch.unique(noise, dim=0)) == 10_000


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("length", [2, 3, 999])
@pytest.mark.parametrize("sample_rate", [4_000, 192_000])
def test_short_clips(colour, length, sample_rate):
    clips = torch.full((2, length), 0.1)
    noisy = colour().apply(clips, sample_rate, 3, keys(2)).waveform
    assert snr(clips, noisy).tolist() == pytest.approx([20.0] * 2, abs=0.02)


def test_a_silent_clip_stays_silent():
    silence = torch.zeros(1, 1_000)
    noise = torch.ones(1, 1_000)
    assert torch.equal(mix_at_snr(silence, noise, 5.0), silence)
    assert rms(mix_at_snr(noise, noise, 0.0)).item() == 2.0


def test_an_unknown_ambience_names_those_there_are():
    with pytest.raises(CorruptionError, match=r"no ambience named 'bable'.*babble"):
        BackgroundNoise(ambience="bable")
