"""Composites choose the rules they say, and whole networks give zennit's and captum's answers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from explainers.errors import ExplanationError
from explainers.lrp import (
    AlphaBeta,
    Box,
    Composite,
    Epsilon,
    Flat,
    Gamma,
    WSquare,
    composites,
    load_composite,
    lrp,
    register_composite,
    z_plus,
)
from explainers.lrp.ledger import sinks_by_kind, sinks_by_place
from explainers.lrp.rules import LinearRule
from tests.explainers.lrp.oracles import stored

FOLDER = Path(__file__).parent / "oracles"
ZENNIT = json.loads((FOLDER / "zennit.json").read_text())
CAPTUM = json.loads((FOLDER / "captum.json").read_text())

OURS = {
    "epsilon_plus": load_composite("epsilon_plus"),
    "epsilon_gamma_box": load_composite("epsilon_gamma_box"),
    "epsilon_alpha2_beta1": load_composite("epsilon_alpha2_beta1"),
    "epsilon_plus_flat": load_composite("flat_first"),
    "excitation_backprop": Composite("excitation", dense=z_plus(), convolution=z_plus()),
}


def stabilised(composite: Composite, epsilon: float) -> Composite:
    """The composite with another stabiliser in all its rules."""

    def with_epsilon(rule: LinearRule | None) -> LinearRule | None:
        return None if rule is None else replace(rule, epsilon=epsilon)

    return replace(
        composite,
        dense=with_epsilon(composite.dense),
        convolution=with_epsilon(composite.convolution),
        first=with_epsilon(composite.first),
    )


def relevance(composite, net, x, target=1):
    with lrp(composite, net) as run:
        leaf = x.clone().requires_grad_()
        scores = net(leaf)[:, target]
    return run.relevance(scores, leaf), scores.detach(), run


@pytest.mark.parametrize("case", ZENNIT["networks"], ids=lambda case: case["name"])
@pytest.mark.parametrize("name", OURS)
def test_networks_give_zennits_answers(name, case):
    net, x = stored.network(case), stored.tensor(case["input"])
    composite = stabilised(OURS[name], ZENNIT["stabilisers"]["small"])
    found, scores, run = relevance(composite, net, x)
    expected = stored.tensor(case["relevance_in"]["small"][name])
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-9)
    torch.testing.assert_close(found.flatten(1).sum(1) + sum(run_sinks(run)), scores)


def run_sinks(run):
    return sinks_by_kind(run.flows).values()


@pytest.mark.parametrize("name", OURS)
def test_network_without_averages_gives_zennits_answers_with_its_own_stabilisers(name):
    (case,) = (case for case in ZENNIT["networks"] if case["name"] == "picture")
    found, _, _ = relevance(OURS[name], stored.network(case), stored.tensor(case["input"]))
    expected = stored.tensor(case["relevance_in"]["default"][name])
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("case", ZENNIT["networks"], ids=lambda case: case["name"])
def test_guided_backpropagation_gives_zennits_gradients(case):
    net, x = stored.network(case), stored.tensor(case["input"])
    guided = Composite("guided", dense=Epsilon(0.0), convolution=Epsilon(0.0), activation="guided")
    with lrp(guided, net) as run:
        leaf = x.clone().requires_grad_()
        scores = net(leaf)[:, 1]
    _, gradient = run.propagate(scores, leaf)
    expected = stored.tensor(case["gradient_in"]["guided_backprop"])
    torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-12)


class RegisteredBackwards(nn.Module):
    """The same network, its parts registered from the last to the first."""

    def __init__(self, net):
        super().__init__()
        for name, part in reversed(list(net.named_children())):
            self.add_module(f"part{name}", part)
        self.count = len(net)

    def forward(self, x):
        for position in range(self.count):
            x = getattr(self, f"part{position}")(x)
        return x


@pytest.mark.parametrize("case", ZENNIT["networks"], ids=lambda case: case["name"])
@pytest.mark.parametrize("name", OURS)
def test_execution_decides_not_the_order_of_registration(name, case):
    net, x = stored.network(case), stored.tensor(case["input"])
    backwards = RegisteredBackwards(net)
    first = next(backwards.children())
    assert isinstance(first, nn.Linear)
    found, _, _ = relevance(OURS[name], backwards, x)
    expected, _, _ = relevance(OURS[name], net, x)
    assert torch.equal(found, expected)


CAPTUM_RULES = {
    "EpsilonRule": lambda: Epsilon(1e-9),
    "GammaRule": lambda gamma: Gamma(gamma, 1e-9),
    "Alpha1_Beta0_Rule": lambda: z_plus(1e-9),
}
EXPRESSED = [case for case in CAPTUM["cases"] if case["name"] != "identity"]


@pytest.mark.parametrize("case", EXPRESSED, ids=lambda case: case["name"])
def test_networks_give_captums_answers_and_published_numbers(case):
    net, x = stored.network(case), stored.tensor(case["input"])
    asked = tuple(
        (path, CAPTUM_RULES[rule](**settings)) for path, (rule, settings) in case["rules"].items()
    )
    target = case["target"] if isinstance(case["target"], list) else [case["target"]]
    # Rules that were not asked for give themselves away.
    composite = Composite("captum", dense=WSquare(), convolution=WSquare(), layers=asked)
    with lrp(composite, net) as run:
        leaf = x.clone().requires_grad_()
        scores = net(leaf)[(slice(None), *target)]
    found = run.relevance(scores, leaf)
    torch.testing.assert_close(found, stored.tensor(case["relevance"]), rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(found, stored.tensor(case["published"]), rtol=1e-6, atol=6e-5)


def test_all_of_captums_cases_but_the_identity_rule_are_compared():
    assert len(EXPRESSED) == len(CAPTUM["cases"]) - 1 == 9


@pytest.mark.parametrize("name", composites.names())
def test_every_name_loads_and_keeps_all_relevance(name):
    composite = load_composite(name)
    assert composite.name == name
    (case, *_) = ZENNIT["networks"]
    net, x = stored.network(case), stored.tensor(case["input"])
    found, scores, run = relevance(composite, net, x)
    assert found.shape == x.shape
    if composite.activation == "identity":
        torch.testing.assert_close(found.flatten(1).sum(1) + sum(run_sinks(run)), scores)


def test_unknown_name_lists_the_names():
    with pytest.raises(ExplanationError) as refused:
        load_composite("epsilon_pluss")
    for name in ("epsilon_plus", "flat_first", "attnlrp"):
        assert f"{name}" in str(refused.value)
    with pytest.raises(ExplanationError, match="Did you mean 'gamma'"):
        lrp("gama")


def test_registered_composite_is_found():
    @register_composite
    def only_for_this_test() -> Composite:
        return Composite("only_for_this_test", dense=Gamma(3.0))

    try:
        assert "only_for_this_test" in composites.names()
        assert load_composite("only_for_this_test").dense == Gamma(3.0)
        assert lrp("only_for_this_test").composite.dense == Gamma(3.0)
    finally:
        del composites._entries["only_for_this_test"]


def test_name_that_is_taken_is_refused():
    def epsilon() -> Composite:
        return Composite("mine")

    with pytest.raises(ExplanationError, match="already a composite named 'epsilon'"):
        register_composite(epsilon)
    assert load_composite("epsilon").name == "epsilon"


class Encoder(nn.Module):
    """Two blocks and a head; what runs first was registered last."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.head = nn.Linear(3, 2)
        self.blocks = nn.ModuleList([nn.Conv1d(2, 2, 3), nn.Conv1d(2, 3, 3)])
        self.stem = nn.Conv1d(1, 2, 2)
        self.double()

    def forward(self, x):
        for layer in (self.stem, *self.blocks):
            x = layer(x).relu()
        return self.head(x.mean(-1))


def rules_used(composite):
    """The rule that each layer was run with, in the order of execution."""
    asked = {}

    class Watched(Composite):
        def rule_for(self, kind, place, first):
            asked[place] = super().rule_for(kind, place, first)
            return asked[place]

    watched = Watched(**composite.__dict__)
    relevance(watched, Encoder(), torch.randn(1, 1, 9, dtype=torch.float64))
    return asked


def test_rules_go_by_the_kind_of_layer_and_the_first_in_execution():
    composite = Composite("kinds", dense=Gamma(), convolution=z_plus(), first=Flat())
    assert rules_used(composite) == {
        "stem": Flat(),
        "blocks.0": z_plus(),
        "blocks.1": z_plus(),
        "head": Gamma(),
    }


def test_without_a_rule_for_the_first_layer_it_has_that_of_its_kind():
    composite = Composite("kinds", dense=Gamma(), convolution=z_plus())
    assert rules_used(composite)["stem"] == z_plus()


def test_patterns_choose_by_path_and_the_first_that_fits_counts():
    composite = Composite(
        "patterns",
        convolution=z_plus(),
        first=Flat(),
        layers=(("blocks.1", AlphaBeta()), ("blocks.*", Gamma(2.0)), ("st?m", Box())),
    )
    assert rules_used(composite) == {
        "stem": Box(),
        "blocks.0": Gamma(2.0),
        "blocks.1": AlphaBeta(),
        "head": Epsilon(),
    }


def test_pattern_minds_capitals_and_the_whole_path():
    composite = Composite("patterns", layers=(("STEM", Flat()), ("block", Flat()), ("0", Flat())))
    assert set(rules_used(composite).values()) == {Epsilon()}


@pytest.mark.parametrize("where", ["dense", "convolution", "first", "layers"])
def test_composite_knows_whether_a_rule_gives_relevance(where):
    given = (("stem", Flat()),) if where == "layers" else Flat()
    assert Composite("one", **{where: given}).gives_relevance
    assert not Composite("none", first=Gamma(), layers=(("stem", z_plus()),)).gives_relevance


def test_ledger_names_the_module_that_absorbed():
    net = Encoder()
    _, _, run = relevance(Composite("plain"), net, torch.randn(1, 1, 9, dtype=torch.float64))
    places = {place for place, kind in sinks_by_place(run.flows) if kind == "bias"}
    assert places == {"stem", "blocks.0", "blocks.1", "head"}
    bias = sinks_by_place(run.flows)["head", "bias"]
    torch.testing.assert_close(bias, net.head.bias.detach()[1:], rtol=1e-4, atol=0.0)
