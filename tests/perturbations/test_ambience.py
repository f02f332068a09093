import numpy as np
import pytest
import torch

from perturbations.ambience import RATE, ambiences, pulses, synthesise, voices


def draw(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", ["babble", "crowd", "room"])
@pytest.mark.parametrize(("length", "sample_rate"), [(2, 4_000), (777, 192_000), (20_000, 16_000)])
def test_every_ambience_has_the_length_and_an_rms_of_one(name, length, sample_rate):
    noise = synthesise(name, length, sample_rate, draw())
    assert noise.shape == (length,)
    assert noise.square().mean().sqrt().item() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", ["babble", "crowd", "room"])
def test_the_generator_decides_alone(name):
    first = synthesise(name, 4_000, 16_000, draw(1))
    torch.manual_seed(99)
    np.random.seed(99)
    assert torch.equal(first, synthesise(name, 4_000, 16_000, draw(1)))
    other = synthesise(name, 4_000, 16_000, draw(2))
    assert abs(torch.corrcoef(torch.stack([first, other]))[0, 1]) < 0.5


def test_a_key_gives_the_same_noise_at_every_rate():
    low, high = (synthesise("babble", rate, rate, draw()) for rate in (8_000, 48_000))
    spectra = [torch.fft.rfft(noise).abs() / len(noise) for noise in (low, high)]
    heard = [spectrum[80:3_000] / spectrum[80:3_000].norm() for spectrum in spectra]
    assert (heard[0] @ heard[1]).item() > 0.999


def test_voices_are_voice_like():
    voice = voices(1, 20 * RATE, draw())[0]
    power = torch.fft.rfft(voice).abs().square()
    hertz = torch.linspace(0, RATE / 2, len(power))

    def band(low, high):
        return power[(hertz >= low) & (hertz < high)].sum() / power.sum()

    assert band(80, 4_000) > 0.95
    level = voice[: 20 * RATE // 320 * 320].reshape(-1, 320).square().mean(dim=1).sqrt()
    beat = torch.fft.rfft(level - level.mean()).abs().square()
    beats = torch.linspace(0, 25, len(beat))
    slow = beat[(beats > 1) & (beats < 9)].sum() / beat.sum()
    assert slow > 0.6  # syllables, three to eight a second
    assert (level < 0.1 * level.max()).float().mean() > 0.1  # pauses


def test_pulses_wander_around_a_pitch_of_speech():
    buzz = pulses(8, 4 * RATE, draw())
    rises = ((buzz[:, 1:] - buzz[:, :-1]) < -1).sum(dim=1) / 4
    assert ((rises > 60) & (rises < 330)).all()
    assert rises.std() > 10


def test_the_hum_of_a_room_is_mains_hum():
    noise = synthesise("room", 16_000 * 8, 16_000, draw())
    spectrum = torch.fft.rfft(noise * torch.hann_window(len(noise))).abs()
    fifty = spectrum[8 * 48 : 8 * 52].max()
    assert fifty > 5 * spectrum[8 * 60 : 8 * 70].median()


def test_names():
    assert set(ambiences.names()) >= {"babble", "crowd", "room"}
