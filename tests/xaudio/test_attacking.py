import io
import json
import math

import numpy as np
import pytest
import soundfile
import torch

from perturbations.attacks import (
    MaskingBudget,
    PeakBudget,
    SnrBudget,
    Towards,
    check_gradient_masking,
    load_attack,
)
from perturbations.attacks.expectation import rounded
from tests.perturbations.signals import keys, speech_like
from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.tiny import HighBandDetector, ThreeKinds
from xaudio.attacking import attack_clip, wav_on_grid
from xaudio.audio import clip_from_samples
from xaudio.classifiers import Classifier, load_classifier
from xaudio.errors import ModelError
from xaudio.explaining import decide

LOUD = SnrBudget(3.0)  # the tests' detector hears loudness, which takes much to change


def voice(scale=1.0):
    return clip_from_samples((scale * hybrid()).astype(np.float32), RATE, "voice.wav")


def attacked(attack=None, budget=LOUD, clip=None, model=None, towards=None, **more):
    classifier, attack = load_classifier(model or HighBandDetector()), attack or load_attack("pgd")
    return attack_clip(clip or voice(), classifier, attack, budget, towards, **more)


@pytest.fixture(scope="module")
def lcnn():
    return load_classifier("lcnn")


@pytest.fixture(scope="module")
def voices():
    return speech_like(6, 1.0)


def rate_on(lcnn, voices, name, budget, **settings):
    """Share of synthesised voices brought well beyond bona fide, to a score of 5."""
    goal = Towards(torch.ones(len(voices), dtype=torch.long), threshold=5.0)
    attack = load_attack(name, **settings)
    found = attack.run(lcnn.logits, voices, goal, budget, RATE, keys(len(voices)))
    assert torch.allclose(lcnn.score(found.waveform), found.score_after, atol=1e-3)
    return found.success_rate


def test_success_on_the_bundled_detector_grows_with_the_budget(lcnn, voices):
    rates = [rate_on(lcnn, voices, "pgd", SnrBudget(db), steps=20) for db in (90.0, 70.0, 50.0)]
    assert rates == sorted(rates) and rates[0] < 0.5 and rates[-1] == 1
    one_step = rate_on(lcnn, voices, "fgsm", SnrBudget(50.0))
    black_box = rate_on(lcnn, voices, "square", SnrBudget(50.0), queries=30)
    assert one_step < 1 and black_box < 1


def test_the_bundled_detector_is_moved_by_what_its_clips_hide(lcnn, voices):
    assert rate_on(lcnn, voices, "pgd", MaskingBudget(), steps=20) > 0.8


def test_the_bundled_detectors_gradients_are_not_masked(lcnn, voices):
    goal = Towards(torch.ones(3, dtype=torch.long), threshold=5.0)
    budgets = [SnrBudget(db) for db in (80.0, 60.0, 40.0)]
    quick = {"white_box": load_attack("pgd", steps=10)}
    quick["black_box"] = load_attack("square", queries=20)
    report = check_gradient_masking(lcnn.logits, voices[:3], goal, budgets, RATE, keys(3), **quick)
    assert report.passed, report.flags


def test_the_file_holds_what_was_judged_and_the_figures_are_the_files(tmp_path):
    found = attacked()
    files = found.save(tmp_path / "there" / "voice")
    assert {path.name for path in (tmp_path / "there" / "voice").iterdir()} == {
        "attacked.wav",
        "perturbation.wav",
        "attack.json",
    }
    samples, rate = soundfile.read(files["attacked"], dtype="float32")
    assert soundfile.info(files["attacked"]).subtype == "PCM_16" and rate == RATE
    spoof, bonafide = HighBandDetector()(torch.from_numpy(samples)[None])[0].tolist()
    saved = json.loads(files["summary"].read_text())
    assert saved["score_after"] == pytest.approx(bonafide - spoof, abs=1e-5)
    assert saved["score_before"] < 0 < saved["score_after"] and saved["succeeded"] is True
    assert (saved["label_before"], saved["label_after"]) == ("spoof", "bonafide")
    change = samples.astype(float) - hybrid().astype(np.float32)
    ratio = 10 * np.log10((hybrid() ** 2).sum() / (change**2).sum())
    assert saved["snr_db"] == pytest.approx(ratio, abs=1e-3) and ratio > 2.99
    assert saved["linf"] == pytest.approx(np.abs(change).max(), abs=1e-7)
    assert saved["evaluations"] == len(saved["margins"])
    alone, _ = soundfile.read(files["perturbation"], dtype="float32")
    assert np.allclose(alone, change, atol=1e-6)
    assert saved["provenance"]["budget"] == {"kind": "SnrBudget", "snr_db": 3.0}


def test_a_decision_that_rounding_would_undo_is_found_with_it():
    """A detector of the last bit: what floats reach below half a step, the file has not."""

    class LastBit(torch.nn.Module):
        labels, sample_rate = ("spoof", "bonafide"), RATE

        def forward(self, waveform):
            score = 1e4 * (waveform.mean(dim=1) - 0.4 / 32768)
            return torch.stack([-score, score], dim=1)

    clip = clip_from_samples(np.tile([0.25, -0.25], 500).astype(np.float32), RATE)
    too_small = attacked(budget=PeakBudget(0.45 / 32768), model=LastBit(), clip=clip)
    enough = attacked(budget=PeakBudget(0.9 / 32768), model=LastBit(), clip=clip)
    assert not too_small.succeeded and too_small.survived_rounding
    assert enough.succeeded and enough.survived_rounding
    assert enough.after.score == pytest.approx(float(enough.attacked.score_after[0]), abs=1e-3)


def test_rounding_by_the_file_is_our_rounding():
    samples = torch.tensor([-1.0, 1.0, 0.3, 1e-5, -0.77777])
    back, _ = soundfile.read(io.BytesIO(wav_on_grid(samples, RATE)), dtype="float32")
    assert np.array_equal(back, rounded(samples[None])[0].numpy())


def test_clips_that_are_there_already_are_told_so():
    found = attacked(towards="spoof")
    assert found.already and found.succeeded
    assert found.summary()["evaluations"] == 1 and found.summary()["snr_db"] > 60
    assert math.isfinite(found.summary()["snr_db"])  # the rounding to 16 bits


@pytest.mark.parametrize("threshold", [-30.0, 5.0])
def test_the_goal_is_the_decision_at_the_threshold(threshold):
    classifier = load_classifier(HighBandDetector())
    score = decide(voice(), classifier).score
    for towards, limit in (("bonafide", score + 0.1), ("spoof", score - 0.1)):
        found = attacked(towards=towards, threshold=limit)
        assert not found.already and found.succeeded and found.after.label == towards
        assert (found.after.score >= limit) == (towards == "bonafide")
    assert attacked(threshold=threshold).before.threshold == threshold


def test_other_models_lose_their_label_or_arrive_at_one():
    clip = clip_from_samples(0.2 * hybrid().astype(np.float32), 8000)
    lost = attacked(budget=SnrBudget(-10.0), model=ThreeKinds(), clip=clip)
    assert lost.goal == "away from loud" and lost.before.label == "loud"
    there = attacked(budget=SnrBudget(-1.0), model=ThreeKinds(), clip=clip, towards="quiet")
    assert there.goal == "towards quiet" and there.succeeded == (there.after.label == "quiet")


def test_a_clip_of_another_rate_or_too_loud_is_made_to_fit():
    clip = clip_from_samples((2.5 * hybrid()).astype(np.float32), 8000, "loud.wav")
    found = attacked(clip=clip, budget=SnrBudget(20.0))
    assert found.original.sample_rate == RATE and np.abs(found.original.samples).max() <= 1
    chain = found.summary()["provenance"]["decode_chain"]
    assert any("resampled" in step for step in chain) and "turned down" in chain[-1]


def test_a_model_without_gradients_is_attacked_by_its_scores():
    module = HighBandDetector()

    def scores(waveform):
        with torch.no_grad():
            return module(waveform)

    classifier = Classifier(scores, "scores", RATE, ("spoof", "bonafide"))
    with pytest.raises(ModelError, match=r"'pgd'.*'scores'.*square"):
        attack_clip(voice(), classifier, load_attack("pgd"), LOUD)
    quiet = clip_from_samples(speech_like(1, 0.5)[0].numpy(), RATE)
    score = decide(quiet, classifier).score
    square = load_attack("square", queries=200)
    found = attack_clip(quiet, classifier, square, SnrBudget(3.0), "spoof", threshold=score - 0.1)
    assert found.succeeded and found.after.score < score - 0.1


def test_the_same_key_gives_the_same_file_and_a_repeat_another():
    quick = {"attack": load_attack("square", queries=30), "budget": SnrBudget(20.0)}
    quick.update(towards="spoof", threshold=-100.0)
    first, again = attacked(**quick), attacked(**quick)
    assert first.wav == again.wav and attacked(**quick, repeat=1).wav != first.wav


def test_a_label_the_model_lacks_is_refused():
    with pytest.raises(ModelError, match=r"dog.*spoof, bonafide"):
        attacked(towards="dog")


def test_progress_is_told_and_may_stop():
    shares = []
    attacked(progress=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1

    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attacked(progress=stop)
