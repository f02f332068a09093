import torch

from perturbations.fills.noise import matched_noise, white_noise
from perturbations.waveform import rms
from tests.perturbations.signals import keys, sine, speech_like


def test_matched_noise_has_the_level_and_spectrum_of_its_clip():
    low = sine(300, 12.0) + 0.05 * sine(5_000, 12.0)
    clips = torch.cat([low, 0.1 * speech_like(1, 12.0)])
    noise = matched_noise(clips, 16_000, keys(2), [])
    assert torch.allclose(rms(noise), rms(clips), rtol=1e-4)
    for clip, made in zip(clips, noise, strict=True):
        one, two = (
            torch.stft(x, 512, 256, window=torch.hann_window(512), return_complex=True)
            .abs()
            .square()
            .mean(dim=1)
            .reshape(-1)[:256]
            .reshape(32, 8)
            .sum(dim=1)
            for x in (clip, made)
        )
        heard = one > 1e-3 * one.max()
        assert (10 * torch.log10(two[heard] / one[heard])).abs().max() < 3


def test_matched_noise_comes_from_the_key_alone():
    clips = speech_like(3, 0.5)
    noise = matched_noise(clips, 16_000, keys(3), [])
    backwards = matched_noise(clips.flip(0), 16_000, keys(3)[::-1], []).flip(0)
    assert torch.allclose(noise, backwards, atol=1e-6)
    assert torch.allclose(
        noise[1:2], matched_noise(clips[1:2], 16_000, keys(3)[1:2], []), atol=1e-6
    )
    other = matched_noise(clips, 16_000, keys(3, repeat=1), [])
    assert not torch.isclose(noise, other, atol=1e-4).all(dim=1).any()


def test_matched_noise_of_silence_and_of_two_samples():
    assert (matched_noise(torch.zeros(1, 500), 16_000, keys(1), []) == 0).all()
    assert torch.isfinite(matched_noise(torch.tensor([[0.5, -0.5]]), 16_000, keys(1), [])).all()


def test_white_noise_is_white_around_the_mean_and_quieter_than_the_clip():
    clips = 0.25 + 0.1 * speech_like(1, 1.0).expand(200, -1)
    noise = white_noise(clips, 16_000, keys(200), [])
    deviation = (clips - clips.mean(dim=1, keepdim=True)).square().mean(dim=1).sqrt()
    made = noise - clips.mean(dim=1, keepdim=True)
    shares = rms(made) / deviation
    assert made.mean(dim=1).abs().max() < 4 * deviation[0] / 16_000**0.5
    # an even draw from 0.1 to 1: mean 0.55, deviation 0.26, over 200 keys
    assert 0.09 < shares.min() < 0.13
    assert 0.97 < shares.max() < 1.02
    assert abs(shares.mean() - 0.55) < 0.06
    power = torch.fft.rfft(made).abs().square()[:, 1:8_001].reshape(200, 8, 1_000).mean(dim=2)
    assert (10 * torch.log10(power / power.mean(dim=1, keepdim=True))).abs().max() < 0.8
    kurtosis = made.pow(4).mean(dim=1) / made.square().mean(dim=1).square()
    assert (kurtosis - 3).abs().max() < 0.3
