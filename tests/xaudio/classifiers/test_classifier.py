import tempfile

import numpy as np
import pytest
import torch
from torch import nn

from explainers.errors import NotFiniteScore
from explainers.explainer import ExplainableModel, FrameEvidence, load_explainer
from explainers.targets import parse_target
from tests.xaudio.classifiers.models import Detector, FrameDetector
from xaudio.classifiers import Classifier
from xaudio.classifiers.fit import Windows
from xaudio.errors import AudioError, ModelError, NotFiniteAnswer
from xaudio.models.weights import fingerprint

LABELS = ("real", "fake")


def wrapped(module: nn.Module, **more) -> Classifier:
    return Classifier(module, "small", 8000, LABELS, **more)


@pytest.fixture
def clips():
    return 0.1 * torch.randn(3, 800, generator=torch.Generator().manual_seed(0))


def test_logits_are_the_modules_own_in_evaluation_mode(clips):
    module = Detector().train()
    classifier = wrapped(module)
    assert isinstance(classifier, ExplainableModel)
    assert torch.equal(classifier(clips), module.eval()(clips))


def test_score_is_higher_for_bona_fide(clips):
    classifier = wrapped(Detector())
    logits = classifier(clips)
    assert classifier.labels == ("bonafide", "spoof")
    assert torch.equal(classifier.score(clips), logits[:, 0] - logits[:, 1])
    turned = Classifier(Detector(), "small", 8000, ("fake", "real"))
    assert torch.equal(turned.score(clips), -classifier.score(clips))


def test_default_targets(clips):
    assert wrapped(Detector()).default_target == "spoof - bonafide"
    other = Classifier(Detector(), "small", 8000, ("dog", "cat"))
    assert other.default_target == "decided"
    with pytest.raises(ModelError, match="labels dog, cat; only a detector"):
        other.score(clips)


def test_lengths_hide_the_padding(clips):
    classifier = wrapped(Detector())
    padded = clips.clone()
    padded[1, 500:] = 7.0
    found = classifier.logits(padded, torch.tensor([800, 500, 800]))
    assert torch.allclose(found[1:2], classifier(clips[1:2, :500]))
    assert torch.allclose(found[::2], classifier(clips[::2]))
    with pytest.raises(AudioError, match="The lengths"):
        classifier.logits(clips, torch.tensor([800, 801, 1]))


def test_windows_average_the_logits(clips):
    classifier = wrapped(Detector(), fit=Windows(400, 400))
    halves = [classifier.module(half) for half in clips.split(400, dim=1)]
    assert torch.allclose(classifier(clips), torch.stack(halves).mean(dim=0), atol=1e-6)


def test_gradients_reach_the_samples(clips):
    samples = clips.requires_grad_()
    wrapped(Detector(), fit=Windows(400, 200)).score(samples).sum().backward()
    assert samples.grad.any(dim=1).all()


def test_layers_can_be_tapped():
    classifier = wrapped(Detector())
    assert classifier.layers == ("conv", "drop", "head")
    assert set(classifier.layers) <= set(dict(classifier.module.named_modules()))


def test_frame_evidence_is_there_where_the_module_has_it(clips):
    assert wrapped(Detector()).frame_evidence(clips) is None
    evidence = wrapped(FrameDetector()).frame_evidence(clips)
    assert isinstance(evidence, FrameEvidence)
    assert torch.allclose(evidence.logits.mean(dim=1), wrapped(Detector())(clips), atol=1e-5)


def test_fingerprint_follows_the_weights():
    one, other = wrapped(Detector()), wrapped(Detector())
    assert one.fingerprint == other.fingerprint == fingerprint(Detector().state_dict())
    other.module.head.bias.data += 1
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize("spoil", [float("nan"), float("inf")])
def test_samples_that_are_not_finite_are_refused(clips, spoil):
    clips[1, 5] = spoil
    with pytest.raises(AudioError, match="NaN or infinite samples"):
        wrapped(Detector())(clips)
    with pytest.raises(AudioError, match="NaN or infinite samples"):
        wrapped(FrameDetector()).frame_evidence(clips)


def test_an_empty_waveform_is_refused():
    with pytest.raises(AudioError, match=r"shape \(2, 0\)"):
        wrapped(Detector())(torch.zeros(2, 0))


def test_a_clip_too_short_for_the_model_is_refused_with_its_length():
    with pytest.raises(ModelError, match=r"'small' cannot take 4 samples \(0.001 s\)"):
        wrapped(Detector())(torch.ones(1, 4))


@pytest.mark.parametrize(
    ("labels", "answer", "message"),
    [
        (("a", "b", "c"), lambda module, x: module(x), r"answered \(3, 2\).*expected.*\(3, 3\)"),
        (LABELS, lambda module, x: (module(x), 0), "answered tuple"),
        (LABELS, lambda module, x: module(x) * float("nan"), "NaN or infinite logits"),
    ],
)
def test_answers_that_break_the_promise_are_refused(clips, labels, answer, message):
    module = Detector()
    classifier = Classifier(lambda x: answer(module, x), "broken", 8000, labels)
    with pytest.raises(ModelError, match=message):
        classifier(clips)


def test_unusable_settings_are_refused():
    with pytest.raises(ModelError, match="The device 'abacus' cannot be used"):
        wrapped(Detector(), device="abacus")
    with pytest.raises(ModelError, match="sample rate of 0 Hz"):
        Classifier(Detector(), "small", 0, LABELS)


class Stumbling(Detector):
    def __init__(self, error, evidence=None):
        super().__init__()
        self.error = error
        self.evidence = evidence

    def forward(self, waveform):
        raise self.error

    def frame_logits(self, waveform):
        if self.evidence is None:
            raise self.error
        return self.evidence


@pytest.mark.parametrize("error", [TypeError("not so"), KeyError("band"), ZeroDivisionError("no")])
def test_whatever_a_model_raises_is_told_as_the_models(clips, error):
    classifier = Classifier(Stumbling(error), "stumbling", 8000, ("real", "fake"))
    for ask in (classifier.logits, classifier.frame_evidence):
        said = f"'stumbling' cannot take .*{type(error).__name__}"
        with pytest.raises(ModelError, match=said) as refused:
            ask(clips)
        assert refused.value.__cause__ is error


def test_a_lack_of_memory_is_not_the_models_fault(clips):
    classifier = Classifier(Stumbling(MemoryError()), "large", 8000, ("real", "fake"))
    with pytest.raises(MemoryError):
        classifier.logits(clips)


def test_frame_evidence_must_say_when_its_frames_are(clips):
    stumbling = Stumbling(None, evidence=torch.zeros(3, 10, 2))
    classifier = Classifier(stumbling, "stumbling", 8000, ("real", "fake"))
    with pytest.raises(ModelError, match=r"answered Tensor; expected .*FrameEvidence"):
        classifier.frame_evidence(clips)


@pytest.mark.parametrize("device", ["meta", "abacus", "", "cuda:99", "cpu:x"])
def test_a_device_that_cannot_compute_is_refused_and_nothing_moves(device):
    classifier = Classifier(Detector(), "detector", 8000, ("real", "fake"))
    with pytest.raises(ModelError, match=f"The device '{device}' cannot be used"):
        classifier.to(device)
    assert classifier.device == torch.device("cpu")
    assert {tensor.device.type for tensor in classifier.module.parameters()} == {"cpu"}


def test_a_digest_joins_the_weights_in_the_fingerprint():
    def fingerprint_with(digest):
        return Classifier(Detector(), "d", 8000, ("real", "fake"), digest=digest).fingerprint

    assert fingerprint_with("a") == fingerprint_with("a") != fingerprint_with("b")
    assert fingerprint_with("a") != fingerprint_with("")


def test_the_same_classifier_around_another_module_sees_clips_as_this_one_does(clips):
    classifier = wrapped(
        Detector(), fit=Windows(length=300, hop=300), summary="One line.", digest="abc"
    )
    other = Detector()
    torch.nn.init.ones_(other.head.weight)
    again = classifier.with_module(other.train())
    assert again.module is other and not other.training
    assert torch.equal(again(clips), wrapped(other, fit=classifier.fit)(clips))
    assert not torch.equal(again(clips), classifier(clips))
    for name in ("name", "sample_rate", "labels", "fit", "device", "summary"):
        assert getattr(again, name) == getattr(classifier, name)
    assert again.fingerprint != classifier.fingerprint
    assert classifier.with_module(classifier.module).fingerprint == classifier.fingerprint


def test_an_answer_that_is_not_finite_is_one_for_both_floors(clips):
    classifier = Classifier(lambda x: x[:, :2] / 0, "broken", 8000, LABELS)
    with pytest.raises(NotFiniteAnswer, match="'broken' answered with NaN") as refused:
        classifier(clips)
    assert isinstance(refused.value, ModelError) and isinstance(refused.value, NotFiniteScore)


def test_removal_names_the_part_without_which_a_classifier_answers_nan(
    clips, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where it is kept

    def fragile(waveform):
        broken = (waveform[:, 400:600] == 0).all(dim=1) & (waveform[:, :400] != 0).any(dim=1)
        logits = torch.stack([waveform.sum(dim=1), waveform.square().sum(dim=1)], dim=1)
        return logits.masked_fill(broken[:, None], torch.nan)

    classifier = Classifier(fragile, "fragile", 8000, LABELS)
    target = parse_target(classifier.default_target, classifier.labels)
    method = load_explainer("leave-one-out", segments="windows:0.025", fill="zeros", joint=0.0)
    with pytest.raises(NotFiniteScore, match=r"where 0\.05-0\.07 s is taken away") as refused:
        method.explain(classifier, clips, target)
    path = str(refused.value).split("kept in ")[1].split(".npz")[0] + ".npz"
    with np.load(path, allow_pickle=False) as kept:
        waveform = torch.from_numpy(kept["waveform"])[None]
    with pytest.raises(NotFiniteAnswer):
        classifier(waveform)


@pytest.mark.parametrize(
    "words", ["CUDA out of memory", "DefaultCPUAllocator: can't allocate memory"]
)
def test_removal_takes_smaller_batches_where_a_classifier_lacks_memory(clips, words):
    detector, sizes = Detector().eval(), []

    def small(waveform):
        sizes.append(len(waveform))
        if len(waveform) > 5:
            raise RuntimeError(words)
        with torch.no_grad():
            return detector(waveform)

    target = parse_target("spoof - bonafide", ("bonafide", "spoof"))
    settings = {"segments": "windows:0.01", "fill": "zeros", "batch_size": 64}
    method = load_explainer("leave-one-out", **settings)
    found = method.explain(Classifier(small, "small", 8000, LABELS), clips[:2], target)
    expected = method.explain(wrapped(detector), clips[:2], target)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.relevance, other.relevance, atol=1e-5)
    assert max(sizes[-3:]) <= 5
