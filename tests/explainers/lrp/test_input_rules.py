"""Rules for the first layer give what the plain rules and zennit give, at zero inputs too."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from explainers.errors import ExplanationError
from explainers.lrp import Box, Flat, WSquare
from tests.explainers.lrp.linear_cases import (
    INPUT_RULES,
    LAYERS,
    answer,
    arriving_at,
    check,
    clips,
    layer,
)
from tests.explainers.lrp.oracles import plain, stored

ZENNIT = json.loads((Path(__file__).parent / "oracles" / "zennit.json").read_text())
OURS = {"w_square": WSquare(), "flat": Flat(), "box": Box(-1.0, 1.0)}
UNEVENLY_PADDED = ("conv1d_same_even", "conv1d_same_even_dilated", "conv2d_same_mixed")
PADDED_APART = (*UNEVENLY_PADDED, "conv1d_circular")
"""What is padded by an operation of its own, before the convolution."""


@pytest.mark.parametrize("kind", ["signed", "non_negative"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no_bias"])
@pytest.mark.parametrize("name", [name for name in LAYERS if name not in PADDED_APART])
@pytest.mark.parametrize("rule", INPUT_RULES)
def test_rule_gives_the_plain_rules_relevance_and_sinks(rule, name, bias, kind):
    check(*INPUT_RULES[rule], name, bias, kind)


def has_zero_outputs(case):
    """An output that is zero has no relevance here; zennit's rules hand on what it is given."""
    return bool((stored.layer(case)(stored.tensor(case["input"])) == 0).any())


CASES = [case for case in ZENNIT["layers"] if not has_zero_outputs(case)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_rules_give_zennits_answers(case):
    module, x = stored.layer(case), stored.tensor(case["input"])
    arriving = stored.tensor(case["relevance_out"])
    for name, rule in OURS.items():
        found = answer(rule, module, x, arriving).inputs
        expected = stored.tensor(case["relevance_in"][name])
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11, msg=name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_w_square_without_bias_gives_zennits_answer_that_ignores_it(case):
    if "w_square_without_bias" in case["relevance_in"]:
        module, x = stored.layer(case), stored.tensor(case["input"])
        module.bias = None
        if not bool((module(x) == 0).any()):
            found = answer(WSquare(), module, x, stored.tensor(case["relevance_out"])).inputs
            expected = stored.tensor(case["relevance_in"]["w_square_without_bias"])
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


def test_nearly_all_of_zennits_layers_are_compared():
    assert len(CASES) == 48
    assert any("silent" in case["name"] for case in CASES)


@pytest.mark.parametrize("rule", ["w_square", "flat"])
def test_relevance_does_not_depend_on_the_input(rule):
    module = layer("conv1d_padded")
    x = clips("conv1d_padded", "signed")
    with torch.no_grad():
        arriving = arriving_at(module(x))
    found = answer(INPUT_RULES[rule][0], module, x, arriving).inputs
    elsewhere = answer(INPUT_RULES[rule][0], module, torch.zeros_like(x), arriving).inputs
    torch.testing.assert_close(found, elsewhere)


def test_flat_shares_evenly_however_the_weights_are():
    module = nn.Conv1d(1, 1, 2).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[[0.0, 5.0]]]))
        module.bias.fill_(1.0)
    x = torch.tensor([[[0.0, 0.0, 2.0]]], dtype=torch.float64)
    found = answer(Flat(0.0), module, x, torch.tensor([[[4.0, 6.0]]], dtype=torch.float64))
    assert found.inputs.tolist() == [[[2.0, 5.0, 3.0]]]


def test_box_gives_nothing_to_an_input_at_its_indifferent_bound():
    module = nn.Linear(2, 1, bias=False).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[2.0, -3.0]]))
    x = torch.tensor([[-1.0, 0.5]], dtype=torch.float64)
    found = answer(Box(-1.0, 1.0, 0.0), module, x, torch.tensor([[7.0]]).double())
    torch.testing.assert_close(found.inputs, torch.tensor([[0.0, 7.0]]).double())


@pytest.mark.parametrize("rule", ["w_square", "flat", "box"])
@pytest.mark.parametrize("name", ["linear", "conv1d_padded", "conv_transpose2d"])
def test_single_precision_is_close_to_double(rule, name):
    module, x = layer(name), clips(name, "signed")
    with torch.no_grad():
        arriving = arriving_at(module(x))
    expected = answer(INPUT_RULES[rule][0], module, x, arriving)
    found = answer(INPUT_RULES[rule][0], module.float(), x.float(), arriving.float())
    assert found.inputs.dtype == torch.float32
    scale = float(expected.inputs.abs().max())
    assert (found.inputs.double() - expected.inputs).abs().max() < 1e-4 * scale


@pytest.mark.parametrize("rule", [Flat(0.0), WSquare(0.0), Box(0.0, 1.0, 0.0)])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no_bias"])
def test_without_a_stabiliser_unconnected_outputs_leave_nothing_unaccounted(rule, bias):
    # With steps longer than the kernel some outputs see no input at all.
    module, x = layer("conv_transpose1d_gaps", bias), clips("conv_transpose1d_gaps", "signed")
    arriving = module(x).detach()
    found = answer(rule, module, x, arriving)
    assert bool(found.inputs.isfinite().all())
    torch.testing.assert_close(found.total(), arriving.flatten(1).sum(dim=1))


def test_outputs_that_see_only_padding_go_to_epsilon():
    module = nn.Conv1d(1, 1, 1, padding=1).double()
    x = torch.ones(1, 1, 2, dtype=torch.float64)
    with torch.no_grad():
        arriving = module(x)
    found = answer(Flat(), module, x, arriving)
    torch.testing.assert_close(found.sink("epsilon"), 2 * module.bias.detach(), rtol=1e-5, atol=0.0)
    matrix, _ = plain.as_matrix(module, x.shape[1:])
    assert (matrix[[0, -1]] == 0).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Flat(-1.0),
        lambda: WSquare(-1.0),
        lambda: Box(-1.0, 1.0, -1.0),
        lambda: Box(0.5, 1.0),
        lambda: Box(-1.0, -0.5),
        lambda: Box(0.0, 0.0),
        lambda: Box(1.0, -1.0),
        lambda: Box(float("nan"), 1.0),
    ],
)
def test_settings_that_make_no_rule_are_refused(make):
    with pytest.raises(ExplanationError):
        make()
