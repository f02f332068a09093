import numpy as np
import pytest
import torch

from perturbations.fills.linear_prediction import Autoregression, burg, linear_prediction
from tests.perturbations.signals import keys, sine

TIME = np.arange(1_280)


def hard_signals():
    from scipy.signal import butter, sosfilt

    random = np.random.default_rng(6)
    return {
        "silence": np.zeros(1_280),
        "an offset": np.full(1_280, 0.5),
        "a ramp": TIME / 1_280,
        "a tone": np.sin(0.3 * TIME),
        "a slow tone": np.sin(0.005 * TIME),
        "two tones": np.sin(0.3 * TIME) + 0.01 * np.sin(1.7 * TIME),
        "a swelling tone": np.exp(0.01 * TIME) * np.sin(0.3 * TIME) / 3e5,
        "a rumble": sosfilt(butter(8, 0.05, output="sos"), random.standard_normal(3_000))[-1_280:],
        "an impulse at the end": (TIME == 1_279).astype(float),
        "a square wave": np.sign(np.sin(0.05 * TIME)),
        "a whisper": 1e-30 * random.standard_normal(1_280),
        "noise": random.standard_normal(1_280),
    }


def test_burg_is_librosas():
    import librosa

    signals = np.random.default_rng(7).standard_normal((3, 500)).cumsum(axis=1)
    coefficients, deviations = burg(signals, 20)
    expected = np.stack([librosa.lpc(row, order=20) for row in signals])
    np.testing.assert_allclose(coefficients, expected, atol=1e-9)
    np.testing.assert_allclose(deviations, 1.0, rtol=0.1)


@pytest.mark.parametrize("name", hard_signals())
def test_no_model_blows_up(name):
    signal = hard_signals()[name]
    coefficients, deviations = burg(signal[None], 128)
    assert np.abs(np.roots(coefficients[0])).max(initial=0) < 1 + 1e-5
    model = Autoregression(coefficients[0], float(deviations[0])).faded(np.exp(-1 / 8_000))
    alone, noise = model.go_on(signal, 16_000, np.random.default_rng(8))
    assert np.abs(alone).max() <= 3 * np.abs(signal).max()
    assert np.sqrt((noise**2).mean()) <= 1.5 * np.sqrt((signal**2).mean())


def test_a_model_goes_on_as_its_equation_says():
    random = np.random.default_rng(9)
    model = Autoregression(np.array([1.0, -0.9, 0.5, 0.1]), 0.2)
    past = random.standard_normal(10)
    alone, noise = model.go_on(past, 50, np.random.default_rng(10))
    driving = 0.2 * np.random.default_rng(10).standard_normal(50)
    signal = list(past)
    for each in driving:
        signal.append(each - sum(model.coefficients[k] * signal[-k] for k in (1, 2, 3)))
    np.testing.assert_allclose(alone + noise, signal[10:], atol=1e-12)
    untouched = Autoregression(model.coefficients, 0.0).go_on(past, 50, random)[0]
    np.testing.assert_allclose(alone, untouched)


@pytest.mark.parametrize("hertz", [110, 440, 2_500])
def test_a_tone_is_carried_across(hertz):
    clip = sine(hertz, 0.5) + 0.3 * sine(3.1 * hertz, 0.5)
    filled = linear_prediction(clip, 16_000, keys(1), [(4_000, 4_320)])
    error = (filled - clip)[0, 4_000:4_320].square().mean().sqrt()
    assert error < 0.04 * clip.square().mean().sqrt()


def test_at_an_end_a_tone_goes_on_from_the_one_side():
    clip = sine(440, 0.5)
    for start, stop in [(0, 320), (7_680, 8_000)]:
        filled = linear_prediction(clip, 16_000, keys(1), [(start, stop)])
        error = (filled - clip)[0, start:stop].square().mean().sqrt()
        assert error < 0.08 * clip.square().mean().sqrt()


def test_a_gap_goes_over_from_what_was_before_to_what_comes_after():
    clip = torch.cat([sine(500, 0.5), sine(3_000, 0.5)], dim=1)
    filled = linear_prediction(clip, 16_000, keys(1), [(7_200, 8_800)])[0, 7_200:8_800]
    thirds = torch.fft.rfft(filled[:1_599].reshape(3, 533)).abs().square()
    low, high = thirds[:, :50].sum(dim=1), thirds[:, 50:].sum(dim=1)
    assert low[0] > 10 * high[0]
    assert high[2] > 10 * low[2]


def test_it_is_never_louder_than_what_lies_around_it():
    clip = torch.randn(1, 36_000, generator=torch.Generator().manual_seed(11))
    filled = linear_prediction(clip, 16_000, keys(1), [(2_000, 34_000)])[0, 2_000:34_000]
    near = torch.cat([clip[0, 720:2_000], clip[0, 34_000:35_280]])
    assert filled.abs().max() <= near.abs().max()


def test_a_tone_does_not_ring_for_ever():
    filled = linear_prediction(sine(440, 3.0), 16_000, keys(1), [(16_000, 48_000)])[0]
    first, last = (filled[start : start + 4_000].abs().max() for start in (16_000, 44_000))
    assert first > 0.4
    assert last < 0.1
