import numpy as np
import pytest
import torch

from perturbations.corruption import Key
from perturbations.errors import CorruptionError
from perturbations.voice.loudness import Loudness
from perturbations.voice.noise import NoiseLevel
from perturbations.voice.properties import voice_properties
from tests.perturbations.signals import sine, snr, speech_like

NAMES = ("intonation", "loudness", "noise", "pitch", "reverberation", "speed")
KEY = Key("a")


def variants(name, clip, rate, values=None, key=KEY):
    each = voice_properties.get(name)()
    return list(each.variants(clip, rate, values or (each.neutral, *each.values), key))


def test_all_are_registered():
    assert voice_properties.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sample_rate", [4_000, 16_000])
def test_each_value_changes_the_clip_and_the_neutral_one_does_not(name, sample_rate):
    """At the neutral value only the vocoder of the intonation is heard, and the stretch's edges."""
    each = voice_properties.get(name)()
    clip = speech_like(1, 0.6, sample_rate)[0]
    neutral, *others = variants(name, clip, sample_rate)
    assert len(neutral) == len(clip)
    if name != "intonation":
        inner = slice(sample_rate // 10, -sample_rate // 10)
        alike = torch.nn.functional.cosine_similarity(neutral[inner], clip[inner], dim=0)
        assert float(alike) == pytest.approx(1.0, abs=1e-5)
    for value, other in zip(each.values, others, strict=True):
        assert len(other) == (round(len(clip) / value) if name == "speed" else len(clip))
        assert len(other) != len(neutral) or (other - neutral).abs().max() > 1e-4
        level = other.square().mean().sqrt() / clip.square().mean().sqrt()
        if name not in ("loudness", "noise"):
            assert float(level) == pytest.approx(1.0, rel=0.1 if name == "speed" else 1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sample_rate", [4_000, 44_100, 192_000])
def test_anything_is_survived(name, sample_rate):
    random = torch.Generator().manual_seed(1)
    hiss = 0.1 * torch.randn(sample_rate // 20, generator=random)
    each = voice_properties.get(name)()
    for clip in (hiss, hiss[:2], hiss[:7], torch.zeros(500), torch.full((400,), 0.5)):
        for made in variants(name, clip, sample_rate, (each.neutral, each.values[-1])):
            assert torch.isfinite(made).all()
            assert clip.any() or not made.any(), "silence stays silent"


@pytest.mark.parametrize("name", NAMES)
def test_the_key_decides_what_is_drawn_and_nothing_else_does(name):
    each = voice_properties.get(name)()
    clip = speech_like(1, 0.4)[0]
    value = each.values[-1:]
    (one,) = variants(name, clip, 16_000, value)
    *_, same = variants(name, clip, 16_000, (each.values[0], *value))
    (other,) = variants(name, clip, 16_000, value, Key("a", 1))
    assert torch.equal(one, same)
    assert torch.equal(one, other) != each.random


def test_a_gain_is_exact_and_does_not_clip():
    clip = sine(440, 0.2)[0]
    decibels = (-20.0, 6.0, 20.0)
    made = variants("loudness", clip, 16_000, decibels)
    for value, one in zip(decibels, made, strict=True):
        torch.testing.assert_close(one, clip * 10 ** (value / 20), rtol=1e-6, atol=0)
    assert made[-1].max() > 4.9


def test_the_noise_is_at_its_ratio_and_the_same_at_every_one():
    clip = speech_like(1, 0.5)[0]
    levels = (0.1, 7.5, 40.0)
    made = variants("noise", clip, 16_000, levels)
    for level, noisy in zip(levels, made, strict=True):
        assert snr(clip[None], noisy[None]).item() == pytest.approx(level, abs=0.01)
    noises = [(noisy - clip).double() for noisy in made]
    assert np.corrcoef(noises[0], noises[1])[0, 1] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((), "at least one"),
        ((0.0, 1.0), "without 0"),
        ((float("nan"),), "-60 to 40 dB"),
        ((99.0,), "-60 to 40 dB"),
        ((3.0, 1.0), "rising"),
        ((1.0, 1.0), "rising"),
    ],
)
def test_values_that_make_no_curve_are_refused(values, words):
    with pytest.raises(CorruptionError, match=words):
        Loudness(values=values)


def test_a_value_out_of_range_and_a_bad_clip_are_refused():
    with pytest.raises(CorruptionError, match="out of its range"):
        variants("pitch", torch.ones(100), 16_000, (50.0,))
    with pytest.raises(CorruptionError, match="2,000"):
        variants("noise", torch.ones(100), 2_000)
    with pytest.raises(CorruptionError, match="NaN"):
        variants("noise", torch.full((100,), float("nan")), 16_000)
    assert NoiseLevel(values=(5.0,)).values == (5.0,)
