import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from perturbations.certificates.pitch import pitch_shift_semitones
from perturbations.certificates.spectrum import (
    held_band,
    log_spectral_distance_db,
    matching_spectra,
)
from perturbations.time_map import TimeMap
from perturbations.timing import stretch_time
from perturbations.voice.pitch import shift_pitch
from perturbations.waveform import resample
from tests.perturbations.signals import speech_like

RATE = 16_000
VOICES = speech_like(2, 3.0)
VOICE = VOICES[0].double().numpy()
WHITE = np.random.default_rng(0).standard_normal(2 * RATE)


def spectra(clean, result, time_map=None, rate=RATE):
    return matching_spectra(clean, result, time_map or TimeMap.identity(), rate)


def filtered(samples, kind, cutoff, order=5, rate=RATE):
    return sosfilt(butter(order, cutoff, kind, fs=rate, output="sos"), samples)


@pytest.mark.parametrize("cutoff", [400, 800, 1600, 3200, 5000])
@pytest.mark.parametrize("clip", ["VOICE", "WHITE"])
@pytest.mark.parametrize("gain", [1.0, 0.05])
def test_cutoffs_are_recovered_within_three_per_cent(cutoff, clip, gain):
    clean = globals()[clip]
    lowest, highest = held_band(spectra(clean, gain * filtered(clean, "low", cutoff)))
    assert highest == pytest.approx(cutoff, rel=0.03)
    assert lowest < 60
    lowest, highest = held_band(spectra(clean, gain * filtered(clean, "high", cutoff)))
    assert lowest == pytest.approx(cutoff, rel=0.03)
    assert highest == pytest.approx(8000, rel=0.01)


def test_both_edges_of_a_band_at_another_rate():
    clean = np.random.default_rng(1).standard_normal(96_000)
    edges = held_band(spectra(clean, filtered(clean, "band", [300, 3400], 5, 48_000), rate=48_000))
    assert edges == pytest.approx((300, 3400), rel=0.05)


def test_a_brick_wall():
    clip = speech_like(1, 2.0)
    narrow = resample(resample(clip, RATE, 8_000), 8_000, RATE)
    _, highest = held_band(spectra(clip[0].double().numpy(), narrow[0].double().numpy()))
    assert 3500 < highest < 4100


def test_where_the_clean_clip_has_nothing_nothing_is_lost_or_won():
    clean = filtered(VOICE, "low", 2000, 20)
    noisy = clean + 0.01 * np.random.default_rng(2).standard_normal(len(clean))
    for result in (clean, noisy):
        _, highest = held_band(spectra(clean, result))
        assert 2000 < highest < 3000


@pytest.mark.parametrize("level", [0.01, 0.1, 0.5])
def test_noise_takes_no_band_away(level):
    noisy = VOICE + level * np.random.default_rng(3).standard_normal(len(VOICE))
    lowest, highest = held_band(spectra(VOICE, noisy))
    assert lowest < 60
    assert highest == pytest.approx(8000, rel=0.01)


def test_a_gain_is_its_own_distance():
    tenfold = spectra(0.1 * WHITE, WHITE)
    assert log_spectral_distance_db(tenfold) == pytest.approx(20, abs=1e-3)
    assert log_spectral_distance_db(spectra(WHITE, WHITE)) == 0
    assert log_spectral_distance_db(spectra(0 * WHITE, WHITE)) is None


def test_a_lost_half_of_the_band_is_a_distance_of_known_size():
    """Half the bins fall to the floor of -80 dB: the root mean square is their mean depth times
    sqrt(1/2)."""
    spectrum = np.fft.rfft(WHITE)
    spectrum[len(spectrum) // 2 :] = 0
    before = spectra(WHITE, np.fft.irfft(spectrum, len(WHITE)))
    depth = 10 * np.log10(before.clean / before.clean.max()) + 80
    expected = np.sqrt((depth[:, 257:] ** 2).mean() / 2)
    assert log_spectral_distance_db(before) == pytest.approx(expected, rel=0.02)


def test_frames_are_compared_where_the_time_map_says():
    slow = stretch_time(VOICES, RATE, 0.8)[0].double().numpy()
    right = log_spectral_distance_db(spectra(VOICE, slow, TimeMap.speed(0.8)))
    wrong = log_spectral_distance_db(spectra(VOICE, slow))
    assert right < 0.5 * wrong


def test_padding_is_not_compared():
    late = np.concatenate([np.zeros(8000), VOICE, np.zeros(8000)])
    assert log_spectral_distance_db(spectra(VOICE, late, TimeMap.later(0.5))) < 0.2


@pytest.mark.parametrize("semitones", [-12.0, -2.0, -0.5, 0.5, 2.0, 5.0])
def test_pitch_shifts_are_recovered_to_a_tenth_of_a_semitone(semitones):
    for clip, shifted in zip(VOICES, shift_pitch(VOICES, RATE, semitones), strict=True):
        pair = (each.double().numpy() for each in (clip, shifted))
        assert pitch_shift_semitones(spectra(*pair)) == pytest.approx(semitones, abs=0.1)


@pytest.mark.parametrize("rate", [0.9, 1.25])
def test_a_tape_that_runs_faster_is_higher(rate):
    """Played at another rate every frequency is multiplied by it: 12 log2(rate) semitones."""
    faster = resample(VOICES, round(RATE * rate), RATE)[0].double().numpy()
    found = pitch_shift_semitones(spectra(VOICE, faster, TimeMap.speed(rate)))
    assert found == pytest.approx(12 * np.log2(rate), abs=0.1)


def test_what_moves_no_frequency():
    noisy = VOICE + VOICE.std() * np.random.default_rng(4).standard_normal(len(VOICE))
    slow = stretch_time(VOICES, RATE, 0.8)[0].double().numpy()
    assert pitch_shift_semitones(spectra(VOICE, noisy)) == pytest.approx(0, abs=0.1)
    slower = pitch_shift_semitones(spectra(VOICE, slow, TimeMap.speed(0.8)))
    assert slower == pytest.approx(0, abs=0.1)
    assert pitch_shift_semitones(spectra(VOICE, filtered(VOICE, "low", 800))) == pytest.approx(
        0, abs=0.1
    )


def test_no_pitch_where_nothing_is_alike():
    assert pitch_shift_semitones(spectra(WHITE, WHITE[::-1].copy())) is None
    assert pitch_shift_semitones(spectra(WHITE, 0 * WHITE)) is None
