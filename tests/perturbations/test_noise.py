import numpy as np
import pytest
import soundfile
import torch

from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from perturbations.noise import mix_at_snr, prolong
from perturbations.waveform import rms
from tests.perturbations.signals import keys, snr, speech_like


@pytest.fixture
def recordings(tmp_path):
    """Three recordings: 8 kHz mono, 44.1 kHz stereo, and one much shorter than a clip."""
    random = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.wav", 0.1 * random.standard_normal(8_000 * 4), 8_000)
    soundfile.write(tmp_path / "b.flac", 0.1 * random.standard_normal((44_100 * 4, 2)), 44_100)
    soundfile.write(tmp_path / "c.wav", 0.1 * random.standard_normal(3_000), 16_000)
    return tmp_path


@pytest.mark.parametrize("settings", [{}, {"ambience": "room"}, {"ambience": "crowd"}])
@pytest.mark.parametrize("severity", [1, 3, 5])
def test_background_snr_is_the_one_named(settings, severity):
    clips = 0.3 * speech_like(2)
    corruption = load_corruption("background-noise", **settings)
    noisy = corruption.apply(clips, 16_000, severity, keys(2)).waveform
    named = torch.tensor(corruption.parameters(severity)["snr_db"])
    assert torch.allclose(snr(clips, noisy), named.double().expand(2), atol=0.02)


@pytest.mark.parametrize("sample_rate", [8_000, 48_000])
@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_white_noise_snr_is_the_one_named(severity, sample_rate):
    clips = 0.3 * speech_like(2, 0.5, sample_rate)
    corruption = load_corruption("white-noise")
    noisy = corruption.apply(clips, sample_rate, severity, keys(2)).waveform
    named = (40.0, 30.0, 20.0, 10.0, 5.0)[severity - 1]
    assert snr(clips, noisy).tolist() == pytest.approx([named] * 2, abs=0.02)


def test_white_noise_is_white_gaussian_and_not_periodic():
    clip = torch.full((1, 16_000 * 20), 0.1)
    noise = (load_corruption("white-noise").apply(clip, 16_000, 5, keys(1)).waveform - clip)[0]
    noise = noise / noise.square().mean().sqrt()
    assert noise.pow(3).mean().abs() < 0.03  # skewness
    assert noise.pow(4).mean() == pytest.approx(3, abs=0.06)  # kurtosis
    power = torch.fft.rfft(noise).abs().square() / len(noise)
    bands = power[1:160_001].reshape(20, -1).mean(dim=1)
    assert bands.max() / bands.min() < 1.1
    assert_no_period(noise)


def assert_no_period(noise, above=0.1):
    """No shift by more than 30 ms makes the noise like itself, as tiling a second of it would."""
    size = 2 * len(noise)
    correlation = torch.fft.irfft(torch.fft.rfft(noise, n=size).abs().square(), n=size)
    shifted = correlation[480 : len(noise) // 2] / correlation[0]
    assert shifted.abs().max() < above


def test_the_period_test_finds_a_period():
    second = torch.from_numpy(np.random.default_rng(0).standard_normal(16_000)).float()
    with pytest.raises(AssertionError):
        assert_no_period(second.repeat(20))


def test_background_noise_is_not_periodic():
    clip = torch.full((1, 16_000 * 20), 0.1)
    corruption = load_corruption("background-noise", ambience="babble")
    noise = (corruption.apply(clip, 16_000, 5, keys(1)).waveform - clip)[0]
    assert_no_period(noise / noise.std(), above=0.35)  # voices have a pitch


def test_a_short_recording_gets_no_period(tmp_path):
    random = np.random.default_rng(0)
    soundfile.write(tmp_path / "short.wav", 0.1 * random.standard_normal(16_000), 16_000)
    clip = torch.full((1, 16_000 * 20), 0.1)
    corruption = load_corruption("background-noise", folder=tmp_path)
    noise = (corruption.apply(clip, 16_000, 5, keys(1)).waveform - clip)[0]
    repeats = torch.fft.irfft(torch.fft.rfft(noise, n=640_000).abs().square(), n=640_000)
    shares = repeats[480:160_000] / repeats[0]
    assert shares.max() < 0.3  # tiling would give 0.95


def test_prolonging_keeps_the_level_at_the_joints():
    recording = torch.from_numpy(np.random.default_rng(1).standard_normal(4_000)).float()
    longer = prolong(recording, 100_000, 800, np.random.default_rng(0))
    levels = longer[:100_000].reshape(-1, 500).square().mean(dim=1)
    assert levels.min() > 0.75 and levels.max() < 1.3
    assert torch.equal(longer[:3_200], recording[:3_200])


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 48_000])
def test_recordings_of_any_rate_at_the_snr_named(recordings, sample_rate):
    clips = 0.3 * speech_like(6, 1.0, sample_rate)
    corruption = load_corruption("background-noise", folder=recordings)
    noisy = corruption.apply(clips, sample_rate, 4, keys(6)).waveform
    assert snr(clips, noisy).tolist() == pytest.approx([10.0] * 6, abs=0.02)
    again = corruption.apply(clips[4:5], sample_rate, 4, keys(6)[4:5]).waveform
    assert torch.equal(again[0], noisy[4])


def test_a_recording_is_heard_as_it_is(tmp_path):
    tone = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(44_100 * 2) / 44_100)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], axis=1), 44_100)
    clip = 0.3 * speech_like(1)
    corruption = load_corruption("background-noise", folder=str(tmp_path))
    noise = (corruption.apply(clip, 16_000, 5, keys(1)).waveform - clip)[0]
    spectrum = torch.fft.rfft(noise * torch.hann_window(len(noise))).abs().square()
    loudest = spectrum.argmax().item() * 16_000 / len(noise)
    assert loudest == pytest.approx(1_000, abs=1)
    assert spectrum[spectrum.argmax() - 3 : spectrum.argmax() + 4].sum() / spectrum.sum() > 0.999


def test_the_parameters_tell_which_folder(recordings):
    corruption = load_corruption("background-noise", folder=recordings)
    before = corruption.parameters(2)
    assert before["snr_db"] == 30.0
    assert recordings.name in before["noise"]
    soundfile.write(recordings / "d.wav", np.full(99, 0.1), 16_000)
    assert corruption.parameters(2) != before


def test_bad_folders_and_recordings(tmp_path):
    with pytest.raises(CorruptionError, match="no folder"):
        load_corruption("background-noise", folder=tmp_path / "nowhere")
    with pytest.raises(CorruptionError, match=r"no ambience named 'bable'.*babble"):
        load_corruption("background-noise", ambience="bable")
    recording = tmp_path / "one.wav"
    recording.write_text("not a sound")
    corruption = load_corruption("background-noise", folder=tmp_path)
    clip = speech_like(1, 0.3)
    with pytest.raises(CorruptionError, match="cannot be read"):
        corruption.apply(clip, 16_000, 1, keys(1))
    soundfile.write(recording, np.zeros(16_000), 16_000)
    with pytest.raises(CorruptionError, match="silent"):
        corruption.apply(clip, 16_000, 1, keys(1))
    soundfile.write(recording, np.full(16_000, np.nan), 16_000, subtype="FLOAT")
    with pytest.raises(CorruptionError, match="NaN"):
        corruption.apply(clip, 16_000, 1, keys(1))
    soundfile.write(recording, np.zeros(0), 16_000)
    with pytest.raises(CorruptionError, match="no sound"):
        corruption.apply(clip, 16_000, 1, keys(1))


def test_a_silent_clip_stays_silent():
    silence = torch.zeros(1, 1_000)
    noise = torch.ones(1, 1_000)
    assert torch.equal(mix_at_snr(silence, noise, 5.0), silence)
    assert rms(mix_at_snr(noise, noise, 0.0)).item() == 2.0
