import pytest
import torch
from torch import nn

from tests.xaudio.sweeps.small import RATE, Loudness
from xaudio.classifiers.classifier import Classifier
from xaudio.errors import SweepError
from xaudio.sweeps.scoring import MOST_AT_ONCE, judge


class Fixed(nn.Module):
    """The logits are the first samples."""

    def forward(self, waveform):
        return waveform[:, :3]


DIGITS = Classifier(Fixed(), "digits", RATE, ("one", "two", "three"))


def clip(*samples):
    return torch.tensor([[*samples, 0.0, 0.0]])


def test_a_detectors_score_is_bona_fide_minus_spoof():
    detector = Classifier(Loudness(), "loud", RATE, ("spoof", "bonafide"))
    (judged,) = judge([clip(1.0, 1.0, 1.0)], ["spoof"], detector)
    assert judged.score == pytest.approx(-2 * (0.6 - 0.02), abs=1e-6)
    assert judged.decided == "spoof"


def test_any_other_classifiers_score_is_the_margin_of_the_clips_own_label():
    right, wrong, unknown = judge(
        [clip(0.5, 0.1, 0.3), clip(0.5, 0.1, 0.9), clip(1.0, 0.0, 0.0)],
        ["one", "one", "nine"],
        DIGITS,
    )
    assert (right.score, right.decided) == (pytest.approx(0.2), "one")
    assert (wrong.score, wrong.decided) == (pytest.approx(-0.4), "three")
    assert unknown.score is None
    assert "'nine' is none of the model's" in unknown.error


class Device(nn.Module):
    """Has so much memory; counts how many clips come at once."""

    def __init__(self, memory):
        super().__init__()
        self.memory, self.batches = memory, []

    def forward(self, waveform):
        if len(waveform) > self.memory:
            raise torch.OutOfMemoryError("too little")
        if (waveform[:, 0] > 5).any():
            raise ValueError("too loud")
        self.batches.append(len(waveform))
        return waveform[:, :2]


@pytest.mark.parametrize("memory", [1000, 7, 1])
def test_many_at_once_says_the_same_as_one_by_one(memory, monkeypatch):
    module = Device(memory)
    model = Classifier(module, "device", RATE, ("spoof", "bonafide"))
    random = torch.Generator().manual_seed(0)
    waveforms = [
        torch.randn(1, 20 + number % 2, generator=random) for number in range(MOST_AT_ONCE * 3)
    ]
    waveforms[5][0, 0] = 9.0
    alone = judge(waveforms, [""] * len(waveforms), model)
    assert set(module.batches) == {1}, "which is as fast on a processor, and kinder to its caches"
    monkeypatch.setattr("xaudio.sweeps.scoring._at_once", lambda _: MOST_AT_ONCE)
    module.batches.clear()
    together = judge(waveforms, [""] * len(waveforms), model)
    assert [one.score for one in together] == [one.score for one in alone]
    assert "too loud" in together[5].error
    assert memory / 2 < max(module.batches) <= memory or memory > MOST_AT_ONCE
    assert (max(module.batches) == MOST_AT_ONCE) == (memory > MOST_AT_ONCE)


def test_a_lack_of_memory_for_a_single_clip_ends_the_sweep():
    model = Classifier(Device(0), "device", RATE, ("spoof", "bonafide"))
    with pytest.raises(SweepError, match=r"Memory ran out \(too little\).*fewer workers"):
        judge([torch.zeros(1, 20)], [""], model)


def test_half_precision_is_another_answer():
    class Linear(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(50, 2)

        def forward(self, waveform):
            return self.layer(waveform)

    torch.manual_seed(0)
    model = Classifier(Linear(), "linear", RATE, ("spoof", "bonafide"))
    waveform = torch.randn(1, 50)
    (full,) = judge([waveform], [""], model)
    (half,) = judge([waveform], [""], model, "bfloat16")
    assert half.score != full.score
    assert half.score == pytest.approx(full.score, abs=0.05)
