import numpy as np
import pytest
import torch
from scipy import signal

from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from perturbations.filters import add_echo, fast_length, filter_high_pass, filter_low_pass, ringing
from tests.perturbations.signals import keys, sine, speech_like

FILTERS = {"lowpass": filter_low_pass, "highpass": filter_high_pass}


@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize("cutoff", [0.005, 0.1, 0.25, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("order", [1, 2, 5, 8])
def test_filters_are_scipys(kind, cutoff, order):
    clips = speech_like(2, 0.7)
    sections = signal.butter(order, cutoff, kind, output="sos")
    expected = signal.sosfilt(sections, clips.numpy().astype(np.float64), axis=1)
    np.testing.assert_allclose(FILTERS[kind](clips, cutoff, order).numpy(), expected, atol=2e-6)


@pytest.mark.parametrize("kind", FILTERS)
def test_the_end_does_not_leak_into_the_beginning(kind):
    clip = torch.zeros(1, 4_096)
    clip[0, -1] = 1.0
    filtered = FILTERS[kind](clip, 0.02)
    assert filtered[0, :-1].abs().max() < 1e-6


def test_ringing_is_over_when_it_is_said_to_be():
    for cutoff in (0.01, 0.1, 0.5):
        impulse = np.eye(1, 4 * ringing(cutoff, 5))[0]
        tail = signal.sosfilt(signal.butter(5, cutoff, output="sos"), impulse)
        assert np.abs(tail[ringing(cutoff, 5) :]).max() < 1e-6


@pytest.mark.parametrize("at_least", [1, 2, 3, 4, 5, 48, 49, 64_000, 65_537])
def test_a_fast_length_is_long_enough_and_fast(at_least):
    length = fast_length(at_least)
    assert at_least <= length < 2 * at_least
    while length % 2 == 0:
        length //= 2
    assert length in (1, 3)


@pytest.mark.parametrize(("name", "sign"), [("low-pass", 1), ("high-pass", -1)])
@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_a_sine_at_the_cutoff_loses_three_db_and_an_octave_on_thirty(name, sign, severity):
    corruption = load_corruption(name)
    cutoff = corruption.parameters(severity)["cutoff_hz"]
    rate = 48_000

    def level(hertz):
        tone = sine(hertz, 0.5, rate)
        passed = corruption.apply(tone, rate, severity, keys(1)).waveform
        middle = slice(6_000, 18_000)
        return 20 * torch.log10(passed[:, middle].norm() / tone[:, middle].norm()).item()

    assert level(cutoff) == pytest.approx(-3.01, abs=0.05)
    assert level(cutoff * 2.0**sign) < -29
    assert level(cutoff * 4.0**-sign) == pytest.approx(0, abs=0.05)


def test_a_low_pass_above_the_nyquist_frequency_changes_nothing():
    clip = speech_like(1, 0.5, 8_000)
    assert torch.equal(load_corruption("low-pass").apply(clip, 8_000, 1, keys(1)).waveform, clip)


def test_a_high_pass_leaves_something_at_low_rates():
    clip = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 4_000))).float() / 10
    passed = load_corruption("high-pass").apply(clip, 4_000, 5, keys(1)).waveform
    assert passed.square().mean() > 0.01 * clip.square().mean()


def test_an_echo_is_where_and_as_loud_as_said():
    click = torch.zeros(1, 16_000)
    click[0, 1_000] = 0.8
    for severity, volume in enumerate((0.1, 0.3, 0.5, 0.7, 0.9), start=1):
        echoed = load_corruption("echo").apply(click, 16_000, severity, keys(1)).waveform[0]
        assert echoed.nonzero().flatten().tolist() == [1_000, 2_600]
        assert echoed[1_000].item() == pytest.approx(0.8)
        assert echoed[2_600].item() == pytest.approx(0.8 * volume)


def test_an_echo_keeps_the_peak_and_is_scipys_filter():
    clips = speech_like(2)
    taps = np.zeros(1_601)
    taps[0], taps[1_600] = 1, 0.7
    expected = signal.lfilter(taps, 1, clips.numpy(), axis=1)
    expected *= (np.abs(clips.numpy()).max(1) / np.abs(expected).max(1))[:, None]
    np.testing.assert_allclose(add_echo(clips, 1_600, 0.7).numpy(), expected, atol=1e-6)


def test_an_echo_after_the_end_is_not_heard():
    clip = speech_like(1, 0.05)
    assert torch.equal(load_corruption("echo").apply(clip, 16_000, 5, keys(1)).waveform, clip)


def test_a_delay_that_is_none():
    with pytest.raises(CorruptionError, match="delay"):
        load_corruption("echo", delay_seconds=0.0)


@pytest.mark.parametrize("name", ["low-pass", "high-pass", "echo"])
def test_gradients_pass_through(name):
    clip = speech_like(1, 0.2).requires_grad_()
    load_corruption(name).apply(clip, 16_000, 3, keys(1)).waveform.square().sum().backward()
    assert torch.isfinite(clip.grad).all() and clip.grad.abs().sum() > 0
