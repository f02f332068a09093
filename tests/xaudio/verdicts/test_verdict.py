from dataclasses import replace

import numpy as np
import pytest

from tests.xaudio.sweeps.small import loudness, small_manifest
from tests.xaudio.verdicts.scored import calibration, ordinary
from xaudio.audio import Clip, read_clip
from xaudio.errors import MetricError, ModelError
from xaudio.verdicts.calibrate import calibrate
from xaudio.verdicts.verdict import judge, judge_score
from xaudio.verdicts.wording import statement

CLIP = Clip(np.zeros(2, np.float32), 16000, "voice.ogg", "a" * 64)
USUAL = ordinary(np.random.default_rng(5))


@pytest.fixture(scope="module")
def known():
    return calibration(speakers=60)


def test_evidence_on_either_side_of_the_threshold_is_a_verdict(known):
    human = judge_score(CLIP, 2.0, USUAL, known)
    synthetic = judge_score(CLIP, -2.0, USUAL, known)
    assert (human.verdict, synthetic.verdict) == ("bona fide", "synthetic")
    assert human.llr.low > 0 > synthetic.llr.high
    assert human.condition == "clean"
    # Gaussians four standard deviations apart: ln LR is 4 x score.
    assert human.llr.value == pytest.approx(min(8.0, known.highest_llr), rel=0.4)
    assert human.spoof_probability.value < 0.02
    assert human.spoof_probability.low <= human.spoof_probability.value
    assert human.spoof_probability.value <= human.spoof_probability.high


def test_near_the_threshold_it_is_inconclusive(known):
    at = known.map.score_at(known.threshold)
    found = judge_score(CLIP, at, USUAL, known)
    assert found.verdict == "inconclusive"
    assert found.near_threshold and not found.departures
    assert "cannot be told from the threshold" in statement(found, known)
    beyond = known.uncertainty.reach(at) / known.map.slope * 1.5
    assert judge_score(CLIP, at + beyond, USUAL, known).verdict == "bona fide"
    assert judge_score(CLIP, at - beyond, USUAL, known).verdict == "synthetic"


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"seconds": 0.3}, "duration 0.30 s (validated: "),
        ({"highest_hz": 3400.0}, "highest frequency with signal 3400 Hz (validated: "),
        ({"snr_db": 1.0}, "signal-to-noise ratio 1.0 dB (validated: "),
        ({"sample_rate": 8000}, "sample rate 8000 Hz (validated: 16000 Hz)"),
    ],
)
def test_outside_what_was_validated_no_score_is_evidence(known, change, part):
    found = judge_score(CLIP, -50.0, replace(USUAL, **change), known)
    assert found.verdict == "inconclusive"
    said = statement(found, known)
    assert said.startswith("voice.ogg: inconclusive. The recording lies outside")
    assert part in said
    assert "no evidence either way" in said
    assert "times" not in said


def test_a_validated_corruption_widens_what_is_inside(known):
    clean = known.validated[0]
    narrow = {"highest_hz": replace(clean.ranges["highest_hz"], low=3300.0, high=3500.0)}
    telephone = replace(clean, name="telephone", severity=2, ranges={**clean.ranges, **narrow})
    wider = replace(known, validated=(clean, telephone))
    found = judge_score(CLIP, 2.0, replace(USUAL, highest_hz=3400.0), wider)
    assert (found.verdict, found.condition) == ("bona fide", "telephone, severity 2")
    # Each condition is judged as a whole: a telephone's band at the clean clips' rate only.
    both = replace(USUAL, highest_hz=3400.0, seconds=0.2)
    assert [one.quantity for one in judge_score(CLIP, 2.0, both, wider).departures] == ["seconds"]


def test_the_prior_moves_the_posterior_and_not_the_verdict(known):
    rare, often = (judge_score(CLIP, -1.0, USUAL, known, prior) for prior in (0.001, 0.9))
    assert rare.verdict == often.verdict == "synthetic"
    assert rare.llr == often.llr
    odds = [
        one.spoof_probability.value / (1 - one.spoof_probability.value) for one in (rare, often)
    ]
    assert odds[1] / odds[0] == pytest.approx(9.0 * 999.0)
    with pytest.raises(MetricError, match="prior"):
        judge_score(CLIP, 0.0, USUAL, known, 0.0)


def test_the_statement_says_what_it_rests_on(known):
    said = statement(judge_score(CLIP, -1.0, USUAL, known, 0.5), known)
    for part in (
        "voice.ogg: synthetic.",
        "times as probable for synthetic speech as for human speech",
        "natural log-likelihood ratio -",
        "95 % interval",
        "If synthesis was 50 % probable before",
        "On 120 human recordings of 60 speakers and 120 synthetic ones of 60",
        "names neither a speaker nor a maker",
    ):
        assert part in said


def test_beyond_what_the_set_can_show_it_says_at_least(known):
    said = statement(judge_score(CLIP, 40.0, USUAL, known), known)
    assert "is 120 times as probable for human speech" in said
    assert "the most that a calibration set of this size can support" in said
    assert "the most" not in statement(judge_score(CLIP, 0.8, USUAL, known), known)


def test_a_clip_is_scored_and_measured(tmp_path):
    manifest = small_manifest(tmp_path / "audio", clips=20)
    made = calibrate(manifest, loudness())
    for row in manifest:
        found = judge(read_clip(row.path), loudness(), made)
        assert not found.departures
        assert found.verdict in ("bona fide" if row.is_bonafide else "synthetic", "inconclusive")
        assert found.clip_sha256 == read_clip(row.path).digest
    short = judge(read_clip(manifest[0].path).cut(0.0, 0.1), loudness(), made)
    assert short.verdict == "inconclusive"
    assert short.as_dict()["departures"][0]["quantity"] == "seconds"
    with pytest.raises(ModelError, match="belongs to"):
        judge(read_clip(manifest[0].path), loudness(threshold=0.5), made)
