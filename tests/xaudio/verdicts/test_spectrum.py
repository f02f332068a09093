import numpy as np
import pytest
from scipy.signal import firwin, lfilter

from tests.shared_data import shared_data
from xaudio.audio import read_clip
from xaudio.verdicts.spectrum import estimated_snr_db, occupied_band, spectrogram


def noise(seconds=4.0, rate=16000, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * rate))


def bursts(rate=16000, seconds=4.0):
    """Speech of a sort: each of seven bands sounds a quarter of the time, at its own times."""
    random = np.random.default_rng(1)
    found = np.zeros(int(seconds * rate))
    for low in range(500, 7500, 1000):
        on = np.repeat(random.random(round(seconds / 0.2)) < 0.25, round(0.2 * rate))
        found += on * passed(random.normal(0, 0.1, len(found)), [low, low + 500.0], pass_zero=False)
    return found


def passed(samples, cutoff, rate=16000, **kind):
    return lfilter(firwin(801, cutoff, fs=rate, **kind), 1, samples)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("cutoff", [1000.0, 3400.0])
def test_the_band_ends_where_a_filter_ends_it(rate, cutoff):
    band = occupied_band(spectrogram(passed(noise(rate=rate), cutoff, rate), rate))
    assert cutoff < band[1] < cutoff + 3 * rate / 801 + 60
    assert band[0] == 0


def test_the_band_begins_where_a_filter_begins_it():
    high = passed(noise(), 500.0, pass_zero=False)
    lowest, highest = occupied_band(spectrogram(high, 16000))
    assert 410 < lowest < 500
    assert highest == 8000


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 10.0, 20.0])
def test_the_ratio_of_bursts_to_steady_noise_is_found(snr_db):
    sound = bursts()
    added = noise(seed=2)
    added *= np.sqrt(np.mean(sound**2) / np.mean(added**2) / 10 ** (snr_db / 10))
    found = estimated_snr_db(spectrogram(sound + added, 16000))
    assert snr_db - 3 < found < snr_db + 0.5


def test_hum_and_digital_silence_play_no_part():
    times = np.arange(64000) / 16000
    sound = bursts() + noise(seed=3) * 0.01
    plain = estimated_snr_db(spectrogram(sound, 16000))
    hum = estimated_snr_db(spectrogram(sound + 0.3 * np.sin(2 * np.pi * 50 * times), 16000))
    gaps = estimated_snr_db(spectrogram(np.concatenate((sound, np.zeros(64000))), 16000))
    assert hum == pytest.approx(plain, abs=1.5)
    assert gaps == pytest.approx(plain, abs=0.5)


def test_steady_noise_alone_has_none_and_clean_bursts_much():
    assert estimated_snr_db(spectrogram(noise(), 16000)) < -10
    faint = 1e-3 * noise(seed=4)
    assert estimated_snr_db(spectrogram(bursts() + faint, 16000)) > 30


@pytest.mark.parametrize("samples", [np.zeros(100), np.zeros(16000), np.array([0.1, -0.1])])
def test_too_little_is_no_error(samples):
    spectra = spectrogram(samples, 16000)
    band = occupied_band(spectra)
    assert band is None or 0 <= band[0] < band[1] <= 8000
    found = estimated_snr_db(spectra)
    assert found is None or -80 <= found <= 80
    if not samples.any():
        assert (band, found) == (None, None)


def test_a_long_clip_costs_no_more_memory():
    assert len(spectrogram(noise(seconds=120.0), 16000).power) <= 4000


@pytest.mark.slow
def test_errors_on_read_speech_are_those_stated():
    folder = shared_data("librispeech-mini") / "audio"
    high = firwin(1601, 200, fs=16000, pass_zero=False)
    errors = []
    for file in sorted(folder.glob("*.flac"))[::10]:
        sound = read_clip(file).samples.astype(np.float64)
        if estimated_snr_db(spectrogram(sound, 16000)) < 30:
            continue
        for snr_db in (0.0, 10.0, 20.0):
            added = noise(len(sound) / 16000, seed=5)
            power = [np.mean(lfilter(high, 1, each) ** 2) for each in (sound, added)]
            added *= np.sqrt(power[0] / power[1] / 10 ** (snr_db / 10))
            errors.append(estimated_snr_db(spectrogram(sound + added, 16000)) - snr_db)
    assert len(errors) > 10
    assert -4 < min(errors) <= max(errors) < 0.5
