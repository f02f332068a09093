import numpy as np
import pytest
import torch
from scipy.signal import welch

from perturbations.ambience import RATE, ambiences, synthesise, voices
from perturbations.ambience.spectra import HOP, analyse, frame_count, noise_bins, resynthesise
from perturbations.ambience.voices import pulses

NAMES = ("babble", "crowd", "hum", "rain", "room", "wind")


def draw(seed=0):
    return np.random.default_rng(seed)


def band_power(sound, low, high):
    """Share of the power from `low` to `high` hertz."""
    hertz, power = welch(sound.double().numpy(), RATE, nperseg=4_096)
    return power[(hertz >= low) & (hertz < high)].sum() / power.sum()


def levels(sound, milliseconds=20):
    """RMS of one short frame after the other."""
    size = RATE * milliseconds // 1_000
    return sound[: len(sound) // size * size].reshape(-1, size).square().mean(dim=1).sqrt()


def test_names():
    assert set(ambiences.names()) >= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("length", "sample_rate"), [(2, 4_000), (777, 192_000), (20_000, 16_000)])
def test_every_ambience_has_the_length_and_an_rms_of_one(name, length, sample_rate):
    noise = synthesise(name, length, sample_rate, draw())
    assert noise.shape == (length,)
    assert noise.dtype == torch.float32
    assert noise.square().mean().sqrt().item() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_decides_alone(name):
    first = synthesise(name, 64_000, 16_000, draw(1))
    torch.manual_seed(99)
    np.random.seed(99)
    assert torch.equal(first, synthesise(name, 64_000, 16_000, draw(1)))
    other = synthesise(name, 64_000, 16_000, draw(3))
    assert abs(torch.corrcoef(torch.stack([first, other]))[0, 1]) < 0.3


def test_a_key_gives_the_same_noise_at_every_rate():
    low, high = (synthesise("babble", rate, rate, draw()) for rate in (8_000, 48_000))
    spectra = [torch.fft.rfft(noise).abs() / len(noise) for noise in (low, high)]
    heard = [spectrum[80:3_000] / spectrum[80:3_000].norm() for spectrum in spectra]
    assert (heard[0] @ heard[1]).item() > 0.999


@pytest.mark.parametrize("length", [1, 255, 256, 257, 5_000])
def test_the_short_time_spectrum_gives_back_what_went_in(length):
    frames = frame_count(length)
    signal = torch.from_numpy(draw().standard_normal((2, (frames + 1) * HOP))).float()
    again = resynthesise(analyse(signal), length)
    assert again.shape == (2, length)
    assert torch.allclose(again, signal[:, HOP : HOP + length], atol=1e-5)


def test_noise_of_the_short_time_spectrum_is_white_and_of_power_one():
    noise = resynthesise(noise_bins(frame_count(400_000), draw()), 400_000)
    _, power = welch(noise.numpy(), RATE, nperseg=256)
    assert power[2:-2].max() / power[2:-2].min() < 1.2
    assert noise.square().mean().item() == pytest.approx(1, abs=0.02)
    assert levels(noise, 2).std() < 0.2  # no beat of 16 ms


def test_voices_are_voice_like():
    voice = voices(1, 20 * RATE, draw())[0]
    assert band_power(voice, 80, 4_000) > 0.95
    level = levels(voice)
    beat = torch.fft.rfft(level - level.mean()).abs().square()
    beats = torch.linspace(0, 25, len(beat))
    slow = beat[(beats > 1) & (beats < 9)].sum() / beat.sum()
    assert slow > 0.6  # syllables, three to eight a second
    assert (level < 0.1 * level.max()).float().mean() > 0.1  # pauses


def test_voices_are_apart():
    """Each says something else, as loudly as the others."""
    several = voices(4, 4 * RATE, draw())
    assert torch.allclose(several.square().mean(dim=1), torch.ones(4), atol=1e-3)
    assert (torch.corrcoef(several) - torch.eye(4)).abs().max() < 0.3
    loudness = torch.stack([levels(voice) for voice in several])
    assert (torch.corrcoef(loudness) - torch.eye(4)).abs().max() < 0.5


def test_pulses_wander_around_a_pitch_of_speech():
    rates = []
    for seed in range(12):
        signal = pulses(frame_count(4 * RATE), draw(seed)).numpy()
        struck = np.flatnonzero(signal)
        beginnings = struck[np.diff(struck, prepend=-9) > 1]  # one pulse is up to two samples
        periods = np.diff(beginnings) / RATE
        assert 1 / periods.max() > 50 and 1 / periods.min() < 420
        rates.append(len(beginnings) / 4)
        assert periods.std() / periods.mean() > 0.02
        whole = signal.astype(np.float64)
        assert 0.5 < np.square(whole).mean() < 1.1
    assert min(rates) > 60 and max(rates) < 330
    assert np.std(rates) > 10


def test_babble_is_speech_without_gaps():
    """The long-term spectrum of speech (Byrne et al. 1994, within 6 dB), and its rhythm."""
    babble = synthesise("babble", 30 * RATE, RATE, draw())
    third_octaves = {250: -1.0, 500: 0.0, 1_000: -8.5, 2_000: -13.0}  # dB to the one at 500 Hz
    measured = {
        hertz: 10 * np.log10(band_power(babble, hertz / 2 ** (1 / 6), hertz * 2 ** (1 / 6)))
        for hertz in third_octaves
    }
    for hertz, expected in third_octaves.items():
        assert measured[hertz] - measured[500] == pytest.approx(expected, abs=6)
    level = levels(babble)
    assert (level < 0.1 * level.max()).float().mean() < 0.05
    assert level.std() / level.mean() > 0.15


def test_wind_is_low_and_comes_in_gusts():
    wind = synthesise("wind", 30 * RATE, RATE, draw())
    assert band_power(wind, 0, 500) > 0.95
    level = torch.quantile(levels(wind, 100), torch.tensor([0.1, 0.9]))
    assert level[1] / level[0] > 4


def test_rain_is_high_with_drops():
    rain = synthesise("rain", 30 * RATE, RATE, draw())
    assert band_power(rain, 500, 8_000) > 0.9
    assert 8 < rain.abs().max() < 25  # a hiss alone stays below 6


@pytest.mark.parametrize(("name", "orders"), [("hum", (1, 3, 5)), ("room", (1,))])
def test_hum_lies_on_the_harmonics_of_the_mains(name, orders):
    found = set()
    for seed in range(6):
        noise = synthesise(name, 8 * RATE, RATE, draw(seed))
        spectrum = torch.fft.rfft(noise * torch.hann_window(len(noise))).abs()[: 8 * 400]
        mains = min((50, 60), key=lambda hertz: -spectrum[8 * hertz - 4 : 8 * hertz + 5].max())
        found.add(mains)
        for order in orders:
            near = spectrum[8 * mains * order - 12 : 8 * mains * order + 13].max()
            between = spectrum[8 * mains * order + 100 : 8 * mains * order + 300].median()
            assert near > 2.5 * between
    assert found == {50, 60}


def test_the_harmonics_of_a_hum_drift():
    hum = synthesise("hum", 60 * RATE, RATE, draw())
    seconds = hum.reshape(60, RATE) * torch.hann_window(RATE)
    spectra = torch.fft.rfft(seconds).abs()
    mains = max((50, 60), key=lambda hertz: spectra[:, hertz].mean())
    for order in (1, 2, 3):
        level = spectra[:, mains * order - 2 : mains * order + 3].norm(dim=1)
        assert level.max() / level.min() > 1.1
