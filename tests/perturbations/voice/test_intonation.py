import math

import librosa
import numpy as np
import pytest
import torch

from perturbations.errors import CorruptionError
from perturbations.voice.intonation import flatten_intonation

RATE = 16_000


def glide(low, high, seconds=1.5, sample_rate=RATE):
    """A voice-like tone of twelve harmonics, rising evenly in semitones."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    pitch = low * (high / low) ** (time / seconds)
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    count = min(12, int(sample_rate / 2 / high))
    tone = sum(np.sin(n * phase) / n for n in range(1, count + 1))
    return torch.from_numpy(0.1 * tone).float()[None]


def melody(waveform, sample_rate=RATE):
    """Its pitch in hertz by another method than the vocoder's (YIN), without the ends."""
    pitch = librosa.yin(
        waveform[0].numpy(), fmin=70, fmax=400, sr=sample_rate, frame_length=sample_rate // 8
    )
    return pitch[5:-5]


def cents(pitch, reference):
    return 1200 * np.log2(pitch / reference)


@pytest.mark.parametrize("sample_rate", [8_000, RATE, 44_100])
def test_a_flattened_glide_is_monotone_at_its_median(sample_rate):
    rising = glide(120, 200, sample_rate=sample_rate)
    flat = flatten_intonation(rising, sample_rate, 1.0)
    assert flat.shape == rising.shape
    assert np.abs(cents(melody(flat, sample_rate), math.sqrt(120 * 200))).max() < 15


@pytest.mark.parametrize(("share", "reach"), [(0.0, 1.0), (0.5, 0.5), (-0.5, 1.5)])
def test_the_melody_keeps_the_rest_of_its_way_in_semitones(share, reach):
    rising = glide(150, 190)
    kept = cents(melody(flatten_intonation(rising, RATE, share)), 150)
    full = cents(melody(rising), 150)
    slope = np.polyfit(full, kept, 1)[0]
    assert slope == pytest.approx(reach, abs=0.04)


def test_what_has_no_pitch_only_passes_the_vocoder():
    random = torch.Generator().manual_seed(0)
    hiss = 0.1 * torch.randn(1, 8_000, generator=random)
    assert torch.equal(flatten_intonation(hiss, RATE, 0.0), flatten_intonation(hiss, RATE, 1.0))


def test_shares_beyond_twice_the_melody_are_refused():
    with pytest.raises(CorruptionError, match=r"-1 .*to 1"):
        flatten_intonation(glide(120, 200, 0.2), RATE, 1.5)
