import json
import time

import pytest
import torch

from perturbations.certificates import Certificate, certify
from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from perturbations.time_map import TimeMap
from tests.perturbations.signals import keys, speech_like

RATE = 16_000
CLIP = speech_like(1, 3.0)
VOICE = CLIP[0]


def certificate(samples, time_map=None, facts=None, clean=VOICE):
    made = CorruptedSamples(samples, time_map or TimeMap.identity(), facts or {})
    return certify(clean, made, RATE)


def test_of_a_clip_beside_itself():
    same = certificate(VOICE)
    assert same.snr_db == same.si_sdr_db == 150
    assert same.length_ratio == 1
    assert same.seconds == 3
    assert same.peak == pytest.approx(VOICE.abs().max().item())
    assert same.highest_hz == pytest.approx(8000)
    assert same.bandwidth_hz == same.highest_hz - same.lowest_hz
    nothing = ("delay_seconds", "log_spectral_distance_db", "loudness_change_lu", "silent_share")
    assert [getattr(same, name) for name in nothing] == [0, 0, 0, 0]
    assert same.pitch_semitones == pytest.approx(0, abs=1e-3)


def test_a_gain_is_no_loss():
    quiet = certificate(0.1 * VOICE)
    assert quiet.snr_db > 120
    assert quiet.loudness_change_lu == pytest.approx(-20, abs=0.1)
    assert quiet.highest_hz == pytest.approx(8000)


def test_dc_is_an_offset():
    assert certificate(VOICE - VOICE.mean() + 0.05).dc_offset == pytest.approx(0.05, abs=1e-6)


def test_a_delay_the_time_map_knows_of_is_none():
    clip = VOICE + 1e-5  # no silence of its own
    late = torch.cat([torch.zeros(400), clip])
    told = certificate(late, TimeMap.later(0.025), clean=clip)
    assert told.delay_seconds == pytest.approx(0, abs=1e-6)
    assert told.snr_db == 150
    untold = certificate(late, clean=clip)
    assert untold.delay_seconds == pytest.approx(0.025, abs=1e-5)
    assert untold.snr_db < 5
    assert untold.si_sdr_db > 100
    assert untold.silent_share == pytest.approx(400 / 48_400)
    between = certificate(late, TimeMap.later(400.3 / RATE), clean=clip)
    assert between.delay_seconds * RATE == pytest.approx(-0.3, abs=0.01)


def test_another_clock_has_no_sample_by_sample_figures():
    slow = load_corruption("time-stretch").apply(CLIP, RATE, 5, keys(1)).clip(0)
    figures = certify(VOICE, slow, RATE)
    assert figures.snr_db is figures.si_sdr_db is figures.delay_seconds is None
    assert figures.pesq is figures.stoi is None
    assert figures.length_ratio == pytest.approx(1 / 1.5, abs=1e-4)
    assert figures.pitch_semitones == pytest.approx(0, abs=0.1)


def test_facts_are_kept_and_some_become_figures():
    facts = {"bitrate_kbps": 32.0, "rt60_seconds": 0.4, "file": "a.wav", "lost_share": 0.25}
    figures = certificate(VOICE, facts=facts)
    assert (figures.bitrate_kbps, figures.decay_seconds) == (32, 0.4)
    assert figures.facts == facts
    assert figures.value("lost_share") == 0.25
    assert figures.value("snr_db") == 150
    assert figures.value("file") is figures.value("nothing") is figures.value("facts") is None


def test_it_fits_into_json():
    figures = certificate(0.5 * VOICE, facts={"file": "ä.wav"}).as_dict()
    assert Certificate(**json.loads(json.dumps(figures, allow_nan=False))).as_dict() == figures


@pytest.mark.parametrize("length", [2, 3, 100, 3000])
@pytest.mark.parametrize("rate", [4_000, 16_000, 192_000])
@pytest.mark.parametrize("kind", ["voice", "silence", "after silence", "constant"])
def test_short_and_silent_clips_have_a_certificate(length, rate, kind):
    clean = VOICE[8000 : 8000 + length].clone() if kind == "voice" else torch.zeros(length)
    result = 0.5 * clean if kind == "voice" else torch.full((length,), float(kind != "silence"))
    if kind == "constant":
        clean = result
    figures = certify(clean, CorruptedSamples(result), rate)
    assert figures.length_ratio == 1
    json.dumps(figures.as_dict(), allow_nan=False)


def test_clips_that_share_no_instant():
    figures = certificate(VOICE, TimeMap.later(60.0))
    assert figures.snr_db is figures.log_spectral_distance_db is figures.highest_hz is None


def test_what_is_no_clip_is_refused():
    with pytest.raises(CorruptionError, match="float32"):
        certify(VOICE.double(), CorruptedSamples(VOICE), RATE)
    with pytest.raises(CorruptionError, match="empty"):
        certificate(VOICE[:0])


def test_four_seconds_are_measured_fast(monkeypatch):
    monkeypatch.setattr("perturbations.certificates.certificate.pesq_score", lambda *_: None)
    monkeypatch.setattr("perturbations.certificates.certificate.stoi_score", lambda *_: None)
    clip = speech_like(1, 4.0)
    noisy = load_corruption("white-noise").apply(clip, RATE, 3, keys(1)).clip(0)

    def seconds():
        start = time.perf_counter()
        certify(clip[0], noisy, RATE)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.05
