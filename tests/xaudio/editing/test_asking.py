import numpy as np
import pytest
import torch

from tests.xaudio.clips import HIGH_FROM, HIGH_TO, RATE, hybrid
from tests.xaudio.editing.boxes import box
from tests.xaudio.tiny import HighBandDetector, ThreeKinds
from xaudio.audio import clip_from_samples
from xaudio.classifiers import load_classifier
from xaudio.editing import RegionEdit, ask_again, compared_elsewhere, edited
from xaudio.errors import AudioError

HIGH = box(HIGH_FROM, HIGH_TO, 4000, 6000)
LOW = box(HIGH_FROM, HIGH_TO, 100, 300)


@pytest.fixture(scope="module")
def clip():
    return clip_from_samples(hybrid(), RATE)


@pytest.fixture(scope="module")
def detector():
    return load_classifier(HighBandDetector())


def odds(samples) -> float:
    """The detector's spoof - bonafide, in numpy."""
    steep = np.diff(samples.astype(np.float64)) ** 2
    frames = [steep[start : start + 320].mean() for start in range(0, len(steep), 320)]
    return 50 * float(np.mean(frames)) - 1


def test_muting_the_evidence_turns_the_decision(clip, detector):
    asked = ask_again(clip, detector, [RegionEdit(HIGH, "mute")])
    assert (asked.before.label, asked.after.label, asked.flipped) == ("spoof", "bonafide", True)
    assert asked.target == "spoof - bonafide"
    assert asked.target_before == pytest.approx(odds(clip.samples), rel=1e-4)
    assert asked.target_after == pytest.approx(odds(asked.sound.samples), rel=1e-4)
    assert asked.moved == pytest.approx(asked.target_after - asked.target_before)
    assert "changes from spoof to bonafide" in asked.sentence
    assert f"{asked.moved:+.2f}" in asked.sentence


def test_muting_what_is_no_evidence_changes_little(clip, detector):
    asked = ask_again(clip, detector, [RegionEdit(LOW, "mute")])
    assert not asked.flipped
    assert abs(asked.moved) < 0.01 * abs(asked.target_before)
    assert "stays spoof" in asked.sentence


def test_a_pile_of_edits_is_asked_as_a_whole(clip, detector):
    edits = [RegionEdit(LOW, "mute"), RegionEdit(HIGH, "noise")]
    asked = ask_again(clip, detector, edits, seed=3)
    by_hand = edited(edited(clip, edits[0], 3), edits[1], 3)
    assert np.array_equal(asked.sound.samples, by_hand.samples)
    assert asked.target_after == pytest.approx(odds(by_hand.samples), rel=1e-4)


def test_target_and_threshold_are_obeyed(clip, detector):
    asked = ask_again(clip, detector, [RegionEdit(HIGH, "mute")], "bonafide", threshold=-1e3)
    assert asked.before.label == asked.after.label == "bonafide"
    assert asked.target_before == pytest.approx(-odds(clip.samples) / 2, rel=1e-4)


def test_decided_is_the_label_the_clip_had(clip, detector):
    asked = ask_again(clip, detector, [RegionEdit(HIGH, "mute")], "decided")
    assert asked.target == "spoof" and asked.after.label == "bonafide"


def test_a_model_at_another_rate_hears_the_edited_clip(clip):
    classifier = load_classifier(ThreeKinds())
    asked = ask_again(clip, classifier, [RegionEdit(box(0, 2, 0, 1000), "mute")])
    assert asked.sound.sample_rate == 8000
    with torch.no_grad():
        logits = classifier(torch.from_numpy(asked.sound.samples)[None])[0]
    assert list(asked.after.logits.values()) == pytest.approx(logits.tolist(), rel=1e-5)


def test_no_edit_is_no_question(clip, detector):
    with pytest.raises(AudioError, match="No edit"):
        ask_again(clip, detector, [])


def test_the_evidence_is_special_among_places_of_its_size(clip, detector):
    asked = ask_again(clip, detector, [RegionEdit(HIGH, "mute")])
    found = compared_elsewhere(asked, detector)
    assert len(found.places) == 19 and sum(found.as_far) == 0
    assert found.share == pytest.approx(1 / 20)
    assert found.own == pytest.approx(asked.moved)
    assert "0 of 19 move it as far; none of them is as loud" in found.sentence


def test_what_is_no_evidence_is_not_special(clip, detector):
    asked = ask_again(clip, detector, [RegionEdit(box(1.5, 1.75), "mute")])
    found = compared_elsewhere(asked, detector)
    assert found.share > 0.2


def test_every_place_is_asked_as_if_it_had_been_drawn(clip, detector):
    """Against one edit at a time, by the plain function."""
    asked = ask_again(clip, detector, [RegionEdit(LOW, "mute"), RegionEdit(HIGH, "keep")])
    found = compared_elsewhere(asked, detector, boxes=5)
    base = edited(clip, RegionEdit(LOW, "mute"))
    before = odds(base.samples)
    for place, moved in zip(found.places, found.moved, strict=True):
        alone = edited(base, RegionEdit(place.region, "keep"))
        assert moved == pytest.approx(odds(alone.samples) - before, abs=2e-3)
    assert found.own == pytest.approx(odds(asked.sound.samples) - before, abs=1e-4)


def test_places_are_of_one_size_and_share_nothing_with_the_drawn_one(clip, detector):
    asked = ask_again(clip, detector, [RegionEdit(HIGH, "mute")])
    found = compared_elsewhere(asked, detector, boxes=50)
    for place in found.places:
        region = place.region
        assert region.seconds == pytest.approx(HIGH.seconds, abs=1e-4)
        assert region.high - region.low == pytest.approx(2000)
        assert region.start >= 0 and region.end <= 2 and region.high <= 8000
        in_time = region.end > HIGH.start + 1e-4 and region.start < HIGH.end - 1e-4
        in_band = region.high > HIGH.low + 1e-6 and region.low < HIGH.high - 1e-6
        assert not (in_time and in_band)


def test_louder_places_are_counted_apart(clip, detector):
    """The low tone is everywhere: a full-band region without the high one is quieter than it."""
    asked = ask_again(clip, detector, [RegionEdit(box(1.5, 1.9), "mute")])
    found = compared_elsewhere(asked, detector, boxes=30)
    touched = [place.region.start < HIGH_TO for place in found.places]
    overlap = [min(p.region.end, HIGH_TO) - max(p.region.start, HIGH_FROM) for p in found.places]
    assert all(loud for loud, seconds in zip(found.as_loud, overlap, strict=True) if seconds > 0.1)
    assert any(touched)


def test_the_same_question_gets_the_same_answer(clip, detector):
    asked = ask_again(clip, detector, [RegionEdit(HIGH, "noise")])
    one, other = (compared_elsewhere(asked, detector, batch_size=size) for size in (1, 7))
    assert one.places == other.places
    np.testing.assert_allclose(one.moved, other.moved, atol=1e-4)


def test_a_region_without_room_elsewhere_says_so(clip, detector):
    asked = ask_again(clip, detector, [RegionEdit(box(0.2, 1.6), "mute")])
    found = compared_elsewhere(asked, detector)
    assert found.places == () and found.share == 1
    assert "no room" in found.sentence


def test_progress_can_stop_the_comparison(clip, detector):
    class StoppedError(Exception):
        pass

    def stop(share):
        assert 0 < share <= 1
        raise StoppedError

    asked = ask_again(clip, detector, [RegionEdit(HIGH, "mute")])
    with pytest.raises(StoppedError):
        compared_elsewhere(asked, detector, progress=stop)
    with pytest.raises(AudioError, match="give some"):
        compared_elsewhere(asked, detector, boxes=0)
