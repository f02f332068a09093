import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from perturbations.certificates.alignment import (
    aligned,
    common_shift,
    fractionally_delayed,
    measured_delay,
    moved_later,
)
from perturbations.certificates.levels import signal_to_rest_db
from perturbations.time_map import TimeMap
from tests.perturbations.signals import speech_like

RATE = 16_000
VOICE = speech_like(1, 2.0)[0].double().numpy()


def band_limited(length=RATE, seed=0):
    """A sum of sines below 6 kHz, of which any instant can be asked exactly."""
    drawn = np.random.default_rng(seed)
    frequencies, phases = drawn.uniform(50, 6000, 60), drawn.uniform(0, 2 * np.pi, 60)

    def at(samples):
        angles = 2 * np.pi * frequencies * samples[:, None] / RATE + phases
        return np.sin(angles).sum(axis=1) / 60

    return at


@pytest.mark.parametrize("delay", [0.0, 1.0, 137.0, -40.0, 0.25, 12.7, -3.4, 7999.5])
def test_a_delayed_copy(delay):
    at = band_limited()
    instants = np.arange(2 * RATE, dtype=float)
    found = measured_delay(at(instants), at(instants - delay), RATE)
    assert found * RATE == pytest.approx(delay, abs=0.02)


@pytest.mark.parametrize("delay", [0, 37, -250])
@pytest.mark.parametrize("gain", [0.2, -1.0])
def test_whole_samples_are_found_in_noise_at_any_gain(delay, gain):
    noisy = gain * np.roll(VOICE, delay) + 0.02 * np.random.default_rng(1).standard_normal(32_000)
    assert measured_delay(VOICE, noisy, RATE) * RATE == pytest.approx(delay, abs=0.1)


def test_the_delay_of_a_filter_is_that_of_its_phase():
    """Far below its cutoff a Butterworth low-pass of order 2 delays by sqrt(2) over its analogue
    cutoff, which the bilinear transform puts at 2 fs tan(pi fc / fs)."""
    low = sosfilt(butter(2, 500, fs=RATE, output="sos"), VOICE)
    slow = sosfilt(butter(2, 5000, fs=RATE, output="sos"), low)
    expected = np.sqrt(2) / (2 * RATE * np.tan(np.pi * 5000 / RATE))
    assert measured_delay(low, slow, RATE) == pytest.approx(expected, rel=0.02)


def test_nothing_alike_has_no_delay():
    drawn = np.random.default_rng(2)
    assert measured_delay(drawn.standard_normal(RATE), drawn.standard_normal(RATE), RATE) is None
    assert measured_delay(np.zeros(RATE), VOICE[:RATE], RATE) is None


def test_the_end_does_not_meet_the_beginning():
    start, end = np.zeros(2 * RATE), np.zeros(2 * RATE)
    start[10], end[-10] = 1, 1
    assert measured_delay(start, end, RATE) is None


def test_once_the_delay_is_taken_out_all_is_there():
    at = band_limited()
    instants = np.arange(RATE, dtype=float)
    clean, late = at(instants), at(instants - 12.7)
    pair = moved_later(clean, late, 12.7)
    assert signal_to_rest_db(clean, late) < 0
    assert signal_to_rest_db(*(each[100:-100] for each in pair)) > 40


def test_half_a_sample():
    """Halfway through, a band-limited unit impulse is the cardinal sine."""
    impulse = np.zeros(400)
    impulse[200] = 1
    expected = np.sinc(np.arange(400) - 200.5)
    assert np.allclose(fractionally_delayed(impulse, 0.5), expected, atol=2e-3)


def test_plain_shifts_and_others():
    assert common_shift(TimeMap.later(-0.3)) == pytest.approx(-0.3)
    assert common_shift(TimeMap.identity()) == 0
    assert common_shift(TimeMap.speed(1.001)) is None
    assert common_shift(TimeMap((0.0, 1.0, 2.0), (0.0, 1.0, 2.1))) is None


@pytest.mark.parametrize("later", [0, 3, -3, 10, -10])
def test_aligned_samples_are_those_that_the_shift_joins(later):
    clean, result = np.arange(10.0), np.arange(12.0)
    pair = aligned(clean, result, later)
    expected = [(i, i + later) for i in range(10) if 0 <= i + later < 12]
    if len(expected) < 2:
        assert pair is None
    else:
        assert list(zip(*pair, strict=True)) == expected
