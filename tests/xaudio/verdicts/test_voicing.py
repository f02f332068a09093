import numpy as np
import pytest

from tests.shared_data import shared_data
from xaudio.audio import read_clip
from xaudio.verdicts.voicing import voiced_share


def pulses(pitch, rate=16000, seconds=2.0):
    times = np.arange(int(seconds * rate)) / rate
    return sum(np.sin(2 * np.pi * pitch * n * times) / n for n in range(1, 20))


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("pitch", [80.0, 150.0, 350.0])
def test_a_pitch_in_the_range_of_voices_is_voiced(rate, pitch):
    assert voiced_share(pulses(pitch, rate), rate) > 0.95


def test_noises_and_tones_beyond_are_not():
    random = np.random.default_rng(0)
    white = random.normal(0, 1, 48000)
    spectrum = np.fft.rfft(white)
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)))
    assert voiced_share(white, 16000) < 0.03
    assert voiced_share(pink, 16000) < 0.05
    assert voiced_share(pulses(30.0), 16000) < 0.2
    high = np.sin(2 * np.pi * 3000 * np.arange(32000) / 16000)
    assert voiced_share(high, 16000) < 0.05


def test_the_share_is_that_of_the_time():
    half = np.concatenate((pulses(120.0), np.zeros(32000)))
    assert voiced_share(half, 16000) == pytest.approx(0.5, abs=0.03)
    assert voiced_share(half, 16000) == voiced_share(1e-3 * half, 16000)


@pytest.mark.parametrize("length", [2, 7, 100, 641])
def test_too_little_and_silence_are_no_error(length):
    assert 0 <= voiced_share(np.full(length, 0.1), 16000) <= 1
    assert voiced_share(np.zeros(length), 16000) == 0
    assert 0 <= voiced_share(np.full(length, 0.1), 50) <= 1


def test_read_speech_is_voiced_about_half_the_time():
    folder = shared_data("librispeech-mini") / "audio"
    clips = [read_clip(file) for file in sorted(folder.glob("*.flac"))[::60]]
    shares = [voiced_share(clip.samples.astype(np.float64), 16000) for clip in clips]
    assert 0.4 < min(shares) < max(shares) < 0.95
