import numpy as np
import pytest

from tests.xaudio.datasets.voices import voice
from xaudio.datasets.copy_synthesis import copy_attacks, match_level

RATE = 16000


@pytest.mark.parametrize("name", ["world", "griffin-lim", "lpc"])
class TestEveryCopy:
    def test_is_as_long_and_as_loud_and_repeatable(self, name):
        original = voice()
        copy = copy_attacks.get(name)(original, RATE, 7)
        assert copy.shape == original.shape
        assert np.isclose(copy.std(), original.std(), rtol=0.02)
        assert np.array_equal(copy, copy_attacks.get(name)(original, RATE, 7))

    def test_says_the_same_at_the_same_time(self, name):
        """Loudness over time follows the original's, and follows it best without a shift."""
        original = voice(3.0)
        copy = copy_attacks.get(name)(original, RATE, 7)
        envelopes = [
            np.sqrt((one[:47000].reshape(-1, 200) ** 2).mean(1)) for one in (original, copy)
        ]
        centred = [one - one.mean() for one in envelopes]
        matches = [np.dot(centred[0], np.roll(centred[1], shift)) for shift in range(-20, 21)]
        assert abs(int(np.argmax(matches)) - 20) <= 1
        assert np.corrcoef(*envelopes)[0, 1] > 0.9

    def test_is_not_the_original(self, name):
        original = voice()
        copy = copy_attacks.get(name)(original, RATE, 7)
        assert np.sqrt(np.mean((copy - original) ** 2)) > 0.05 * original.std()

    def test_keeps_the_pitch(self, name):
        original = voice(pitch=150.0)
        copy = copy_attacks.get(name)(original, RATE, 7)
        assert abs(_period(copy) - _period(original)) <= 3


def _period(samples):
    """Lag in samples, between 60 and 300 Hz, at which the middle of the signal repeats itself."""
    middle = samples[8000:12000].astype(float)
    lags = range(RATE // 300, RATE // 60)
    return max(lags, key=lambda lag: np.corrcoef(middle[lag:], middle[:-lag])[0, 1])


def test_level_is_matched_and_length_fitted():
    matched = match_level(np.ones(50), 0.5 * np.ones(100, np.float32))
    assert matched.shape == (100,)
    assert np.isclose(np.sqrt(np.mean(matched**2)), 0.5)
    assert (matched[50:] == 0).all()
