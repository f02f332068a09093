import numpy as np
import pytest
import torch
from scipy import signal

from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from perturbations.rawboost import Notch, notch_chain, notch_filter
from tests.perturbations.signals import keys, sine, snr, speech_like

RATE = 16_000
NAMES = ["rawboost-lnl", "rawboost-isd", "rawboost-ssi", "rawboost"]


def noise(length, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((1, length))).float() / 10


def apply(name, clip, severity, called="clip", rate=RATE, **settings):
    corruption = load_corruption(name, **settings)
    return corruption.apply(clip, rate, severity, [Key(called)]).clip(0)


@pytest.mark.parametrize(
    ("low", "high", "taps"), [(1000.0, 1500.0, 101), (60.0, 900.0, 55), (7000.0, 7900.0, 31)]
)
def test_a_notch_filter_is_scipys(low, high, taps):
    """Which has one at 0 Hz; ours is brought to its peak later."""
    expected = signal.firwin(taps, [low, high], fs=RATE, pass_zero="bandstop")
    ours = notch_filter(Notch(low, high, taps), RATE)
    np.testing.assert_allclose(ours / ours.sum(), expected, atol=1e-12)


def test_notches_one_after_another_peak_at_one():
    notches = [Notch(0.0, 400.0, 91), Notch(2e3, 2.9e3, 55), Notch(7.5e3, 8e3, 13)]
    taps = notch_chain(notches, RATE)
    assert len(taps) == 91 + 55 + 13 - 2
    hertz, response = signal.freqz(taps, worN=20_000, fs=RATE)
    assert np.abs(response).max() == pytest.approx(1, abs=1e-4)
    assert np.abs(response[(hertz > 2300) & (hertz < 2600)]).max() < 0.1


@pytest.mark.parametrize("place", [0.1, 0.4, 0.9])
def test_a_notch_means_the_same_in_hertz_at_every_rate(place):
    corruption = load_corruption("rawboost-ssi")
    hertz = np.linspace(0, 7_900, 200)
    answers = []
    for rate in (16_000, 48_000):
        notch = corruption.notch(place, 0.5, 0.99, sample_rate=rate)
        taps = notch_filter(notch, rate)
        answers.append(np.abs(signal.freqz(taps, worN=hertz, fs=rate)[1]))
    np.testing.assert_allclose(*answers, atol=0.05)


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_notches_lie_in_the_band_there_is(place):
    notch = load_corruption("rawboost-ssi").notch(place, 0.5, 0.5, sample_rate=4_000)
    centre = 20 + place * 1_980
    assert 0 <= notch.low_hz <= centre <= notch.high_hz <= 2_000


def bands(text):
    return [tuple(map(float, band.split("-"))) for band in text.split()]


def test_lnl_is_its_equation():
    """Drawn notches and gains put into equation 2, with scipy's convolution."""
    clip = 5 * speech_like(1, 0.4)
    corruption = load_corruption("rawboost-lnl")
    got = apply("rawboost-lnl", clip, 3)
    gains = [0.0, *map(float, got.facts["power_gains_db"].split())]
    assert all(-20 <= gain <= -5 for gain in gains[1:]) and len(gains) == 5
    random = corruption.generator(Key("clip"))
    random.random(5)
    draws = random.random((5, 5, 3))
    total = np.zeros(clip.shape[1])
    for order in range(5):
        taps = notch_chain(corruption.notches(draws[:, order], RATE), RATE)
        powered = clip[0].numpy().astype(np.float64) ** (order + 1)
        total += 10 ** (gains[order] / 20) * signal.convolve(powered, taps, mode="same")
    total -= total.mean()
    total /= max(1, np.abs(total).max())
    np.testing.assert_allclose(got.samples.numpy(), total, atol=2e-3 * np.abs(total).max())


def test_lnl_takes_away_the_notches_it_tells():
    clip = noise(64_000)
    settings = {"orders": 1, "fewest_taps": 100, "narrowest_hz": 500.0}
    got = apply("rawboost-lnl", clip, 1, levels=(3.0,), **settings)
    hertz, before = signal.welch(clip[0].numpy(), RATE, nperseg=1024)
    _, after = signal.welch(got.samples.numpy(), RATE, nperseg=1024)
    told = bands(got.facts["linear_notches_hz"])
    assert len(told) == 3
    inside = np.zeros(len(hertz), bool)
    for low, high in told:
        middle = (hertz > low + 0.4 * (high - low)) & (hertz < high - 0.4 * (high - low))
        assert 10 * np.log10(after[middle] / before[middle]).max() < -15
        inside |= (hertz > low - 300) & (hertz < high + 300)
    assert 10 * np.log10(after[~inside] / before[~inside]).min() > -3


def test_lnl_adds_harmonics_and_does_not_move_the_clip():
    tone = apply("rawboost-lnl", sine(500, amplitude=0.9), 1, levels=(1.0,)).samples
    spectrum = torch.fft.rfft(tone).abs()
    assert (spectrum[[1000, 1500, 2000, 2500]] > 1e-3 * spectrum[500]).sum() >= 3
    click = torch.zeros(1, 2_001)
    click[0, 1_000] = 0.5
    assert apply("rawboost-lnl", click, 5).samples.abs().argmax() == 1_000


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_isd_touches_the_share_it_says(severity):
    clip = noise(20_000) + 0.01
    got = apply("rawboost-isd", clip, severity)
    share = (0.025, 0.05, 0.1, 0.2, 0.4)[severity - 1]
    touched = got.samples != clip[0]
    assert touched.sum() == pytest.approx(share * 20_000, abs=3)
    assert got.facts["touched_share"] == pytest.approx(share)
    factors = (got.samples / clip[0] - 1)[touched].double()
    assert factors.abs().max() <= 2 + 1e-4
    assert factors.var().item() == pytest.approx(4 / 9, rel=0.2)  # of 2 u v, u and v from -1 to 1


def test_isd_of_a_harsher_severity_touches_the_same_samples_and_more():
    clip = noise(5_000)
    mild, harsh = (apply("rawboost-isd", clip, severity).samples for severity in (2, 4))
    touched = mild != clip[0]
    assert torch.equal(harsh[touched], mild[touched]) and (harsh != clip[0]).sum() > touched.sum()


def test_the_published_isd_draws_its_share():
    clip = noise(4_000)
    shares = [
        apply("rawboost-isd", clip, 3, f"clip-{number}", spread=1.0).facts["touched_share"]
        for number in range(200)
    ]
    assert 0 < min(shares) < 0.01 and 0.09 < max(shares) <= 0.1
    assert np.mean(shares) == pytest.approx(0.05, abs=0.007)


def test_ssi_has_the_ratio_of_its_severity():
    clip = noise(30_000) / 5
    for severity, expected in enumerate((40, 32.5, 25, 17.5, 10), start=1):
        got = apply("rawboost-ssi", clip, severity)
        assert snr(clip, got.samples[None]).item() == pytest.approx(expected, abs=0.01)
        assert got.facts["noise_snr_db"] == expected


def test_the_published_ssi_lands_between_ten_and_forty_decibels():
    clip = noise(4_000) / 5
    measured = []
    for number in range(200):
        got = apply("rawboost-ssi", clip, 3, f"clip-{number}", spread_db=30.0)
        measured.append(snr(clip, got.samples[None]).item())
        assert measured[-1] == pytest.approx(got.facts["noise_snr_db"], abs=0.01)
    assert 10 <= min(measured) < 12 and 38 < max(measured) <= 40
    assert np.mean(measured) == pytest.approx(25, abs=2)


def test_ssi_is_silent_in_its_notches():
    clip = noise(160_000)
    got = apply("rawboost-ssi", clip, 5, "b", notch_count=2, fewest_taps=100, narrowest_hz=500.0)
    hertz, density = signal.welch((got.samples - clip[0]).numpy(), RATE, nperseg=1024)
    for low, high in bands(got.facts["noise_notches_hz"]):
        middle = np.abs(hertz - (low + high) / 2) < 0.1 * (high - low)
        assert 10 * np.log10(density[middle].max() / np.median(density)) < -15


def test_noise_is_as_loud_at_the_ends_as_in_the_middle():
    clip = noise(2_000) / 5
    power = sum(
        (apply("rawboost-ssi", clip, 5, str(number)).samples - clip[0]).square()
        for number in range(300)
    )
    for end in (power[:50], power[-50:]):
        assert end.mean().item() == pytest.approx(power.mean().item(), rel=0.15)


PUBLISHED = {
    "lnl": ("rawboost-lnl", {}),
    "isd": ("rawboost-isd", {"spread": 1.0}),
    "ssi": ("rawboost-ssi", {"spread_db": 30.0}),
}


@pytest.mark.parametrize("algorithm", ["lnl+isd+ssi", "lnl+isd", "lnl+ssi", "isd+ssi", "ssi"])
def test_in_series_is_one_after_another(algorithm):
    clip = speech_like(1, 0.3)
    by_hand, facts = clip, {}
    for part in algorithm.split("+"):
        name, settings = PUBLISHED[part]
        step = apply(name, by_hand, 3, **settings)
        by_hand, facts = step.samples[None], {**facts, **step.facts}
    got = apply("rawboost", clip, 3, algorithm=algorithm)
    assert torch.equal(got.samples[None], by_hand) and got.facts == facts


def test_side_by_side_is_the_sum():
    clip = speech_like(1, 0.3) / 4
    one, other = (
        apply(*PUBLISHED[part][:1], clip, 3, **PUBLISHED[part][1]) for part in ("lnl", "isd")
    )
    got = apply("rawboost", clip, 3, algorithm="lnl|isd")
    torch.testing.assert_close(got.samples, one.samples + other.samples)
    assert got.facts == {**one.facts, **other.facts}


@pytest.mark.parametrize("name", NAMES)
def test_severities_do_more_and_more_harm(name):
    clips = speech_like(12, 1.0)
    medians = []
    for severity in (1, 2, 3, 4, 5):
        dirty = load_corruption(name).apply(clips, RATE, severity, keys(12)).waveform
        scale = (dirty * clips).sum(1, keepdim=True) / clips.square().sum(1, keepdim=True)
        medians.append(snr(scale * clips, dirty).median().item())
    assert medians == sorted(medians, reverse=True) and medians[0] > medians[-1] + 5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rate", [4_000, 192_000])
@pytest.mark.parametrize("length", [2, 700])
def test_extreme_rates_and_lengths(name, rate, length):
    for clip in (noise(length), torch.zeros(1, length), torch.full((1, length), 30.0)):
        for severity in (1, 5):
            samples = apply(name, clip, severity, rate=rate).samples
            assert len(samples) == length
            assert torch.isfinite(samples).all() and samples.abs().max() <= 1 + 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_gradients_pass_through(name):
    clip = (speech_like(1, 0.1) / 2).requires_grad_()
    apply(name, clip, 3).samples.square().sum().backward()
    assert torch.isfinite(clip.grad).all() and clip.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("rawboost-lnl", {"levels": (0.0,)}, "whole numbers from 1 to 50"),
        ("rawboost-lnl", {"orders": 0}, "1 to 20"),
        ("rawboost-lnl", {"least_bias_db": 30.0}, "first no greater"),
        ("rawboost-lnl", {"lowest_hz": 9_000.0}, "centre from 9000 to 8000"),
        ("rawboost-isd", {"levels": (1.5,)}, "above 0 and at most 1"),
        ("rawboost-isd", {"spread": 2.0}, "spread from 0 to 1"),
        ("rawboost-ssi", {"fewest_taps": 0}, "taps from 0 to 100"),
        ("rawboost-ssi", {"notch_count": 0}, "0 notches"),
        ("rawboost", {"algorithm": "lnl+isd|ssi"}, "either by"),
        ("rawboost", {"algorithm": "lnl+mp3"}, "made of lnl, isd, ssi"),
        ("rawboost", {"levels": (6.0,)}, "whole numbers from 1 to 5"),
    ],
)
def test_settings_out_of_range_are_told(name, settings, told):
    with pytest.raises(CorruptionError, match=told):
        load_corruption(name, **settings)
