import numpy as np
import pytest
import torch

from perturbations.errors import CorruptionError
from perturbations.fills.band_stop import band_stop, band_stop_taps
from perturbations.masking import Patch, SpectrumGrid, fill_patches, patch_masks
from tests.perturbations.signals import keys, sine

INNER = slice(1_000, -1_000)


@pytest.mark.parametrize(("low", "high", "rate"), [(300, 3_400, 16_000), (300, 1_900, 4_000)])
def test_the_filter_is_steep_and_symmetric(low, high, rate):
    from scipy.signal import freqz

    taps = band_stop_taps(float(low), float(high), rate)
    assert len(taps) % 2 == 1
    assert torch.allclose(taps, taps.flip(0), atol=1e-15)
    hertz, response = freqz(taps.numpy(), worN=8_192, fs=rate)
    stopped = (hertz > low + 50) & (hertz < high - 50)
    passed = (hertz < low - 50) | (hertz > high + 50)
    assert np.abs(response[stopped]).max() < 10 ** (-58 / 20)
    assert np.abs(np.abs(response[passed]) - 1).max() < 2e-3


@pytest.mark.parametrize("rate", [4_000, 8_000, 16_000, 44_100])
def test_a_tone_in_the_band_goes_and_one_outside_stays_where_it_is(rate):
    low, inside = sine(150, 1.0, rate), sine(1_500, 1.0, rate)
    left = band_stop(low + inside, rate, keys(1), [])
    assert (left - low)[:, INNER].abs().max() < 2e-3
    if rate > 8_000:
        high = sine(5_000, 1.0, rate)
        assert (band_stop(high, rate, keys(1), []) - high)[:, INNER].abs().max() < 2e-3


def test_in_a_patch_it_takes_what_the_patch_and_the_band_share():
    clip, grid = sine(1_000) + sine(5_000), SpectrumGrid.at(16_000)
    fill = band_stop(clip, 16_000, keys(1), [])
    mask = patch_masks([Patch(0.25, 0.75, 500.0, 8_000.0)], 16_000, grid)
    left = fill_patches(clip, mask, fill, grid)
    assert torch.allclose(left[:, 5_000:11_000], sine(5_000)[:, 5_000:11_000], atol=5e-3)
    assert torch.allclose(left[:, 500:3_000], clip[:, 500:3_000], atol=5e-3)


def test_a_rate_too_low_for_the_band():
    with pytest.raises(CorruptionError, match="another fill"):
        band_stop(torch.zeros(1, 100), 600, keys(1), [])
