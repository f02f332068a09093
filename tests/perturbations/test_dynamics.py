import math

import numpy as np
import pytest
import torch

from perturbations.corruption import load_corruption
from perturbations.dynamics import FADE_SHAPES, clip_share, fade_envelope
from perturbations.errors import CorruptionError
from tests.perturbations.signals import keys, sine, speech_like

CPU = torch.device("cpu")


def corrupted(name, clip, severity, **settings):
    corruption = load_corruption(name, **settings)
    return corruption.apply(clip, 16_000, severity, keys(len(clip))).waveform


def test_gain_turns_down_by_what_it_says():
    clips = speech_like(2, 0.5)
    for severity, decibels in enumerate((6, 12, 18, 24, 30), start=1):
        quieter = corrupted("gain", clips, severity).double().norm() / clips.double().norm()
        assert -20 * math.log10(quieter) == pytest.approx(decibels, abs=1e-4)


def test_gain_cuts_off_what_gets_too_loud():
    """By 20 dB, a sine of amplitude 0.5 is clipped but where |sin| < 0.2."""
    clip = sine(100, 1.0, amplitude=0.5)
    louder = corrupted("gain", clip, 1, levels=(20.0,))
    assert torch.equal(louder, (10 * clip).clamp(-1, 1))
    share = (louder.abs() == 1).float().mean().item()
    assert share == pytest.approx(1 - 2 / math.pi * math.asin(0.2), abs=0.01)


@pytest.mark.parametrize(
    ("shape", "at_a_quarter", "half_way"),
    [
        ("linear", 0.25, 0.5),
        ("exponential", 2**-0.75 / 4, 2**-0.5 / 2),
        ("logarithmic", math.log10(3.5), math.log10(6)),
        ("quarter-sine", math.sin(math.pi / 8), math.sqrt(0.5)),
        ("half-sine", 0.5 - math.sqrt(0.125), 0.5),
    ],
)
def test_fades_have_their_shape(shape, at_a_quarter, half_way):
    clip = torch.full((2, 1_000), 0.5)
    faded = corrupted("fade", clip, 1, shape=shape, levels=(0.101,))[0] / 0.5
    rise, fall = faded[:101], faded[-101:].flip(0)
    assert torch.equal(rise, fall) and (rise.diff() >= 0).all() and rise.max() == 1
    assert rise[[0, 25, 50]].tolist() == pytest.approx([0, at_a_quarter, half_way], abs=1e-6)
    assert (faded[101:-101] == 1).all()


@pytest.mark.parametrize("length", [2, 3, 9, 10, 1_001])
@pytest.mark.parametrize("shape", FADE_SHAPES)
def test_fades_of_any_clip(length, shape):
    for severity in (1, 5):
        faded = corrupted("fade", torch.ones(1, length), severity, shape=shape)
        assert faded.shape == (1, length) and faded.min() >= 0 and faded.max() <= 1


def test_severity_five_fades_the_whole_clip():
    envelope = fade_envelope(1_000, 500, "linear", CPU)
    assert torch.equal(corrupted("fade", torch.ones(1, 1_000), 5)[0], envelope)
    assert (envelope.diff().abs()[:499] > 0).all() and envelope[499:501].tolist() == [1, 1]


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_clipping_cuts_off_the_loudest_share(severity):
    clips = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 10_000))).float() / 5
    share = load_corruption("clipping").parameters(severity)["clipped_share"]
    cut = corrupted("clipping", clips, severity)
    for before, after in zip(clips.numpy(), cut.numpy(), strict=True):
        threshold = np.sort(np.abs(before))[round((1 - share) * 10_000) - 1]
        assert np.array_equal(after, np.clip(before, -threshold, threshold))
        assert (before != after).sum() == round(share * 10_000)


def test_clipping_does_not_count_digital_silence():
    spoken = torch.linspace(-1, 1, 1_000)
    clip = torch.nn.functional.pad(spoken, (0, 9_000))[None]
    cut = clip_share(clip, 0.4)
    assert (cut != clip).sum() == 400 and cut.abs().max() == pytest.approx(0.6, abs=0.01)
    assert not clip_share(torch.zeros(1, 10), 0.9).any()


def test_soft_clipping_is_tanh_and_keeps_the_peak():
    clips = speech_like(2, 0.3)
    for severity, drive in enumerate((1, 1.9953, 3.9811, 7.9433, 15.849), start=1):
        soft = corrupted("soft-clipping", clips, severity).numpy()
        peaks = np.abs(clips.numpy()).max(1, keepdims=True)
        expected = peaks * np.tanh(drive * clips.numpy() / peaks) / np.tanh(drive)
        np.testing.assert_allclose(soft, expected, atol=2e-5)
        np.testing.assert_allclose(np.abs(soft).max(1, keepdims=True), peaks, rtol=1e-6)


def test_soft_clipping_adds_odd_harmonics_only():
    spectrum = torch.fft.rfft(corrupted("soft-clipping", sine(100), 3)[0].double()).abs()
    assert spectrum[300] > 0.05 * spectrum[100] and spectrum[500] > 0.01 * spectrum[100]
    assert spectrum[200] < 1e-5 * spectrum[100]


def test_a_dc_offset_moves_the_mean_and_is_cut_off_at_full_scale():
    clip = sine(100, amplitude=0.5)
    for severity, offset in enumerate((0.01, 0.02, 0.05, 0.1, 0.2), start=1):
        moved = corrupted("dc-offset", clip, severity)
        assert moved.double().mean().item() == pytest.approx(offset, abs=1e-6)
    moved = corrupted("dc-offset", sine(100, amplitude=1.0), 5)
    assert moved.max() == 1 and moved.min().item() == pytest.approx(-0.8, abs=1e-6)


def test_what_is_clipped_has_no_gradient():
    clip = speech_like(1, 0.1).requires_grad_()
    cut = corrupted("clipping", clip, 5)
    cut.sum().backward()
    assert torch.equal(clip.grad == 0, cut.abs() < clip.abs())


@pytest.mark.parametrize("name", ["gain", "fade", "soft-clipping", "dc-offset"])
def test_gradients_are_those_of_finite_differences(name):
    corruption = load_corruption(name)
    generator = torch.Generator().manual_seed(0)
    clip, toward = (torch.rand(1, 400, generator=generator).double() - 0.5 for _ in range(2))
    clip[0, 7] = 0.9  # one peak, whatever the step

    def heard(waveform):
        changed = corruption.corrupt(waveform.float(), 16_000, corruption.levels[2], keys(1))
        return changed.double().square().sum()

    with torch.inference_mode():
        heard(clip)
    clip.requires_grad_()
    heard(clip).backward()
    step = 1e-4
    slope = (heard(clip + step * toward) - heard(clip - step * toward)) / (2 * step)
    assert (clip.grad * toward).sum().item() == pytest.approx(slope.item(), rel=0.02)


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("gain", {"levels": (130.0,)}, "-120 to 120 dB"),
        ("fade", {"levels": (0.6,)}, "at most 0.5"),
        ("fade", {"shape": "round"}, "'round'; there are: linear, exponential"),
        ("clipping", {"levels": (1.0,)}, "below 1"),
        ("soft-clipping", {"levels": (100.0,)}, "-80 to 80 dB"),
        ("dc-offset", {"levels": (2.0,)}, "from -1 to 1"),
    ],
)
def test_settings_out_of_range_are_told(name, settings, told):
    with pytest.raises(CorruptionError, match=told):
        load_corruption(name, **settings)
