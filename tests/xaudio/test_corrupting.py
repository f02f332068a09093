from dataclasses import replace

import numpy as np
import pytest

import xaudio
from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from perturbations.suites import Condition, Suite
from tests.xaudio.clips import RATE, hybrid
from xaudio.audio import clip_from_samples
from xaudio.corrupting import Refusal

CLIP = clip_from_samples(0.5 * hybrid(), RATE, "voice")
NOISE = Condition("hiss", load_corruption("white-noise"), (1, 3))
FAST = Condition("fast", load_corruption("time-stretch"), (5,))
SUITE = Suite("two", "Two of them.", (NOISE, FAST))


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
    assert result.condition == result.corruption == "low-pass"


def test_severity_zero_changes_nothing():
    assert np.array_equal(xaudio.corrupt(CLIP, "mp3", 0).clip.samples, CLIP.samples)


def test_what_the_corruption_tells_is_kept():
    told = xaudio.corrupt(CLIP, "mp3", 3)
    assert told.facts["bitrate_kbps"] == pytest.approx(24, rel=0.1)
    assert told.certificate(CLIP).bitrate_kbps == told.facts["bitrate_kbps"]


def test_the_certificate_measures_what_was_asked_for():
    assert xaudio.corrupt(CLIP, "white-noise", 3).certificate(CLIP).snr_db == pytest.approx(
        20, abs=0.3
    )
    faster = xaudio.corrupt(CLIP, "time-stretch", 5).certificate(CLIP)
    assert faster.length_ratio == pytest.approx(1 / 1.5, abs=1e-3)
    assert faster.snr_db is None


def test_a_suite_is_its_conditions_at_their_severities():
    made = list(xaudio.corrupt_with_suite(CLIP, SUITE))
    assert [(each.condition, each.severity) for each in made] == [
        ("hiss", 1),
        ("hiss", 3),
        ("fast", 5),
    ]
    alone = xaudio.corrupt(CLIP, "white-noise", 3)
    assert np.array_equal(made[1].clip.samples, alone.clip.samples)
    assert made[1].clip.decode_chain[-1] == "hiss at severity 3, repeat 0"
    assert made[1].corruption == "white-noise"


def test_only_some_severities_of_a_suite_and_other_random_numbers():
    made = list(xaudio.corrupt_with_suite(CLIP, SUITE, severities=[3, 5], repeat=1))
    assert [each.severity for each in made] == [3, 5]
    alone = xaudio.corrupt(CLIP, "white-noise", 3, repeat=1)
    assert np.array_equal(made[0].clip.samples, alone.clip.samples)


def test_what_a_clip_cannot_have_is_refused_and_the_rest_goes_on():
    slow = replace(CLIP, sample_rate=1000)  # no corruption works below 4 kHz
    made = list(xaudio.corrupt_with_suite(slow, SUITE))
    assert len(made) == 3
    assert all(isinstance(each, Refusal) for each in made)
    assert made[0].condition == "hiss" and "4,000" in made[0].reason


def test_wrong_words_are_refused():
    with pytest.raises(CorruptionError, match="white-noise"):
        xaudio.corrupt(CLIP, "white-nois", 1)
    with pytest.raises(CorruptionError, match="severity"):
        xaudio.corrupt(CLIP, "white-noise", 9)
