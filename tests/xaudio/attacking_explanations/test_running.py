import json
import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from perturbations.attacks import Attack, SnrBudget, load_attack
from perturbations.attacks.explanations import Criteria, Shift, moved_later
from perturbations.attacks.explanations.similarity import cosine_similarity
from perturbations.errors import CorruptionError
from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.tiny import HighBandDetector, ThreeKinds
from xaudio.attacking_explanations import (
    Question,
    attack_explanation,
    rates,
    shift_explanation,
)
from xaudio.audio import clip_from_bytes, clip_from_samples
from xaudio.classifiers import Classifier, load_classifier
from xaudio.errors import ModelError
from xaudio.explaining import decide, explain_clip, load_method

LOUD = SnrBudget(3.0)  # the tests' detector hears loudness, which takes much to change


def voice(scale=1.0):
    return clip_from_samples((scale * hybrid()).astype(np.float32), RATE, "voice.wav")


def lively():
    """As `voice`, no two cells alike: which are strongest does not hang on rounding."""
    loudness = np.random.default_rng(0).uniform(0.3, 1, 100).repeat(RATE // 50)
    return clip_from_samples((loudness * hybrid()).astype(np.float32), RATE, "voice.wav")


def asked(method="input-x-gradient", model=None, clip=None, **more):
    classifier = load_classifier(model or HighBandDetector())
    return Question.about(clip or voice(), classifier, load_method(method, {}), **more)


@pytest.mark.parametrize("name", ["pgd", "square"])
def test_what_is_told_is_what_the_file_gives(name, tmp_path):
    """Asked of the file anew, without any of the attack's code."""
    question = asked(clip=lively())
    steps = {"queries": 30} if name == "square" else {"steps": 10}
    found = attack_explanation(question, load_attack(name, **steps), LOUD)
    found.save(tmp_path / "there")
    told = json.loads((tmp_path / "there" / "attack.json").read_text())
    read = clip_from_bytes((tmp_path / "there" / "attacked.wav").read_bytes(), "attacked.wav")
    method = load_method("input-x-gradient", {})
    maps = [
        explain_clip(clip, question.classifier, method).explanation.over_time(0.02).relevance
        for clip in (lively(), read)
    ]
    cosine = maps[0] @ maps[1] / np.linalg.norm(maps[0]) / np.linalg.norm(maps[1])
    assert told["cosine"] == pytest.approx(cosine, abs=1e-5)
    top = [set(np.argsort(-np.abs(each))[:10]) for each in maps]
    assert told["overlap"] == pytest.approx(len(top[0] & top[1]) / 10)
    decision = decide(read, question.classifier)
    assert told["score_after"] == pytest.approx(decision.score, abs=1e-6)
    assert told["decision_kept"] and decision.label == told["label"] == told["label_after"]
    assert told["snr_db"] > 2.9 and len(told["noise"]) == 3
    assert told["provenance"]["budget"] == {"kind": "SnrBudget", "snr_db": 3.0}
    assert (tmp_path / "there" / "relevance.png").read_bytes().startswith(b"\x89PNG")


def test_an_attack_moves_it_further_than_noise_and_keeps_the_score():
    question = asked(tolerance=0.5, model="lcnn")
    limits = {"stop_at": 1e9}
    found = attack_explanation(question, load_attack("pgd", steps=15, **limits), SnrBudget(35.0))
    assert found.figures.decision_kept
    assert abs(found.judged.after.score - question.before.score) <= 0.5
    by_noise = [each.figures.cosine for each in found.noise if each.figures.decision_kept]
    assert found.figures.cosine < min([*by_noise, 1.0]) - 0.1


def test_the_detectors_own_threshold_decides_what_is_kept():
    """At this threshold the clip is bona fide by a hair, though its larger logit is spoof's."""
    plain = asked()
    assert plain.before.label == "spoof"
    limit = plain.before.score - 0.02
    question = asked(threshold=limit)
    assert question.before.label == "bonafide"
    attack = load_attack("square", queries=20, stop_at=1e9)
    found = attack_explanation(question, attack, SnrBudget(10.0))
    assert found.judged.after.label == "bonafide" and found.judged.after.score >= limit


def test_a_delay_leaves_an_explanation_that_moves_along():
    silent = np.zeros(400, np.float32)
    padded = np.concatenate([silent, hybrid()[:RATE].astype(np.float32), silent])
    question = asked(clip=clip_from_samples(padded, RATE, "voice.wav"))
    found = shift_explanation(question, Shift(0.005, count=4))
    assert found.figures.cosine > 0.99 and not found.figures.moved
    assert found.figures.decision_kept and found.budget is None
    assert all(each.figures.cosine > 0.99 for each in found.noise)
    assert 0 < abs(found.judged.delay) <= 0.005
    told = found.summary()
    assert told["delay_seconds"] == found.judged.delay and told["attack"] == "shift"
    assert found.evaluations == 12


def test_a_delay_is_taken_out_before_anything_is_compared():
    question = asked(clip=lively())
    delayed = moved_later(question.waveform, 120.0)[0]
    aligned = question.judged(delayed, 120 / RATE).figures
    assert aligned.cosine > 0.999 and aligned.overlap > 0.7 and aligned.snr_db > 20
    as_it_is = question.judged(delayed).figures
    assert as_it_is.cosine < 0.99 and as_it_is.snr_db < 3


def test_kept_means_the_same_label_and_a_score_within_the_tolerance():
    samples = voice().waveform[0]
    scale = {"same": 1.0, "near": 0.98, "other label": 0.1}
    for tolerance, kept in {
        math.inf: {"same", "near"},
        1e-3: {"same"},
    }.items():
        question = asked(tolerance=tolerance)
        found = {
            name
            for name, factor in scale.items()
            if question.judged(factor * samples).figures.decision_kept
        }
        assert found == kept


def test_the_lead_that_must_be_kept_is_that_of_the_decided_label():
    score = asked().before.score
    for limit, lead in {score - 0.5: score - 0.5, score + 0.5: -(score + 0.5)}.items():
        question = asked(threshold=limit)
        assert question.before.label == ("bonafide" if limit < score else "spoof")
        assert question.kept.threshold == pytest.approx(lead)
        rows = torch.tensor([0])
        excess = question.kept.excess(question.classifier.logits(question.waveform), rows)
        assert float(excess[0].detach()) == pytest.approx(-0.5, abs=1e-4)


def test_an_attack_begins_at_noise_and_one_that_does_nothing_ends_there():
    @dataclass(frozen=True)
    class Idle(Attack):
        name = "idle"
        needs_gradients = False

        def search(self, trace, ball, generators):
            """Leave everything."""

    question = asked()
    found = attack_explanation(question, Idle(), SnrBudget(20.0))
    assert found.judged.wav == found.noise[0].wav != found.noise[1].wav
    assert found.noise[0].figures.snr_db == pytest.approx(20, abs=0.1)


def test_a_delay_moves_what_hangs_on_frames():
    """A detector that hears only the first half of every 20 ms."""

    class Framed(HighBandDetector):
        def forward(self, waveform):
            gate = (torch.arange(waveform.shape[1]) % 320 < 160).to(waveform)
            return super().forward(waveform * gate)

    times = np.arange(RATE) / RATE
    clicks = np.where(times * 1000 % 40 < 4, 0.3 * np.sin(2 * np.pi * 3000 * times), 0)
    clicks += np.where((times * 1000 + 20 - 14) % 40 < 4, 0.3 * np.sin(2 * np.pi * 3000 * times), 0)
    clip = clip_from_samples(clicks.astype(np.float32), RATE, "clicks.wav")
    criteria = Criteria(pesq=-1.0, stoi=-1.0)
    question = asked(model=Framed(), clip=clip, criteria=criteria)
    found = shift_explanation(question, Shift(0.012, count=12))
    assert found.figures.cosine < 0.2
    alone = cosine_similarity(question.clean, question.clean)
    assert float(alone[0]) == pytest.approx(1)


def test_rates_count_clips_and_draws():
    question = asked(criteria=Criteria(cosine=2.0, overlap=2.0, pesq=-1.0, stoi=-1.0))
    far = attack_explanation(question, load_attack("fgsm"), SnrBudget(30.0))
    found = rates([far, far])
    kept = [each.figures.decision_kept for each in far.noise]
    assert found["attack"].share == far.figures.decision_kept == 1.0
    assert found["noise"].share == np.mean(kept) and found["noise"].count == 6
    strict = asked(criteria=Criteria(cosine=2.0, overlap=2.0, pesq=9.0))
    near = rates([attack_explanation(strict, load_attack("fgsm"), SnrBudget(30.0))])
    assert near["attack"].share == 1.0 and near["attack_gated"].share == 0.0


def test_the_same_key_gives_the_same_file_and_other_repeats_another():
    question = asked()
    attack = load_attack("square", queries=10, stop_at=1e9)
    files = [
        attack_explanation(question, attack, LOUD, repeat=repeat).judged.wav for repeat in (0, 0, 1)
    ]
    assert files[0] == files[1] != files[2]


def test_no_detector_and_a_decided_target():
    clip = clip_from_samples((0.5 * hybrid()[::2]).astype(np.float32), 8000, "loud.wav")
    question = asked(model=ThreeKinds(), clip=clip, method="saliency")
    assert question.before.label == "loud" and question.cells.target.spec == "loud"
    attack = load_attack("square", queries=5)
    found = attack_explanation(question, attack, SnrBudget(20.0), "ranks")
    assert found.figures.decision_kept and found.judged.after.label == "loud"
    assert found.figures.pesq is None and not found.figures.succeeded


def test_what_does_not_fit_is_refused():
    question = asked("two-sided-occlusion")
    with pytest.raises(ExplanationError, match=r"two-sided-occlusion.*square"):
        attack_explanation(question, load_attack("pgd"), LOUD)
    with pytest.raises(CorruptionError, match="sideways"):
        attack_explanation(asked(), load_attack("pgd"), LOUD, "sideways")
    module = HighBandDetector()
    opaque = Classifier(lambda clip: module(clip).detach(), "s", RATE, module.labels)
    with pytest.raises(ModelError, match=r"'s' has none"):
        blind = Question.about(voice(), opaque, load_method("two-sided-occlusion", {}))
        attack_explanation(blind, load_attack("pgd"), LOUD)
    with pytest.raises(ExplanationError, match="whole voice"):
        asked("voice")
    with pytest.raises(CorruptionError, match=r"-1\.0"):
        asked(tolerance=-1.0)
    assert math.isinf(asked().kept.tolerance)
