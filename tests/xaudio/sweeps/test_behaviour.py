import numpy as np
import pytest
import torch
from torch import nn

from tests.xaudio.sweeps.small import RATE, loudness
from xaudio.classifiers import load_classifier
from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps.behaviour import behaviour
from xaudio.sweeps.identity import identify

LABELS = ("spoof", "bonafide")
GIVEN = {"labels": LABELS, "sample_rate": RATE}


class Power(nn.Module):
    """No parameters; what it answers is in its attributes and its code."""

    def __init__(self, sign: float = 1.0, noise: float = 0.0):
        super().__init__()
        self.sign = sign
        self.noise = noise
        self.device = "cpu"

    def forward(self, waveform):
        power = self.sign * waveform.square().mean(dim=1)
        power = power * (1 + self.noise * torch.randn(()))
        return torch.stack([power, -power], dim=1)


class Negated(Power):
    """Its code differs, and nothing else."""

    def forward(self, waveform):
        return -super().forward(waveform)


def classifier(module: nn.Module, fit=None) -> Classifier:
    return load_classifier(module, fit=fit, **GIVEN)


def same(one: Classifier, other: Classifier) -> bool:
    return identify(one).digest == identify(other).digest


def test_the_same_model_behaves_the_same_however_often_it_is_asked():
    assert same(classifier(Power()), classifier(Power()))
    model = loudness()
    assert behaviour(model) == behaviour(model)


@pytest.mark.parametrize("other", [Power(-1.0), Power(1.0001)])
def test_attributes_are_part_of_a_model(other):
    assert not same(classifier(Power()), classifier(other))


def test_code_is_part_of_a_model():
    Negated.__qualname__ = Negated.__name__ = "Power"
    assert not same(classifier(Power()), classifier(Negated()))


def test_where_it_lies_and_a_rounding_error_are_none():
    moved = Power()
    moved.device = moved.name_or_path = "elsewhere"

    class Rounded(Power):
        def forward(self, waveform):
            return super().forward(waveform) * (1 + 1e-6)

    Rounded.__qualname__ = "Power"
    assert same(classifier(Power()), classifier(moved))
    assert behaviour(classifier(Power())) == behaviour(classifier(Rounded()))


def test_a_model_that_draws_lots_is_still_the_same_model():
    assert same(classifier(Power(noise=0.5)), classifier(Power(noise=0.5)))


def test_a_model_that_refuses_the_clip_or_takes_long_ones_only_is_identified():
    class Picky(Power):
        def forward(self, waveform):
            raise KeyError("nothing pleases me")

    assert same(classifier(Picky()), classifier(Picky()))
    assert behaviour(classifier(Power(), "crop:64600")) != behaviour(classifier(Picky()))


def turned(sign):
    return lambda clips: sign * np.stack([clips.var(axis=1), -clips.var(axis=1)], axis=1)


@pytest.mark.parametrize("sign", [-1.0, 1.0001])
def test_functions_of_one_source_are_told_apart(sign):
    one, same_again, other = (load_classifier(turned(each), **GIVEN) for each in (1.0, 1.0, sign))
    assert same(one, same_again)
    assert not same(one, other)


def test_programs_of_one_shape_are_told_apart(tmp_path):
    loaded = []
    for name, module in (("one", Power()), ("two", Power(-1.0)), ("three", Power(1.0001))):
        program = torch.export.export(module.eval(), (torch.zeros(1, RATE),))
        torch.export.save(program, tmp_path / f"{name}.pt2")
        loaded.append(load_classifier(tmp_path / f"{name}.pt2", **GIVEN))
    assert len({identify(each).digest for each in loaded}) == 3
    assert same(loaded[0], load_classifier(tmp_path / "one.pt2", **GIVEN))
