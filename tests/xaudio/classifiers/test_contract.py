import pytest
import torch

from tests.xaudio.classifiers.models import Detector
from xaudio.classifiers import Classifier, check_classifier
from xaudio.errors import ModelError


def wrapped(forward) -> Classifier:
    return Classifier(forward, "small", 4000, ("real", "fake"))


class BatchReader(Detector):
    def forward(self, waveform):
        return super().forward(waveform - waveform.mean(dim=0))


class Gambler(Detector):
    def forward(self, waveform):
        return super().forward(waveform) + torch.rand(1)


class Detached(Detector):
    def forward(self, waveform):
        return super().forward(waveform.detach())


class DeafToTheSecond(Detector):
    def forward(self, waveform):
        return super().forward(torch.cat([waveform[:1], 0 * waveform[1:]]))


class Learner(Detector):
    def forward(self, waveform):
        with torch.no_grad():
            self.head.bias += 1e-7
        return super().forward(waveform)


class Trainee(Detector):
    def forward(self, waveform):
        answer = super().forward(waveform)
        self.train()
        self.drop.eval()
        return answer


def test_a_sound_classifier_passes_and_is_left_as_it_was():
    classifier = wrapped(Detector())
    before = classifier.fingerprint
    check_classifier(classifier)
    assert classifier.fingerprint == before
    assert all(parameter.grad is None for parameter in classifier.module.parameters())


def test_a_function_without_gradients_passes():
    def level(waveform):
        loudness = waveform.std(dim=1)
        return torch.stack([loudness, -loudness], dim=1)

    check_classifier(wrapped(level))


@pytest.mark.parametrize(
    ("module", "promise"),
    [
        (BatchReader, "alone and in a batch"),
        (Gambler, "the same clips gave logits that differ"),
        (Detached, "no finite gradient"),
        (DeafToTheSecond, "alone and in a batch"),
        (Learner, "answering changed its weights"),
        (Trainee, "training mode"),
    ],
)
def test_the_broken_promise_is_named(module, promise):
    with pytest.raises(ModelError, match=f"'small' breaks its contract: .*{promise}"):
        check_classifier(wrapped(module()))


def test_judging_nan_is_named(monkeypatch):
    monkeypatch.setattr("xaudio.classifiers.classifier._check_waveform", lambda waveform: None)
    blind = wrapped(lambda waveform: torch.zeros(len(waveform), 2))
    with pytest.raises(ModelError, match="it judges a clip that holds NaN"):
        check_classifier(blind)
