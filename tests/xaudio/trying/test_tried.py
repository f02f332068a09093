"""One clip under one corruption, against detectors whose evidence is known by construction."""

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from perturbations.corruption import load_corruption
from perturbations.time_map import TimeMap
from tests.xaudio.clips import HIGH_FROM, HIGH_TO, RATE, hybrid
from tests.xaudio.tiny import HighBandDetector, ThreeKinds
from xaudio.audio import clip_from_samples
from xaudio.classifiers import Classifier
from xaudio.corrupting import corrupt_with
from xaudio.explaining import decide, load_method
from xaudio.trying import tried
from xaudio.trying.moved import OUTSIDE, on_original_clock
from xaudio.trying.tried import lead

CLIP = clip_from_samples(hybrid(), RATE, "hybrid.wav")
DETECTOR = Classifier(HighBandDetector(), "high", RATE, HighBandDetector.labels)
KINDS = Classifier(ThreeKinds(), "kinds", ThreeKinds.sample_rate, ThreeKinds.labels)


def test_it_is_what_the_parts_say_one_by_one():
    corruption = load_corruption("white-noise")
    found = tried(CLIP, DETECTOR, corruption, 4, repeat=2)
    made = corrupt_with(CLIP, corruption, 4, 2)
    assert np.array_equal(found.made.clip.samples, made.clip.samples)
    assert found.before == decide(CLIP, DETECTOR)
    assert found.after == decide(made.clip, DETECTOR)
    assert found.certificate == made.certificate(CLIP)
    assert found.shift == pytest.approx(found.after.score - found.before.score)
    assert found.moved is None


def test_severity_zero_changes_nothing():
    found = tried(CLIP, DETECTOR, load_corruption("mp3"), 0)
    assert found.before == found.after and found.shift == 0 and not found.flipped
    assert np.array_equal(found.made.clip.samples, CLIP.samples)


def test_the_threshold_is_the_one_given():
    # Without its high frequencies the hybrid is bona fide to this detector.
    flat = tried(CLIP, DETECTOR, load_corruption("low-pass", levels=[1000.0]), 1)
    assert (flat.before.label, flat.after.label, flat.flipped) == ("spoof", "bonafide", True)
    strict = tried(CLIP, DETECTOR, load_corruption("low-pass"), 1, threshold=100.0)
    assert strict.after.label == "spoof" and strict.after.threshold == 100.0


def test_without_polarity_the_shift_is_of_the_clean_labels_lead():
    found = tried(CLIP, KINDS, load_corruption("gain", levels=[-20.0]), 1)
    assert found.before.threshold is None
    label = found.before.label
    assert found.shift == pytest.approx(lead(found.after, label) - lead(found.before, label))
    assert lead(found.before, label) > 0


def test_the_explanation_is_carried_back_to_where_the_evidence_was():
    explainer = load_method("input-x-gradient", {})
    found = tried(CLIP, DETECTOR, load_corruption("speed", levels=[1.25]), 1, explainer=explainer)
    moved = found.moved
    assert moved.after.seconds == pytest.approx(CLIP.seconds / 1.25, abs=1e-3)
    assert moved.carried.seconds == pytest.approx(CLIP.seconds)
    start, end, _ = moved.carried.strongest(1, 0.1)[0]
    assert HIGH_FROM <= start < end <= HIGH_TO + 1e-9
    tone = moved.carried.over_segments({"tone": [(HIGH_FROM, HIGH_TO)]})["tone"]
    assert tone == pytest.approx(moved.carried.total, rel=0.05)
    # Ranks within an even tone mean nothing; directions and distances do.
    assert (
        moved.drift.cosine > 0.99 and moved.drift.earth_mover_seconds < 0.01 and moved.beats_chance
    )


def test_nothing_happened_nothing_moved():
    explainer = load_method("input-x-gradient", {})
    found = tried(CLIP, DETECTOR, load_corruption("mp3"), 0, explainer=explainer)
    assert found.moved.drift.spearman == 1.0 and found.moved.drift.earth_mover_seconds == 0.0
    assert not found.moved.difference.relevance.any()
    assert found.moved.chance < 0.9
    assert "agree by 1.00" in found.moved.sentence and "more than maps" in found.moved.sentence


def test_the_difference_is_after_less_before_where_both_are():
    explainer = load_method("input-x-gradient", {})
    moved = tried(CLIP, DETECTOR, load_corruption("gain", levels=[-6.0]), 1, explainer=explainer)
    before, after, change = (
        each.over_time(0.1).relevance
        for each in (moved.moved.before, moved.moved.after, moved.moved.difference)
    )
    # Windows of the transform reach over the tone's ends, into the stretches before and after.
    inside = [place for place in range(20) if place not in (4, 5, 9, 10)]
    assert change[inside] == pytest.approx((after - before)[inside], abs=0.01)
    assert change.sum() == pytest.approx(after.sum() - before.sum())
    assert change[6] < -0.5 and moved.moved.difference.signed


def test_progress_runs_from_nothing_to_all():
    told = []
    explainer = load_method("occlusion", {})
    tried(CLIP, DETECTOR, load_corruption("mp3"), 1, explainer=explainer, progress=told.append)
    assert told == sorted(told) and told[-1] == pytest.approx(1.0) and min(told) < 0.3


def test_a_method_of_the_whole_voice_is_refused_with_a_sentence():
    with pytest.raises(ExplanationError, match="explains the whole voice"):
        tried(CLIP, DETECTOR, load_corruption("mp3"), 1, explainer=load_method("voice", {}))


@pytest.mark.parametrize("domain", ["waveform", "segments", "stft"])
def test_carrying_back_keeps_the_total_by_the_ledger(domain):
    rng = np.random.default_rng(0)
    seconds, clock = 2.0, TimeMap.later(0.5)
    shape = {"waveform": 3 * RATE, "segments": 30, "stft": (5, 30)}[domain]
    relevance = rng.normal(size=shape)
    more = {}
    if domain == "segments":
        edges = np.linspace(0, 3.0, 31)
        top = np.full(30, RATE / 2)
        more["segments"] = np.column_stack([edges[:-1], edges[1:], 0 * top, top])
    if domain == "stft":
        more["time_edges"] = np.linspace(0, 3.0, 31)
        more["frequency_edges"] = np.linspace(0, RATE / 2, 6)
    found = Explanation(
        relevance=relevance,
        domain=domain,
        sample_rate=RATE,
        seconds=3.0,
        target="spoof",
        score=1.0,
        method="made up",
        signed=True,
        **more,
    )
    carried = on_original_clock(found, clock, seconds)
    assert carried.seconds == seconds
    assert carried.total + carried.ledger[OUTSIDE] == pytest.approx(found.total)
    # What was half a second later is where it was.
    assert carried.over_time(0.5).relevance == pytest.approx(
        found.over_time(0.5).relevance[1:5], abs=1e-9
    )


def test_chance_is_far_below_one_and_needs_no_global_randomness():
    explainer = load_method("input-x-gradient", {})
    corruption = load_corruption("white-noise")
    np.random.seed(1)
    first = tried(CLIP, DETECTOR, corruption, 2, explainer=explainer).moved.chance
    torch.manual_seed(5)
    np.random.seed(2)
    assert tried(CLIP, DETECTOR, corruption, 2, explainer=explainer).moved.chance == first
    assert 0 < first < 0.7
