"""Every rule gives what the plain rules and zennit give, sinks included."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from explainers.errors import ExplanationError
from explainers.lrp import AlphaBeta, Epsilon, Gamma, lrp, z_plus
from explainers.lrp.ledger import sinks_by_kind
from tests.explainers.lrp.linear_cases import (
    LAYERS,
    RULES,
    answer,
    arriving_at,
    check,
    clips,
    everywhere,
    layer,
)
from tests.explainers.lrp.oracles import plain, stored

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

ZENNIT = json.loads((Path(__file__).parent / "oracles" / "zennit.json").read_text())
OURS = {
    "epsilon_1e-6": Epsilon(1e-6),
    "epsilon_0.1": Epsilon(0.1),
    "epsilon_1": Epsilon(1.0),
    "epsilon_1e-6_without_bias": Epsilon(1e-6, bias=False),
    "z_plus": z_plus(),
    "gamma_0.25": Gamma(0.25),
    "gamma_10": Gamma(10.0),
    "alpha2_beta1": AlphaBeta(2.0, 1.0),
    "alpha1_beta0": AlphaBeta(1.0, 0.0),
}
BIAS_TAKEN_AWAY = {
    "z_plus_without_bias": z_plus(),
    "alpha2_beta1_without_bias": AlphaBeta(2.0, 1.0),
}


@pytest.mark.parametrize("kind", ["signed", "non_negative"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no_bias"])
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("rule", RULES)
def test_rule_gives_the_plain_rules_relevance_and_sinks(rule, name, bias, kind):
    check(*RULES[rule], name, bias, kind)


# Relevance is activation x coefficient, so an output that is zero has none to hand on. In zennit's
# cases its inputs are zero too and change nothing, but where they cancel.
CASES = [case for case in ZENNIT["layers"] if not case["name"].endswith("cancelling")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_rules_give_zennits_answers(case):
    module, x = stored.layer(case), stored.tensor(case["input"])
    arriving = stored.tensor(case["relevance_out"])
    for name, rule in OURS.items():
        if name in case["relevance_in"]:
            found = answer(rule, module, x, arriving).inputs
            expected = stored.tensor(case["relevance_in"][name])
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11, msg=name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_layers_without_their_bias_give_zennits_answers_that_ignore_it(case):
    module, x = stored.layer(case), stored.tensor(case["input"])
    module.bias = None
    for name, rule in BIAS_TAKEN_AWAY.items():
        if name in case["relevance_in"]:
            found = answer(rule, module, x, stored.tensor(case["relevance_out"])).inputs
            expected = stored.tensor(case["relevance_in"][name])
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11, msg=name)


@pytest.mark.parametrize("name", LAYERS)
def test_epsilon_of_zero_is_input_times_gradient_and_the_bias_takes_its_part(name):
    module, x = layer(name), clips(name, "signed")
    weights = torch.randn_like(module(x))
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad((module(leaf) * weights).sum(), leaf)
    found = answer(Epsilon(0.0), module, x, module(x).detach() * weights)
    torch.testing.assert_close(found.inputs, x * gradient, rtol=1e-12, atol=1e-12)
    _, bias = plain.as_matrix(module, x.shape[1:])
    expected = weights.flatten(1) @ torch.from_numpy(bias)
    torch.testing.assert_close(found.sink("bias"), expected)


@pytest.mark.parametrize("rule", ["epsilon_small", "gamma", "z_plus", "alpha2_beta1"])
@pytest.mark.parametrize("name", ["linear", "conv1d_padded", "conv_transpose2d"])
def test_single_precision_is_close_to_double(rule, name):
    module, x = layer(name), clips(name, "signed")
    with torch.no_grad():
        arriving = arriving_at(module(x))
    expected = answer(RULES[rule][0], module, x, arriving)
    found = answer(RULES[rule][0], module.float(), x.float(), arriving.float())
    assert found.inputs.dtype == torch.float32
    scale = float(expected.inputs.abs().max())
    error = (found.inputs.double() - expected.inputs).abs().max()
    assert error < 1e-4 * scale
    missing = found.total() - arriving.flatten(1).sum(dim=1)
    assert missing.abs().max() < 1e-4 * scale


class Alone(nn.Module):
    """Runs a layer on a single clip without its batch axis."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x.squeeze(0)).unsqueeze(0)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "name",
    [
        "linear",
        "conv1d_strided",
        "conv1d_same_even",
        "conv2d_grouped",
        "conv_transpose1d",
    ],
)
def test_unbatched_inputs_give_what_a_batch_of_one_gives(rule, name):
    module, x = layer(name), clips(name, "signed")[:1]
    with torch.no_grad():
        arriving = arriving_at(module(x))
    expected = answer(RULES[rule][0], module, x, arriving)
    found = answer(RULES[rule][0], Alone(module), x, arriving)
    torch.testing.assert_close(found.inputs, expected.inputs)
    for kind in ("bias", "epsilon"):
        torch.testing.assert_close(found.sink(kind), expected.sink(kind))


@pytest.mark.parametrize("rule", RULES)
def test_output_that_is_zero_carries_nothing(rule):
    # 2 x 3 - 3 x 2 cancels exactly; there is no sign to stabilise towards.
    module = nn.Linear(2, 2, bias=False).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[3.0, -2.0], [1.0, 1.0]]))
    x = torch.tensor([[2.0, 3.0]], dtype=torch.float64)
    with lrp(everywhere(RULES[rule][0]), module) as run:
        leaf = x.clone().requires_grad_()
        scores = module(leaf)[:, 0]
    relevance = run.relevance(scores, leaf)
    assert bool(relevance.isfinite().all())
    total = relevance.sum() + sum(sinks_by_kind(run.flows).values()).sum()
    assert abs(float(total)) < 1e-12


@pytest.mark.parametrize(
    "rule", [Epsilon(0.0, bias=False), Gamma(0.25, 0.0), AlphaBeta(2.0, 1.0, 0.0), z_plus(0.0)]
)
def test_without_a_stabiliser_silence_still_leaves_nothing_unaccounted(rule):
    module, silence = layer("conv1d"), torch.zeros(2, 2, 7, dtype=torch.float64)
    arriving = module(silence).detach()
    found = answer(rule, module, silence, arriving)
    assert bool((found.inputs == 0).all())
    torch.testing.assert_close(found.total(), arriving.flatten(1).sum(dim=1))


def test_the_bias_takes_nothing_when_it_is_left_out():
    module, x = layer("conv1d"), clips("conv1d", "signed")
    arriving = module(x).detach()
    found = answer(Epsilon(0.0, bias=False), module, x, arriving)
    assert "bias" not in found.sinks
    torch.testing.assert_close(found.inputs.flatten(1).sum(1), arriving.flatten(1).sum(1))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Epsilon(-1e-6),
        lambda: Epsilon(float("nan")),
        lambda: Epsilon(float("inf")),
        lambda: Gamma(-0.1),
        lambda: Gamma(float("inf")),
        lambda: Gamma(0.25, -1.0),
        lambda: AlphaBeta(2.0, 2.0),
        lambda: AlphaBeta(0.5, -0.5),
        lambda: AlphaBeta(2.0, 1.0, -1.0),
        lambda: z_plus(-1.0),
    ],
)
def test_settings_that_make_no_rule_are_refused(make):
    with pytest.raises(ExplanationError):
        make()


POOLS = {
    "halves": (nn.MaxPool1d(2), (2, 6)),
    "overlapping": (nn.MaxPool1d(3, stride=1, padding=1), (2, 6)),
    "dilated": (nn.MaxPool1d(2, dilation=2, stride=1), (1, 7)),
    "ceiled": (nn.MaxPool1d(3, ceil_mode=True), (1, 7)),
    "adaptive": (nn.AdaptiveMaxPool1d(3), (2, 7)),
    "picture": (nn.MaxPool2d((2, 3), stride=(1, 2), padding=(1, 0)), (2, 4, 5)),
    "adaptive_picture": (nn.AdaptiveMaxPool2d((2, 1)), (1, 3, 4)),
    "volume": (nn.MaxPool3d(2), (1, 2, 4, 2)),
}


@pytest.mark.parametrize("name", POOLS)
def test_max_pooling_gives_all_to_the_winner(name):
    pool, shape = POOLS[name]
    torch.manual_seed(3)
    x = torch.rand(2, *shape, dtype=torch.float64) + 0.1
    with torch.no_grad():
        arriving = arriving_at(pool(x))
    # Raised from zero to one an input shows in every window that it is in.
    connections = plain.as_connections(pool, shape)
    found = answer(Epsilon(), pool, x, arriving)
    for one, relevance, truth in zip(x, arriving, found.inputs, strict=True):
        expected = plain.winner_take_all(
            connections, one.flatten().numpy(), relevance.flatten().numpy()
        )
        torch.testing.assert_close(truth.flatten(), torch.from_numpy(expected.inputs))
    assert not found.sinks


def test_of_equals_the_first_wins():
    x = torch.tensor([[[2.0, 2.0, 1.0, 3.0, 3.0, 3.0]]], dtype=torch.float64)
    found = answer(Epsilon(), nn.MaxPool1d(3), x, torch.tensor([[[5.0, 7.0]]]).double())
    assert found.inputs.tolist() == [[[5.0, 0.0, 0.0, 7.0, 0.0, 0.0]]]
