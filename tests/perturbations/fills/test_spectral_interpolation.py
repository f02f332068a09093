import numpy as np
import torch

from perturbations.fills.spectral_interpolation import magnitude, spectral_interpolation
from tests.perturbations.signals import keys, sine


def test_the_level_goes_in_a_straight_line_from_side_to_side():
    levels = torch.tensor([0.4, 0.1]).repeat_interleave(24_000)
    white = torch.randn(8, 48_000, generator=torch.Generator().manual_seed(4))
    filled = spectral_interpolation(levels * white, 16_000, keys(8), [(16_000, 32_000)])
    found = filled[:, 16_000:32_000].reshape(8, 4, 4_000).square().mean(dim=(0, 2)).sqrt()
    middles = torch.tensor([0.3625, 0.2875, 0.2125, 0.1375])
    torch.testing.assert_close(found, middles, rtol=0.06, atol=0)


def test_one_tone_goes_and_the_other_comes():
    clip = torch.cat([sine(500, 1.0), sine(3_000, 1.0)], dim=1)
    filled = spectral_interpolation(clip, 16_000, keys(1), [(12_000, 20_000)])[0, 12_000:20_000]
    quarters = torch.fft.rfft(filled.reshape(4, 2_000)).abs().square()
    low, high = quarters[:, 50:76].sum(dim=1), quarters[:, 360:391].sum(dim=1)
    assert ((low + high) / quarters.sum(dim=1)).min() > 0.9
    assert low[0] > 4 * high[0]
    assert high[3] > 4 * low[3]
    assert (low[0] > low[2]) & (high[3] > high[1])


def test_at_the_clips_end_the_one_side_goes_on():
    clips = sine(1_000, 1.0).expand(20, -1)
    filled = spectral_interpolation(clips, 16_000, keys(20), [(8_000, 16_000)])[:, 8_000:]
    halves = filled.reshape(20, 2, 4_000).square().mean(dim=(0, 2))
    assert (10 * torch.log10(halves / 0.125)).abs().max() < 1.5
    power = torch.fft.rfft(filled).abs().square().mean(dim=0)
    assert power[450:551].sum() > 0.98 * power.sum()


def test_the_filter_gives_white_noise_the_power_of_its_model():
    noise = np.random.default_rng(5).standard_normal(200_000)
    for samples in (noise, noise[:512], noise[:100], noise[:1]):
        power = magnitude(samples, 512).square()
        doubled = torch.cat([power, power[1:-1]]).mean().item()
        if len(samples) > 1_000:
            np.testing.assert_allclose(doubled, 1.0, rtol=0.02)
            np.testing.assert_allclose(power, 1.0, rtol=0.3)
        else:
            weight = np.hanning(len(samples) + 1)[:-1] if len(samples) > 1 else np.ones(1)
            expected = (weight**2 * samples**2).sum() / (weight**2).sum()
            np.testing.assert_allclose(doubled, expected, rtol=1e-6)
