"""Each severity is worse than the one before, in the quantity that the corruption names."""

import math

import numpy as np
import pytest

from perturbations.certificates import certify, quality
from perturbations.corruption import corruptions, load_corruption
from tests.perturbations.signals import keys, speech_like

RATE = 16_000
CLIPS = speech_like(5, 1.5, RATE, seed=11)
NEED_FILES = {"dac", "encodec", "impulse-response", "mimi"}
NAMES = sorted(set(corruptions.names()) - NEED_FILES)

SIZE_OF = {
    "pitch_semitones": abs,
    "loudness_change_lu": abs,
    "dc_offset": abs,
    "length_ratio": lambda ratio: abs(math.log(ratio)),
}


def primary_figures(corruption, severity):
    """Of each clip the figure in which severities are told apart."""
    corrupted = corruption.apply(CLIPS, RATE, severity, keys(len(CLIPS)))
    size = SIZE_OF.get(corruption.primary, float)
    figures = [certify(clip, corrupted.clip(row), RATE) for row, clip in enumerate(CLIPS)]
    return [size(each.value(corruption.primary)) for each in figures]


@pytest.mark.parametrize("name", NAMES)
def test_every_severity_is_worse_than_the_one_before(name, monkeypatch):
    corruption = load_corruption(name)
    if corruption.primary not in ("pesq", "stoi"):
        monkeypatch.setattr(quality, "find_spec", lambda name: None)
    assert corruption.severities == (1, 2, 3, 4, 5)
    medians = [np.median(primary_figures(corruption, severity)) for severity in range(1, 6)]
    steps = np.diff(medians)
    same = 1e-6 * np.abs(medians).max()
    assert (steps <= same).all() or (steps >= -same).all(), (corruption.primary, medians)
    assert abs(medians[-1] - medians[0]) > 0.01 * abs(medians[0]), (corruption.primary, medians)


@pytest.mark.parametrize("name", NAMES)
def test_severity_zero_is_the_clip_itself(name):
    clean = load_corruption(name).apply(CLIPS, RATE, 0, keys(len(CLIPS)))
    assert np.array_equal(clean.waveform.numpy(), CLIPS.numpy())


def test_the_certificate_of_severity_zero_finds_nothing():
    clean = load_corruption("white-noise").apply(CLIPS, RATE, 0, keys(len(CLIPS)))
    figures = certify(CLIPS[0], clean.clip(0), RATE)
    assert figures.snr_db == 150
    assert figures.length_ratio == 1
    assert figures.facts == {}


def test_a_figure_that_turns_back_is_seen():
    """The measure itself: levels out of order must not pass."""
    noise = load_corruption("white-noise", levels=(40.0, 10.0, 30.0, 0.0, 20.0))
    medians = [np.median(primary_figures(noise, severity)) for severity in range(1, 6)]
    assert medians == pytest.approx([40, 10, 30, 0, 20], abs=0.5)
