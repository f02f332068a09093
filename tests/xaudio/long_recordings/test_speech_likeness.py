import numpy as np
import pytest

from xaudio.long_recordings.speech_likeness import level_db, level_swing, remark

RATE = 16000
TIMES = np.arange(4 * RATE) / RATE


def noise(seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, len(TIMES))


@pytest.mark.parametrize("depth", [0.0, 0.2, 0.6, 1.0])
@pytest.mark.parametrize("pace", [2.5, 4.0, 7.0])
def test_the_swing_of_a_known_modulation(depth, pace):
    swinging = (1 + depth * np.sin(2 * np.pi * pace * TIMES)) * np.sin(2 * np.pi * 1000 * TIMES)
    assert level_swing(swinging, RATE) == pytest.approx(depth / np.sqrt(2), rel=0.1, abs=1e-3)


@pytest.mark.parametrize("pace", [0.5, 20.0])
def test_other_paces_do_not_count(pace):
    swinging = (1 + np.sin(2 * np.pi * pace * TIMES)) * np.sin(2 * np.pi * 1000 * TIMES)
    assert level_swing(swinging, RATE) < 0.1


def test_what_is_outside_the_band_of_speech_does_not_count():
    hum = (1 + np.sin(2 * np.pi * 4 * TIMES)) * np.sin(2 * np.pi * 30 * TIMES)
    assert level_swing(hum + np.sin(2 * np.pi * 1000 * TIMES), RATE) < 0.15


def test_short_stretches_and_silence_have_no_swing():
    assert level_swing(noise()[: RATE - 1], RATE) is None
    assert level_swing(np.zeros(2 * RATE), RATE) is None


SPEAKING = (0.6 + 0.5 * np.sin(2 * np.pi * 4 * TIMES)) * noise()
SOUNDS = {
    "speaking": (SPEAKING, None),
    "speaking quietly": (0.03 * SPEAKING, None),
    "hardly anything": (1e-3 * SPEAKING, "quiet"),
    "nothing": (np.zeros(len(TIMES)), "silence"),
    "noise": (noise(), "steady"),
    "a chord": (sum(np.sin(2 * np.pi * f * TIMES) for f in (262, 330, 392)) / 9, "steady"),
    "a short noise": (noise()[:8000], None),
}


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_remarks(name, rate):
    samples, expected = SOUNDS[name]
    if name == "a short noise" or rate == RATE:
        rate = RATE
    else:
        samples = np.interp(np.arange(4 * rate) / rate, TIMES, samples)
    assert remark(samples, rate) == expected


def test_level():
    assert level_db(np.sin(2 * np.pi * 440 * TIMES)) == pytest.approx(-3.01, abs=0.01)
    assert level_db(np.zeros(5)) == -np.inf
