"""Where a decision flips, on rungs written by hand and on a detector of high frequencies."""

import numpy as np
import pytest

from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.tiny import HighBandDetector, ThreeKinds
from xaudio.audio import clip_from_samples
from xaudio.classifiers import Classifier
from xaudio.corrupting import corrupt_with
from xaudio.explaining import decide
from xaudio.trying import Ladder, Rung, severity_ladder

CLIP = clip_from_samples(hybrid(), RATE, "hybrid.wav")
DETECTOR = Classifier(HighBandDetector(), "high", RATE, HighBandDetector.labels)
KINDS = Classifier(ThreeKinds(), "kinds", ThreeKinds.sample_rate, ThreeKinds.labels)


def refuses_short(waveform):
    if waveform.shape[1] < 1.75 * RATE:
        raise ValueError("too short")
    return HighBandDetector()(waveform).detach()


def ladder(*repeats: str, levels: tuple[str, ...] = ()) -> Ladder:
    """Rungs from letters: h bona fide, s spoof, x failed; the first is the clean clip."""
    rungs = []
    for repeat, letters in enumerate(repeats):
        for severity, letter in enumerate(letters):
            if severity == 0 and repeat:
                continue
            label = {"h": "bonafide", "s": "spoof", "x": None}[letter]
            score = {"h": 1.0 - 0.1 * severity, "s": -1.0 - 0.1 * repeat, "x": None}[letter]
            error = "It failed." if letter == "x" else None
            rungs.append(Rung(severity, repeat, score, label, error))
    return Ladder("noise", levels, len(repeats), 0.0, True, tuple(rungs))


@pytest.mark.parametrize(
    ("letters", "flip", "returns"),
    [("hhhhhh", None, ()), ("hhsssh", 2, (5,)), ("shhhhh", 1, ()), ("hxxsss", 3, ())],
)
def test_the_flip_is_the_mildest_severity_that_decides_otherwise(letters, flip, returns):
    found = ladder(letters)
    assert found.flip_severity == flip and found.returns == returns


def test_of_several_repeats_half_must_flip():
    found = ladder("hhhsss", "hhhhss", "hhhhhs")
    assert found.flip_severities == (3, 4, 5)
    assert [found.flipped_share(severity) for severity in range(6)] == pytest.approx(
        [0, 0, 0, 1 / 3, 2 / 3, 1]
    )
    assert found.flip_severity == 4
    assert ladder("hs", "hs", "hh", "hh").flip_severity == 1


def test_the_spread_is_lowest_middle_and_highest_of_what_there_is():
    (clean, one) = ladder("hs", "hs", "hx").spread()
    assert (clean.low, clean.middle, clean.high) == (1.0, 1.0, 1.0)
    assert (one.low, one.middle, one.high) == pytest.approx((-1.1, -1.05, -1.0))
    assert [each.severity for each in ladder("hxs").spread()] == [0, 2]


def test_it_is_told_in_a_sentence():
    levels = ("40 dB", "30 dB", "20 dB", "10 dB", "5 dB")
    assert ladder("hhhsss", levels=levels).sentence == (
        "Flips from bonafide to spoof at severity 3 (20 dB)."
    )
    assert "in 2 of 3 repeats" in ladder("hhs", "hhs", "hhh").sentence
    assert ladder("hhh").sentence == "The decision stays bonafide at every severity."
    assert "Fewer than half of the 3" in ladder("hs", "hh", "hh").sentence
    assert ladder("hsh").sentence.endswith("It is bonafide again at 2.")
    assert ladder("hxx").problems == ("It failed.",)


def test_the_scores_are_those_of_each_corrupted_clip():
    corruption = load_corruption("low-pass")
    found = severity_ladder(CLIP, DETECTOR, corruption)
    assert found.severities == (0, 1, 2, 3, 4, 5)
    for rung in found.rungs:
        expected = decide(corrupt_with(CLIP, corruption, rung.severity).clip, DETECTOR)
        assert rung.score == pytest.approx(expected.score, abs=1e-5)
        assert rung.label == expected.label
    # The tone at 5 kHz is the evidence: all low passes at 4 kHz and below take it away.
    assert found.flip_severity == 1 and found.levels[0].replace("\xa0", " ") == "cutoff 4,000 Hz"


def test_repeats_differ_where_something_is_random_and_only_there():
    noise = severity_ladder(CLIP, DETECTOR, load_corruption("white-noise"), 3, severities=[5])
    assert noise.repeats == 3
    assert len({rung.score for rung in noise.at(5)}) == 3
    again = severity_ladder(CLIP, DETECTOR, load_corruption("white-noise"), 3, severities=[5])
    assert again == noise
    assert severity_ladder(CLIP, DETECTOR, load_corruption("mp3"), 3, severities=[1]).repeats == 1


def test_the_threshold_moves_the_flip():
    scores = [rung.score for rung in severity_ladder(CLIP, DETECTOR, load_corruption("gain")).rungs]
    between = float(np.mean(scores[:2]))
    found = severity_ladder(CLIP, DETECTOR, load_corruption("gain"), threshold=between)
    assert found.flip_severity == 1 and found.threshold == between


def test_without_polarity_it_is_the_clean_labels_lead_and_zero():
    found = severity_ladder(CLIP, KINDS, load_corruption("gain", levels=[-60.0]), threshold=7.0)
    assert found.threshold == 0.0 and not found.is_detector
    assert found.clean.score > 0
    (quiet,) = found.at(1)
    assert found.flipped(quiet) == (quiet.score < 0)


def test_what_cannot_be_done_is_a_rung_that_says_why():
    corruption = load_corruption("time-stretch", levels=[1.1, 1.2])
    fails = Classifier(refuses_short, "picky", RATE, HighBandDetector.labels)
    found = severity_ladder(CLIP, fails, corruption)
    clean, mild, harsh = found.rungs
    assert clean.score is not None and mild.score is not None
    assert harsh.score is None and harsh.label is None and "too short" in harsh.error
    assert found.problems == (harsh.error,)


def test_a_rate_no_corruption_takes_is_told_at_every_severity():
    slow = clip_from_samples(hybrid(), 2000, "slow")
    found = severity_ladder(slow, DETECTOR, load_corruption("low-pass"))
    assert found.clean.score is not None
    assert all("Resample the clip first" in rung.error for rung in found.rungs[1:])
    assert found.flip_severity is None


def test_progress_and_a_senseless_number_of_repeats():
    told = []
    severity_ladder(CLIP, DETECTOR, load_corruption("gain"), progress=told.append)
    assert told == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    with pytest.raises(CorruptionError, match="0 repeats"):
        severity_ladder(CLIP, DETECTOR, load_corruption("gain"), 0)
