import numpy as np
import pytest
import scipy.fft
import scipy.signal
import torch

from xaudio.errors import ModelError
from xaudio.frontends import (
    Framing,
    LinearFrequencyCepstrum,
    cosine_transform,
    linear_filter_bank,
    power_spectrogram,
)


def test_spectrogram_equals_scipys():
    framing = Framing()
    waveform = torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))
    ours = power_spectrogram(waveform, framing).numpy()
    window = np.zeros(framing.transform)
    first = (framing.transform - framing.window) // 2
    window[first : first + framing.window] = scipy.signal.get_window("hann", framing.window)
    padded = np.pad(waveform.numpy(), ((0, 0), (framing.transform // 2,) * 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, framing.transform, axis=1)
    theirs = np.abs(np.fft.rfft(frames[:, :: framing.hop] * window)) ** 2
    assert np.allclose(ours, theirs.transpose(0, 2, 1), rtol=1e-3, atol=1e-4)


def test_cosines_are_scipys_transform():
    logarithms = np.random.default_rng(0).standard_normal(64)
    expected = scipy.fft.dct(logarithms, norm="ortho")[:20]
    assert np.allclose(cosine_transform(20, 64).numpy() @ logarithms, expected, atol=1e-5)


def test_bands_are_evenly_spaced_triangles_of_sum_one():
    bank = linear_filter_bank(30, 512, 16000).numpy()
    centres = bank @ np.linspace(0, 8000, 257)
    assert np.allclose(bank.sum(1), 1.0, atol=1e-6)
    assert np.allclose(np.diff(centres), 8000 / 31, atol=12.0)


def test_a_band_beyond_half_the_rate_is_refused():
    with pytest.raises(ModelError, match="half the sample rate"):
        linear_filter_bank(10, 512, 16000, high_hz=9000.0)


class TestLinearFrequencyCepstrum:
    def test_loudness_and_colour_of_the_channel_are_invisible(self):
        frontend = LinearFrequencyCepstrum(floor=0.0)
        waveform = 0.1 * torch.randn(1, 16000, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(frontend(waveform), frontend(0.2 * waveform), atol=1e-3)

    def test_one_column_per_hop(self):
        assert LinearFrequencyCepstrum()(torch.randn(3, 16000)).shape == (3, 60, 101)

    def test_gradients_reach_the_samples(self):
        waveform = torch.randn(1, 4000, requires_grad=True)
        LinearFrequencyCepstrum()(waveform).square().sum().backward()
        assert waveform.grad is not None
        assert waveform.grad.abs().sum() > 0
