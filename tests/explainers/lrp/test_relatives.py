import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from explainers.contract import ModuleModel, SmallDetector, check_explainer
from explainers.explainer import explainers, load_explainer
from explainers.lrp import LRP, composites, lrp, z_plus
from explainers.lrp.relatives import (
    ExcitationBackprop,
    GuidedBackprop,
    excitation_backprop,
    guided_backprop,
)
from explainers.targets import parse_target
from tests.explainers.lrp.networks import get
from tests.explainers.lrp.oracles import chain, stored

ZENNIT = json.loads((Path(chain.__file__).parent / "zennit.json").read_text())
NETWORKS = pytest.mark.parametrize("case", ZENNIT["networks"], ids=lambda case: case["name"])


class Flat(nn.Module):
    """A stored network that takes what it looks at as one row."""

    def __init__(self, case):
        super().__init__()
        self.network = stored.network(case)
        self.shape = stored.tensor(case["input"]).shape[1:]
        self.eval()

    def forward(self, waveform):
        return self.network(waveform.reshape(-1, *self.shape))


def explained(method, case, target="one"):
    model = ModuleModel(Flat(case), 100, ("zero", "one"))
    clips = stored.tensor(case["input"]).flatten(1)
    found = method.explain(model, clips, parse_target(target, model.labels))
    return found, np.stack([one.relevance for one in found])


@NETWORKS
def test_guided_backprop_is_the_size_of_zennits_gradient(case):
    _, found = explained(GuidedBackprop(), case)
    expected = stored.tensor(case["gradient_in"]["guided_backprop"]).flatten(1).abs()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@NETWORKS
def test_guided_backprop_is_the_papers(case):
    seed = stored.tensor(case["gradient_out"])
    plain = chain.guided_gradient(stored.network(case), stored.tensor(case["input"]), seed)
    _, found = explained(GuidedBackprop(), case)
    np.testing.assert_allclose(found, np.abs(plain).reshape(found.shape), rtol=1e-9, atol=1e-12)


@NETWORKS
def test_excitation_backprop_is_zennits(case):
    _, found = explained(ExcitationBackprop(), case)
    expected = stored.tensor(case["relevance_in"]["default"]["excitation_backprop"]).flatten(1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * float(expected.abs().max()))


@NETWORKS
def test_without_a_stabiliser_excitation_backprop_is_zennits_to_the_last_digits(case):
    bare = replace(excitation_backprop(), dense=z_plus(1e-12), convolution=z_plus(1e-12))
    x = stored.tensor(case["input"]).requires_grad_()
    network = stored.network(case)
    with lrp(bare, network) as run:
        score = network(x)[:, 1]
    expected = stored.tensor(case["relevance_in"]["small"]["excitation_backprop"])
    torch.testing.assert_close(run.relevance(score, x), expected, rtol=1e-8, atol=1e-9)


@NETWORKS
def test_excitation_of_one_logit_has_its_sign_and_is_accounted_for(case):
    for one in explained(ExcitationBackprop(), case)[0]:
        assert (one.relevance * np.sign(one.score) >= 0).all() and one.relevance.any()
        assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-9)


@NETWORKS
def test_excitation_of_a_contrast_is_the_contrastive_form(case):
    contrast, one, zero = (
        explained(ExcitationBackprop(), case, target)[1] for target in ("one - zero", "one", "zero")
    )
    np.testing.assert_allclose(contrast, one - zero, rtol=0, atol=1e-4 * np.abs(one).max())


def test_a_sample_that_is_negative_counts_by_its_contribution():
    module = nn.Sequential(nn.Linear(4, 2, bias=False)).double().eval()
    module[0].weight.data = torch.tensor([[0.0] * 4, [1.0, -2.0, 3.0, -4.0]]).double()
    model = ModuleModel(module, 100, ("zero", "one"))
    clip = torch.tensor([[0.5, -0.5, -0.1, 0.2]]).double()
    one = ExcitationBackprop().explain(model, clip, parse_target("one", model.labels))[0]
    # Contributions 0.5, 1.0, -0.3 and -0.8: the first two share the score of 0.4.
    np.testing.assert_allclose(one.relevance, [0.4 / 3, 0.8 / 3, 0, 0], rtol=1e-5)


@pytest.mark.parametrize("name", ["guided-backprop", "excitation-backprop"])
def test_they_keep_every_promise(name):
    check_explainer(load_explainer(name))
    assert name in explainers.names()


def test_guided_backprop_differs_from_saliency_on_the_small_detector():
    model = ModuleModel(SmallDetector())
    clips = torch.randn(1, 400, generator=torch.Generator().manual_seed(0))
    target = parse_target("spoof", model.labels)
    guided, plain = (
        load_explainer(name).explain(model, clips, target)[0].relevance
        for name in ("guided-backprop", "saliency")
    )
    assert np.abs(guided - plain).max() > 0.1 * plain.max()


class Overwriting(nn.Module):
    """Writes to what it is given."""

    def forward(self, waveform):
        waveform.mul_(2.0)
        return torch.stack([waveform[:, 0], waveform[:, 1].relu()], dim=1)


def test_a_model_may_write_to_its_input():
    model = ModuleModel(Overwriting().eval(), 100, ("zero", "one"))
    clip = torch.tensor([[0.1, 0.2, 0.3]])
    one = GuidedBackprop().explain(model, clip.clone(), parse_target("one", model.labels))[0]
    np.testing.assert_allclose(one.relevance, [0, 2, 0])


def test_the_composite_that_keeps_accounts_can_be_chosen():
    assert "excitation_backprop" in composites.names()
    assert "guided_backprop" not in composites.names()


RECTIFIERS = frozenset(["relu", "relu_", "gelu", "silu", "leaky_relu", "elu", "selu", "mish"])


class GuidedByHooks(TorchFunctionMode):
    """The plain gradient, rectified where a rectifier was called."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if getattr(function, "__name__", "") in RECTIFIERS and result.requires_grad:
            result.register_hook(lambda gradient: gradient.clamp(min=0))
        return result


def both_gradients(name):
    network = get(name)
    module, clips = network.build().double(), network.example(2).double()

    def gradient(mode):
        leaf = clips.clone().requires_grad_()
        with mode:
            score = module(leaf.clone())[:, 1]
        if isinstance(mode, LRP):
            return mode.propagate(score, leaf)[1]
        return torch.autograd.grad(score.sum(), leaf)[0]

    return gradient(LRP(guided_backprop(), module)), gradient(GuidedByHooks())


@pytest.mark.parametrize(
    "name",
    [
        "audionet",
        "alexnet",
        "transformer",
        "transformer-pre-norm",
        "transformer-causal",
        "wav2vec2-layer-eager",
        "wav2vec2-sdpa",
        "ast-eager",
        "whisper-sdpa",
    ],
)
def test_apart_from_rectifiers_it_is_the_plain_gradient(name):
    if any(name.startswith(one) for one in ("wav2vec2", "ast", "whisper")):
        pytest.importorskip("transformers")
    found, expected = both_gradients(name)
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", ["conformer", "lcnn", "crnn-gru", "ecapa", "aasist"])
def test_gates_logarithms_and_recurrences_are_no_rectifiers(name):
    found, expected = both_gradients(name)
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-12)
