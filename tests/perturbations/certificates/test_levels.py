import math

import numpy as np
import pytest

from perturbations.certificates.levels import (
    clipped_share,
    loudness_lufs,
    new_silence_share,
    signal_to_rest_db,
)
from perturbations.time_map import TimeMap
from tests.perturbations.signals import sine, speech_like

RATE = 16_000


def noise(length=RATE, seed=0):
    return np.random.default_rng(seed).standard_normal(length)


@pytest.mark.parametrize("decibels", [40.0, 10.0, 0.0, -10.0])
def test_noise_at_an_exact_ratio(decibels):
    clean, added = noise(), noise(seed=1)
    added -= clean * (added @ clean) / (clean @ clean)  # what is like the clip is no noise
    added *= np.linalg.norm(clean) / np.linalg.norm(added) * 10 ** (-decibels / 20)
    assert signal_to_rest_db(clean, clean + added) == pytest.approx(decibels, abs=1e-9)


@pytest.mark.parametrize("gain", [0.1, 3.0, -1.0])
def test_the_ratio_knows_no_gain(gain):
    clean = noise()
    dirty = clean + 0.1 * noise(seed=1)
    expected = signal_to_rest_db(clean, dirty)
    assert signal_to_rest_db(clean, gain * dirty) == pytest.approx(expected, abs=1e-9)


def test_the_ends_of_the_ratio():
    clean = noise()
    assert signal_to_rest_db(clean, 0.5 * clean) == 150.0
    assert signal_to_rest_db(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == -150.0
    assert signal_to_rest_db(clean, 0 * clean) is None
    assert signal_to_rest_db(0 * clean, clean) is None


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_the_reference_sine_of_the_loudness_standard(rate):
    """ITU-R BS.1770-4, annex 1: a full-scale sine of 997 Hz in one channel reads -3.01 LKFS; a
    meter may be 0.1 LU off (EBU Tech 3341)."""
    tone = sine(997, 5.0, rate, 1.0)[0].double().numpy()
    assert loudness_lufs(tone, rate) == pytest.approx(-3.01, abs=0.1)
    assert loudness_lufs(0.1 * tone, rate) == pytest.approx(-23.01, abs=0.1)


def test_what_has_no_loudness():
    assert loudness_lufs(noise(6_000), RATE) is None
    assert loudness_lufs(np.zeros(RATE), RATE) is None


@pytest.mark.parametrize("threshold", [0.9, 0.5, 0.2])
@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_a_clipped_sine(threshold, gain):
    """A sine lies above a threshold c for the share (2 / pi) arccos(c) of its time."""
    tone = sine(100.3, 2.0, 44_100, 1.0)[0].double().numpy()
    clipped = gain * np.clip(tone, -threshold, threshold)
    assert clipped_share(clipped) == pytest.approx(2 / math.pi * math.acos(threshold), abs=0.005)


def test_one_sided_clipping_counts_once():
    tone = sine(100.3, 2.0, 44_100, 1.0)[0].double().numpy()
    assert clipped_share(np.minimum(tone, 0.5)) == pytest.approx(math.acos(0.5) / math.pi, abs=5e-3)


def test_what_is_not_clipped():
    assert clipped_share(sine(100.3, 2.0)[0].double().numpy()) == 0
    assert clipped_share(speech_like(1)[0].double().numpy()) == 0
    assert clipped_share(np.zeros(100)) == 0
    half_silent = np.abs(noise()) * (np.arange(RATE) < RATE / 2)  # its lowest value is silence
    assert clipped_share(half_silent) == 0


def test_silence_that_was_not_there():
    clean = noise()
    clean[:1000] = 0
    result = clean.copy()
    result[500:3000] = 0
    identity = TimeMap.identity()
    assert new_silence_share(clean, result, identity, RATE) == pytest.approx(2000 / RATE)
    assert new_silence_share(clean, clean, identity, RATE) == 0
    result = clean.copy()
    result[4000::100] = 0  # single zeros are no silence
    assert new_silence_share(clean, result, identity, RATE) == 0


def test_silence_is_followed_through_the_time_map():
    clean = noise()
    clean[8000:12000] = 0
    later = np.concatenate([np.zeros(4000), clean])
    moved = new_silence_share(clean, later, TimeMap.later(0.25), RATE)
    assert moved == pytest.approx(4000 / 20_000)
    twice = np.repeat(clean, 2)
    assert new_silence_share(clean, twice, TimeMap.speed(0.5), RATE) == pytest.approx(0, abs=1e-3)
