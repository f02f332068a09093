"""LRP as a method: its promises, its choices, what it refuses."""

import gc
import weakref

import numpy as np
import pytest
import torch
from torch import nn

from explainers.contract import ModuleModel, SmallDetector, check_explainer
from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.lrp import LRP, UnknownOperation, load_composite
from explainers.lrp.choosing import chosen_composite, has_rules
from explainers.lrp.spelling import layer_rules
from explainers.targets import parse_target
from tests.explainers.lrp.networks import get

LABELS = ("bonafide", "spoof")
TARGET = parse_target("spoof - bonafide", LABELS)


class Spectral(nn.Module):
    """Evidence in a band of the log spectrum."""

    def __init__(self, length=64, hop=16):
        super().__init__()
        torch.manual_seed(0)
        self.length, self.hop = length, hop
        self.mix = nn.Conv1d(length // 2 + 1, 8, 3, padding=1)
        self.head = nn.Linear(8, 2)
        self.eval()

    def forward(self, waveform):
        window = torch.hann_window(self.length, device=waveform.device)
        bins = torch.stft(waveform, self.length, self.hop, window=window, return_complex=True)
        levels = (bins.abs() ** 2 + 1e-6).log()
        centred = levels - levels.mean(dim=-1, keepdim=True)
        return self.head(torch.relu(self.mix(centred)).mean(dim=-1))


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad


class WithForeign(SmallDetector):
    def forward(self, waveform):
        return super().forward(Doubled.apply(waveform))


def waveform(clips=3, samples=2000):
    return 0.1 * torch.randn(clips, samples, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "composite", ["", "epsilon", "gamma", "epsilon_plus", "flat_first", "cp", "attnlrp"]
)
def test_it_keeps_what_every_method_promises(composite):
    check_explainer(load_explainer("lrp", composite=composite))


def test_at_the_spectrogram_as_well():
    check_explainer(load_explainer("lrp-stft"), ModuleModel(Spectral(), 4000))


@pytest.mark.parametrize("name", ["lrp", "lrp-stft"])
def test_relevance_and_ledger_are_the_score(name):
    model = ModuleModel(Spectral(), 4000)
    for one in load_explainer(name).explain(model, waveform(), TARGET):
        scale = float(abs(one.relevance).sum()) + abs(one.score)
        assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-5 * scale)
        by_module = [sum(kinds.values()) for kinds in one.provenance["sinks"].values()]
        assert sum(by_module) == pytest.approx(sum(one.ledger.values()), abs=1e-9)


def test_a_tone_is_found_at_its_frequency_and_time():
    module = Spectral()
    with torch.no_grad():
        module.mix.weight.zero_()
        module.mix.weight[0, 16, 1] = 1.0  # the bin of 1000 Hz
        module.head.weight.copy_(torch.eye(8)[:1] * torch.tensor([[-1.0], [1.0]]))
    clip = 0.001 * waveform(1, 4000)
    clip[:, 2000:2400] += 0.5 * torch.sin(2 * torch.pi * 1000 * torch.arange(400) / 4000)
    (one,) = load_explainer("lrp-stft").explain(ModuleModel(module, 4000), clip, TARGET)
    grid = one.over_time_frequency(0.1, [900.0, 1100.0]).relevance
    assert np.unravel_index(abs(grid).argmax(), grid.shape) == (1, 5)
    assert abs(grid[1, 5]) > 0.8 * abs(grid).sum()


def test_without_one_transform_of_the_clip_it_refuses():
    with pytest.raises(ExplanationError, match="0 short-time Fourier transforms"):
        load_explainer("lrp-stft").explain(ModuleModel(SmallDetector()), waveform(), TARGET)

    class Tiled(Spectral):
        def forward(self, waveform):
            return super().forward(waveform.repeat(1, 2))

    with pytest.raises(ExplanationError, match="tiled"):
        load_explainer("lrp-stft").explain(ModuleModel(Tiled(), 4000), waveform(), TARGET)


def test_clips_are_told_apart_even_where_time_comes_first():
    network = get("transformer-time-first")
    clips = network.example(2)
    module = network.build()
    labels = tuple("abcdefgh"[: module(clips).shape[1]])
    model = ModuleModel(module, 1000, labels)
    explainer, target = load_explainer("lrp", composite="epsilon"), parse_target("a", labels)
    if clips.ndim != 2:
        pytest.skip("the network does not take a waveform")
    together = explainer.explain(model, clips, target)
    for one, clip in zip(together, clips, strict=True):
        (alone,) = explainer.explain(model, clip[None], target)
        assert one.ledger == pytest.approx(alone.ledger, abs=1e-5)


def test_rules_for_single_layers_count():
    model = ModuleModel(SmallDetector())
    plain, other = (
        load_explainer("lrp", composite="epsilon", rules=rules).explain(model, waveform(), TARGET)
        for rules in ("", "second=gamma:1; head=epsilon")
    )
    same = load_explainer("lrp", composite="epsilon", rules="nothing=flat")
    assert abs(plain[0].relevance - other[0].relevance).max() > 1e-3
    assert (same.explain(model, waveform(), TARGET)[0].relevance == plain[0].relevance).all()


@pytest.mark.parametrize(
    "rules",
    ["second", "second=", "=gamma", "second=omega", "a=gamma:x", "a=gamma:1:2", "a=gamma:-1"],
)
def test_rules_that_cannot_be_read_are_refused(rules):
    with pytest.raises(ExplanationError):
        layer_rules(rules)
    with pytest.raises(ExplanationError):
        load_explainer("lrp", rules=rules)


def test_an_unknown_composite_is_answered_with_those_there_are():
    with pytest.raises(ExplanationError, match="epsilon_plus"):
        load_explainer("lrp", composite="epsilon_pluss")


def test_the_composite_follows_from_the_operations():
    assert chosen_composite(frozenset({"conv1d", "relu"})).name == "epsilon"
    assert chosen_composite(frozenset({"conv1d", "log"})).name == "gamma"
    assert chosen_composite(frozenset({"conv1d", "layer_norm"})).name == "epsilon_gamma"
    (one, *_) = load_explainer("lrp").explain(ModuleModel(SmallDetector()), waveform(), TARGET)
    assert one.provenance["composite"] == "epsilon"
    assert {"conv1d", "tanh", "relu"} <= set(one.provenance["operations"])


def test_a_model_with_a_foreign_function_is_refused_by_name():
    model = ModuleModel(WithForeign())
    assert has_rules(ModuleModel(SmallDetector())) and not has_rules(model)
    with pytest.raises(UnknownOperation, match="DoubledBackward"):
        load_explainer("lrp").explain(model, waveform(), TARGET)


def test_a_run_that_is_over_leaves_nothing_in_memory():
    module = Spectral()
    gc.disable()
    try:
        x = waveform().requires_grad_()
        with LRP(load_composite("gamma"), module, taps=("mix", ":stft")) as run:
            scores = module(x)[:, 0]
        run.relevance(scores, x)
        gone = weakref.ref(run)
        del run, scores
        assert gone() is None
    finally:
        gc.enable()
