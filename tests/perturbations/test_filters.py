import numpy as np
import pytest
import torch
from scipy import signal

from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from perturbations.filters import (
    ButterworthBandPass,
    ButterworthBandStop,
    ButterworthHighPass,
    ButterworthLowPass,
    add_echo,
    fast_length,
    filter_by,
    filter_high_pass,
    filter_low_pass,
    moving_average,
)
from tests.perturbations.signals import keys, sine, speech_like

FILTERS = {"lowpass": filter_low_pass, "highpass": filter_high_pass}
BANDS = {"bandpass": ButterworthBandPass, "bandstop": ButterworthBandStop}
NAMES = [
    "low-pass",
    "high-pass",
    "band-pass",
    "band-stop",
    "low-shelf",
    "high-shelf",
    "smoothing",
    "echo",
]


def noise(length, count=1, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((count, length))).float()


@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize("cutoff", [0.005, 0.1, 0.25, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("order", [1, 2, 5, 8])
def test_filters_are_scipys(kind, cutoff, order):
    clips = speech_like(2, 0.7)
    sections = signal.butter(order, cutoff, kind, output="sos")
    expected = signal.sosfilt(sections, clips.numpy().astype(np.float64), axis=1)
    np.testing.assert_allclose(FILTERS[kind](clips, cutoff, order).numpy(), expected, atol=2e-6)


@pytest.mark.parametrize("kind", BANDS)
@pytest.mark.parametrize("edges", [(0.0375, 0.425), (0.094, 0.17), (0.001, 0.002), (0.5, 0.97)])
@pytest.mark.parametrize("order", [1, 4, 5])
def test_band_filters_are_scipys(kind, edges, order):
    clips = noise(20_000, 2) / 10
    sections = signal.butter(order, edges, kind, output="sos")
    expected = signal.sosfilt(sections, clips.numpy().astype(np.float64), axis=1)
    np.testing.assert_allclose(filter_by(clips, BANDS[kind](*edges, order)), expected, atol=3e-6)


@pytest.mark.parametrize("length", [2, 3, 255, 3_000, 4_096, 12_345, 200_000])
def test_no_seam_shows_at_any_length(length):
    clips = noise(length, 2)
    sections = signal.butter(5, 0.1, output="sos")
    expected = signal.sosfilt(sections, clips.numpy().astype(np.float64), axis=1)
    np.testing.assert_allclose(filter_low_pass(clips, 0.1).numpy(), expected, atol=2e-6)


@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize("length", [1_500, 4_096])
def test_the_end_does_not_leak_into_the_beginning(kind, length):
    clip = torch.zeros(1, length)
    clip[0, -1] = 1.0
    filtered = FILTERS[kind](clip, 0.02)
    assert filtered[0, :-1].abs().max() < 1e-6


@pytest.mark.parametrize(
    ("design", "kind", "edges"),
    [
        (ButterworthLowPass, "lowpass", (0.01,)),
        (ButterworthLowPass, "lowpass", (0.5,)),
        (ButterworthHighPass, "highpass", (0.9,)),
        (ButterworthBandPass, "bandpass", (0.09, 0.17)),
        (ButterworthBandStop, "bandstop", (0.3, 0.32)),
    ],
)
def test_ringing_is_over_when_it_is_said_to_be(design, kind, edges):
    tail = design(*edges).ringing()
    impulse = np.eye(1, 4 * tail)[0]
    rung = signal.sosfilt(signal.butter(5, np.squeeze(edges), kind, output="sos"), impulse)
    assert np.abs(rung[tail:]).max() < 1e-6
    assert np.abs(rung[tail // 2 :]).max() > 1e-9


@pytest.mark.parametrize("at_least", [1, 2, 3, 4, 5, 48, 49, 64_000, 65_537])
def test_a_fast_length_is_long_enough_and_fast(at_least):
    length = fast_length(at_least)
    assert at_least <= length < 2 * at_least
    while length % 2 == 0:
        length //= 2
    assert length in (1, 3)


def passed_db(name, severity, hertz, rate=48_000, **settings):
    """What is left of a sine of 0.5 s, in its middle."""
    tone = sine(hertz, 0.5, rate, amplitude=1e-3)
    passed = load_corruption(name, **settings).apply(tone, rate, severity, keys(1)).waveform
    middle = slice(9_600, 14_400)
    return 20 * torch.log10(passed[:, middle].norm() / tone[:, middle].norm()).item()


@pytest.mark.parametrize(("name", "sign"), [("low-pass", 1), ("high-pass", -1)])
@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_a_sine_at_the_cutoff_loses_three_db_and_an_octave_on_thirty(name, sign, severity):
    cutoff = load_corruption(name).parameters(severity)["cutoff_hz"]
    assert passed_db(name, severity, cutoff) == pytest.approx(-3.01, abs=0.05)
    assert passed_db(name, severity, cutoff * 2.0**sign) < -29
    assert passed_db(name, severity, cutoff * 4.0**-sign) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_bands_have_the_width_said_about_the_centre_said(severity):
    for name, inside, outside in (("band-pass", 0, -25), ("band-stop", -25, 0)):
        width = load_corruption(name).parameters(severity)["bandwidth_hz"]
        low = (width**2 / 4 + 1010**2) ** 0.5 - width / 2
        high = low + width
        assert (low * high) ** 0.5 == pytest.approx(1010)
        assert passed_db(name, severity, low) == pytest.approx(-3.01, abs=0.1)
        assert passed_db(name, severity, high) == pytest.approx(-3.01, abs=0.1)
        reached = [passed_db(name, severity, hertz) for hertz in (1010, low / 3, high * 3)]
        for level, expected in zip(reached, (inside, outside, outside), strict=True):
            assert level < expected if expected else level == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(("name", "is_below"), [("band-pass", False), ("band-stop", True)])
def test_a_band_that_reaches_the_nyquist_frequency_has_one_edge(name, is_below):
    clip = noise(8_000) / 10
    passed = load_corruption(name, levels=(5000.0,)).apply(clip, 8_000, 1, keys(1)).waveform
    low = (2500**2 + 1010**2) ** 0.5 - 2500
    one_edge = filter_low_pass if is_below else filter_high_pass
    torch.testing.assert_close(passed, one_edge(clip, low / 4_000), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("name", "hertz"), [("low-shelf", 100.0), ("high-shelf", 3000.0)])
@pytest.mark.parametrize("gain", [-12.0, 20.0])
@pytest.mark.parametrize("slope", [0.5, 1.0])
def test_shelves_are_those_of_audiomentations(name, hertz, gain, slope):
    """Its Q and the slope of the cookbook describe the same shelves."""
    from audiomentations import HighShelfFilter, LowShelfFilter

    amplitude = 10 ** (gain / 40)
    q = ((amplitude + 1 / amplitude) * (1 / slope - 1) + 2) ** -0.5
    peer = {"low-shelf": LowShelfFilter, "high-shelf": HighShelfFilter}[name]()
    sections = peer._get_biquad_coefficients_from_input_parameters(hertz, gain, q, 16_000)
    clips = noise(6_000, 2) / 1_000
    expected = signal.sosfilt(sections, clips.numpy().astype(np.float64), axis=1)
    shelf = load_corruption(name, levels=(gain,), slope=slope)
    ours = shelf.apply(clips, 16_000, 1, keys(2)).waveform
    np.testing.assert_allclose(ours.numpy(), expected, atol=2e-7)


def test_a_shelf_gives_its_gain_beyond_and_half_of_it_at_its_frequency():
    for name, far, near in (("low-shelf", 20_000, 4), ("high-shelf", 10, 23_000)):
        hertz = load_corruption(name).frequency_hz
        assert passed_db(name, 2, hertz) == pytest.approx(10, abs=0.1)
        assert passed_db(name, 2, far) == pytest.approx(0, abs=0.1)
        assert passed_db(name, 2, near, slope=1.0) == pytest.approx(20, abs=0.3)


@pytest.mark.parametrize("count", [2, 3, 6, 7, 10, 14, 18, 26, 100, 101])
def test_smoothing_is_scipys_convolution_and_moves_nothing(count):
    clips = speech_like(2, 0.3)
    taps = np.full((1, count), 1 / count)
    whole = signal.convolve(clips.numpy().astype(np.float64), taps)
    expected = whole[:, (count - 1) // 2 :][:, : clips.shape[1]]
    np.testing.assert_allclose(moving_average(clips, count).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_smoothing_means_the_same_at_every_rate(rate):
    click = torch.zeros(1, rate // 10)
    click[0, rate // 20] = 0.5
    for severity, count in enumerate((6, 10, 14, 18, 26), start=1):
        smoothed = load_corruption("smoothing").apply(click, rate, severity, keys(1)).waveform
        there = smoothed[0].nonzero().flatten()
        assert len(there) == count * rate / 16_000
        assert abs(there.double().mean().item() - rate // 20) <= 0.5


def test_smoothing_leaves_digital_silence_silent():
    clip = torch.nn.functional.pad(noise(4_000), (4_000, 4_000)) / 10
    smoothed = load_corruption("smoothing").apply(clip, 16_000, 5, keys(1)).waveform
    assert not smoothed[:, :3_980].any() and not smoothed[:, 8_020:].any()


def test_a_low_pass_above_the_nyquist_frequency_changes_nothing():
    clip = speech_like(1, 0.5, 8_000)
    assert torch.equal(load_corruption("low-pass").apply(clip, 8_000, 1, keys(1)).waveform, clip)


def test_a_high_pass_leaves_something_at_low_rates():
    clip = noise(4_000) / 10
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


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("echo", {"delay_seconds": 0.0}, "delay"),
        ("low-pass", {"levels": (0.5,)}, "at least 1 Hz"),
        ("band-pass", {"levels": (3.0,)}, "10 to 100000 Hz"),
        ("band-stop", {"centre_hz": -5.0}, "centre of -5.0 Hz"),
        ("low-shelf", {"levels": (70.0,)}, "-60 to 60 dB"),
        ("high-shelf", {"slope": 1.5}, "slope from 0.1 to 1"),
        ("smoothing", {"levels": (14.0,)}, "at most 1 s"),
    ],
)
def test_settings_out_of_range_are_told(name, settings, told):
    with pytest.raises(CorruptionError, match=told):
        load_corruption(name, **settings)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_pass_through(name):
    """They are those of a linear map: the same as its answer to a difference."""
    corruption = load_corruption(name)
    clip, other, weights = (noise(1_000, seed=seed) / 100 for seed in range(3))

    def heard(waveform):
        return corruption.change(waveform, 16_000, corruption.levels[1], keys(1)).waveform

    with torch.inference_mode():
        heard(clip)
    clip.requires_grad_()
    (heard(clip) * weights).sum().backward()
    assert torch.isfinite(clip.grad).all()
    if name != "echo":  # whose peak is brought back, so that it is not linear
        change = ((heard(other) - heard(torch.zeros_like(other))) * weights).sum()
        assert change.item() == pytest.approx((clip.grad * other).sum().item(), rel=1e-3)
    assert clip.grad.abs().sum() > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rate", [4_000, 192_000])
@pytest.mark.parametrize("length", [2, 500])
def test_extreme_rates_and_lengths(name, rate, length):
    corruption = load_corruption(name)
    for severity in corruption.severities:
        clip = noise(length).clamp(-1, 1)
        result = corruption.apply(clip, rate, severity, keys(1)).waveform
        assert result.shape == clip.shape and torch.isfinite(result).all()
