from dataclasses import replace

import numpy as np
import pytest

import xaudio
from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from tests.xaudio.clips import RATE, hybrid
from xaudio.audio import clip_from_samples

CLIP = clip_from_samples(0.5 * hybrid(), RATE, "voice")


def test_it_is_the_corruption_keyed_by_the_clips_content():
    result = xaudio.corrupt(CLIP, "white-noise", 3, repeat=2)
    noise = load_corruption("white-noise")
    direct = noise.apply(CLIP.waveform, RATE, 3, [Key(CLIP.digest, 2)])
    assert np.array_equal(result.clip.samples, direct.waveform[0].numpy())
    renamed = xaudio.corrupt(replace(CLIP, name="other"), "white-noise", 3, repeat=2)
    assert np.array_equal(renamed.clip.samples, result.clip.samples)


def test_what_was_done_is_written_down():
    result = xaudio.corrupt(CLIP, "low-pass", 5)
    assert result.parameters == load_corruption("low-pass").parameters(5)
    assert result.clip.decode_chain[-1] == "low-pass at severity 5, repeat 0"
    assert result.clip.digest == CLIP.digest


def test_severity_zero_changes_nothing():
    assert np.array_equal(xaudio.corrupt(CLIP, "mp3", 0).clip.samples, CLIP.samples)


def test_wrong_words_are_refused():
    with pytest.raises(CorruptionError, match="white-noise"):
        xaudio.corrupt(CLIP, "white-nois", 1)
    with pytest.raises(CorruptionError, match="severity"):
        xaudio.corrupt(CLIP, "white-noise", 9)
