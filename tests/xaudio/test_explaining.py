import numpy as np
import pytest
import torch

import xaudio
from explainers.errors import ExplanationError
from tests.xaudio.clips import HIGH_FROM, HIGH_TO, RATE, hybrid, write_good
from tests.xaudio.tiny import HighBandDetector, ThreeKinds
from xaudio.classifiers import load_classifier
from xaudio.errors import AudioError, ModelError
from xaudio.explaining import decide, default_method, load_method, open_clip
from xaudio.metrics import eer_threshold, error_rates


def explained(method: str = "input-x-gradient", **more) -> xaudio.ExplainedClip:
    return xaudio.explain((hybrid(), RATE), HighBandDetector(), method, **more)


def mean_square_of_differences(samples: np.ndarray) -> float:
    frames = np.diff(samples.astype(np.float32)) ** 2
    whole = [frames[start : start + 320].mean() for start in range(0, len(frames), 320)]
    return float(np.mean(whole))


def test_the_decision_is_the_models_with_bona_fide_higher():
    clip = open_clip((hybrid(), RATE))
    decision = decide(clip, load_classifier(HighBandDetector()))
    odds = 50 * mean_square_of_differences(clip.samples) - 1
    assert decision.label == "spoof"
    assert decision.score == pytest.approx(-odds, rel=1e-4)
    assert decision.logits["spoof"] == pytest.approx(odds / 2, rel=1e-4)
    assert decision.probabilities["spoof"] == pytest.approx(1 / (1 + np.exp(-odds)), rel=1e-4)
    assert decision.threshold == 0.0


def test_the_threshold_decides():
    clip, classifier = open_clip((hybrid(), RATE)), load_classifier(HighBandDetector())
    score = decide(clip, classifier).score
    assert decide(clip, classifier, threshold=score).label == "bonafide"
    assert decide(clip, classifier, threshold=score + 0.01).label == "spoof"


def test_at_the_threshold_decisions_and_error_rates_agree():
    clip, classifier = open_clip((hybrid(), RATE)), load_classifier(HighBandDetector())
    score = decide(clip, classifier).score
    threshold = eer_threshold([score, score + 1.0], [score, score - 1.0])
    rejected = error_rates([score], [score - 1.0], threshold).false_rejection == 1.0
    assert rejected == (decide(clip, classifier, threshold).label == "spoof")


def test_what_was_decided_is_explained_threshold_and_all():
    for threshold in (-100.0, 100.0):
        found = explained("saliency", target="decided", threshold=threshold)
        assert found.explanation.target == found.decision.label


def test_a_model_that_is_no_detector_gives_its_label_and_lead():
    decision = decide(open_clip((hybrid(), RATE)), load_classifier(ThreeKinds()))
    assert decision.label == "loud"
    assert decision.threshold is None
    assert decision.score == pytest.approx(decision.logits["loud"] - decision.logits["medium"])
    assert "ahead" in decision.sentence


def test_the_clip_is_resampled_at_the_door_and_says_so():
    found = xaudio.explain((hybrid(), RATE), ThreeKinds(), "saliency")
    assert found.clip.sample_rate == 8000
    assert found.provenance.decode_chain[-1].startswith("resampled 16000 -> 8000")
    assert found.explanation.sample_rate == 8000


def test_relevance_falls_where_the_evidence_is():
    found = explained()
    inside = found.explanation.over_segments({"high": [(HIGH_FROM, HIGH_TO)]})
    assert inside["high"] > 10 * abs(inside["rest"])
    heaviest = found.strongest(1)[0]
    assert (heaviest.start, heaviest.end) == (0.5, 0.75)


def test_a_detector_is_explained_as_spoof_minus_bonafide_whatever_it_decided():
    quiet = xaudio.explain((0.01 * hybrid(), RATE), HighBandDetector(), "saliency")
    assert quiet.decision.label == "bonafide"
    assert quiet.explanation.target == explained().explanation.target == "spoof - bonafide"
    assert quiet.explanation.score == pytest.approx(-quiet.decision.score)


def test_another_model_is_explained_as_what_it_decided():
    found = xaudio.explain((hybrid(), RATE), ThreeKinds(), "saliency")
    assert found.explanation.target == "loud"


def test_frame_evidence_is_shown_as_the_target_over_time():
    curve = explained().evidence_curve
    times = curve.start + curve.step * (np.arange(curve.values.size) + 0.5)
    inside = (times > HIGH_FROM) & (times < HIGH_TO)
    assert curve.values[inside].min() > 0 > curve.values[~inside].max()
    negative = explained(target="bonafide - spoof").evidence_curve
    assert negative.values == pytest.approx(-curve.values)


def test_a_model_without_frames_has_no_evidence():
    assert xaudio.explain((hybrid(), RATE), ThreeKinds(), "saliency").evidence_curve is None


def test_path_bytes_clip_and_samples_are_the_same_clip(tmp_path):
    path = write_good(tmp_path / "voice.wav")
    opened = [open_clip(path), open_clip(str(path)), open_clip(path.read_bytes())]
    assert len({clip.digest for clip in opened}) == 1
    assert open_clip(opened[0]) is opened[0]
    assert np.allclose(open_clip((hybrid(), RATE)).samples, opened[0].samples, atol=1e-4)


def test_provenance_says_what_made_it():
    found = explained("smoothgrad", settings={"samples": 4, "seed": 7})
    record = found.provenance
    assert record.model.name == "HighBandDetector"
    assert record.weights_sha256 == load_classifier(HighBandDetector()).fingerprint
    assert record.clip_sha256 == found.clip.digest
    assert record.settings["samples"] == 4
    assert record.seed == 7
    assert found.explanation.provenance["clip_sha256"] == record.clip_sha256
    assert found.explanation.provenance["evaluations"] > 0


def test_a_function_without_gradients_is_explained_by_removal():
    def loudness(waveform):
        level = np.abs(waveform).mean(axis=1)
        return np.stack([level, -level], axis=1)

    classifier = load_classifier(loudness, labels=("spoof", "bonafide"), sample_rate=RATE)
    assert default_method(classifier) == "two-sided-occlusion"
    found = xaudio.explain((hybrid(1.0), RATE), classifier, settings={"window": 0.25, "hop": 0.25})
    assert found.explanation.method == "two-sided-occlusion"
    with pytest.raises(ExplanationError, match="occlusion"):
        xaudio.explain((hybrid(1.0), RATE), classifier, "saliency")


def test_whole_numbers_stand_for_numbers_but_words_do_not():
    assert load_method("occlusion", {"window": 1}).window == 1.0
    for value in ("long", True, [1], None):
        with pytest.raises(ExplanationError, match="'window' of 'occlusion' is a number"):
            load_method("occlusion", {"window": value})
    with pytest.raises(ExplanationError, match="a whole number"):
        load_method("smoothgrad", {"samples": 1.5})


def test_samples_without_a_rate_are_refused():
    with pytest.raises(AudioError, match="sample rate"):
        open_clip(hybrid())


def test_a_threshold_that_is_no_number_is_refused():
    with pytest.raises(ModelError, match="nan"):
        explained(threshold=float("nan"))


@pytest.mark.parametrize(
    "samples", [np.zeros(0), np.zeros(100), np.full(100, np.nan), np.array([0.5])]
)
def test_what_is_no_clip_is_refused(samples):
    with pytest.raises(AudioError):
        xaudio.explain((samples, RATE), HighBandDetector())


def test_a_model_whose_labels_nobody_knows_is_refused_until_they_are_told():
    module = torch.nn.Sequential(torch.nn.AdaptiveAvgPool1d(1), torch.nn.Linear(1, 2))
    with pytest.raises(ModelError, match="labels"):
        xaudio.explain((hybrid(), RATE), module)
    told = xaudio.explain((hybrid(), RATE), module, labels=("fake", "real"), sample_rate=RATE)
    assert told.labels == ("spoof", "bonafide")
    assert told.provenance.model.labels == ("fake", "real")


@pytest.mark.parametrize(
    "wish",
    [
        {"labels": ("real", "fake")},
        {"sample_rate": 8000},
        {"weights": "w.pth"},
        {"device": "cuda"},
    ],
)
def test_a_ready_classifier_takes_no_further_wishes(wish):
    with pytest.raises(ModelError, match="is already a Classifier on cpu"):
        xaudio.explain((hybrid(), RATE), load_classifier(HighBandDetector()), "saliency", **wish)


def test_a_model_file_is_recorded_by_its_path_and_an_object_as_one(tmp_path):
    program = torch.export.export(HighBandDetector().eval(), (torch.zeros(1, RATE),))
    path = tmp_path / "m.pt2"
    torch.export.save(program, path)
    given = {"labels": ("spoof", "bonafide"), "sample_rate": RATE}
    by_path = xaudio.explain((hybrid(), RATE), path, "saliency", **given).provenance.model
    assert (by_path.name, by_path.is_object) == (str(path), False)
    for model in (HighBandDetector(), load_classifier(HighBandDetector())):
        found = xaudio.explain((hybrid(), RATE), model, "saliency").provenance.model
        assert (found.name, found.is_object) == ("HighBandDetector", True)


def test_decided_may_be_written_with_spaces():
    found = explained("saliency", target=" decided ", threshold=-100.0)
    assert found.explanation.target == "bonafide"
