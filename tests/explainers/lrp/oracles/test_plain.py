"""The plain rules hold to what zennit and captum answered, and to what can be said without them."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.explainers.lrp.oracles import chain, plain, stored

FOLDER = Path(__file__).parent
ZENNIT = json.loads((FOLDER / "zennit.json").read_text())
CAPTUM = json.loads((FOLDER / "captum.json").read_text())
STABILISER = 1e-6  # zennit's default, where a rule's settings name no other


def shares(rule, connections, weight, bias, x, relevance):
    """The plain counterpart of one of zennit's rules, with zennit's settings and conventions."""
    settings = {"epsilon": STABILISER} | rule["settings"]
    outputs = weight @ x + bias
    if settings.pop("zero_params", None) == "bias":
        bias = np.zeros_like(bias)
    match rule["zennit"]:
        case "Epsilon":
            return plain.epsilon_rule(weight, bias, x, relevance, **settings)
        case "Gamma":
            return plain.gamma(weight, bias, x, relevance, outputs=outputs, **settings)
        case "ZPlus":
            return plain.z_plus(weight, bias, x, relevance, **settings)
        case "AlphaBeta":
            return plain.alpha_beta(weight, bias, x, relevance, **settings)
        case "WSquare":
            return plain.w_square(weight, bias, relevance, **settings)
        case "Flat":
            return plain.flat(connections, relevance, **settings)
        case "ZBox":
            return plain.box(weight, x, relevance, **settings)
    raise ValueError(f"no plain counterpart of zennit's {rule['zennit']}")


def clips(case):
    """Of every clip: connections, matrix, bias, input and relevance at the output, all flat."""
    x = stored.tensor(case["input"])
    relevance = stored.tensor(case["relevance_out"])
    layer = stored.layer(case)
    weight, bias = plain.as_matrix(layer, x.shape[1:])
    nn.init.ones_(layer.weight)  # one of the stored weights is zero, and connects all the same
    connections = plain.as_connections(layer, x.shape[1:])
    pairs = zip(x.flatten(1).numpy(), relevance.flatten(1).numpy(), strict=True)
    return [(connections, weight, bias, *pair) for pair in pairs]


@pytest.mark.parametrize("case", ZENNIT["layers"], ids=lambda case: case["name"])
def test_every_rule_gives_zennits_answer(case):
    for name, expected in case["relevance_in"].items():
        found = [shares(ZENNIT["rules"][name], *clip).inputs for clip in clips(case)]
        expected = stored.tensor(expected).flatten(1).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("case", ZENNIT["layers"], ids=lambda case: case["name"])
def test_shares_add_up_to_what_arrived(case):
    for name in case["relevance_in"]:
        for clip in clips(case):
            inputs, bias, epsilon = shares(ZENNIT["rules"][name], *clip)
            arrived = clip[-1]
            assert np.isclose(inputs.sum() + bias.sum() + epsilon.sum(), arrived.sum()), name


@pytest.mark.parametrize("case", ZENNIT["layers"], ids=lambda case: case["name"])
def test_matrix_answers_as_the_layer(case):
    x = stored.tensor(case["input"])
    weight, bias = plain.as_matrix(stored.layer(case), x.shape[1:])
    found = x.flatten(1).numpy() @ weight.T + bias
    expected = stored.layer(case)(x).detach().flatten(1).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


# What zennit's composites do, with the plain rules: the rule of the affine layer at a position, of
# averages where the position is None.
def composite(position, layer, *, first, convolution, dense):
    if position == 0 and first is not None:
        return first
    return convolution if isinstance(layer, nn.modules.conv._ConvNd) else dense


def plain_composite(name, stabiliser):
    rule = {
        "epsilon": partial(plain.epsilon_rule, epsilon=stabiliser),
        "z_plus": partial(plain.z_plus, epsilon=stabiliser),
        "gamma": partial(plain.gamma, gamma=0.25, epsilon=stabiliser),
        "alpha2_beta1": partial(plain.alpha_beta, alpha=2.0, beta=1.0, epsilon=stabiliser),
        "flat": lambda weight, bias, x, r: plain.flat(weight != 0.0, r, epsilon=stabiliser),
        "box": lambda weight, bias, x, r: plain.box(
            weight, x, r, low=-1.0, high=1.0, epsilon=stabiliser
        ),
        None: None,
    }
    first, convolution, dense = {
        "epsilon_plus": (None, "z_plus", "epsilon"),
        "epsilon_gamma_box": ("box", "gamma", "epsilon"),
        "epsilon_alpha2_beta1": (None, "alpha2_beta1", "epsilon"),
        "epsilon_plus_flat": ("flat", "z_plus", "epsilon"),
        "excitation_backprop": (None, "z_plus", "z_plus"),
    }[name]
    return partial(composite, first=rule[first], convolution=rule[convolution], dense=rule[dense])


@pytest.mark.parametrize("case", ZENNIT["networks"], ids=lambda case: case["name"])
@pytest.mark.parametrize("stabiliser", ZENNIT["stabilisers"])
def test_rules_in_a_row_give_zennits_composites(case, stabiliser):
    network, x = stored.network(case), stored.tensor(case["input"])
    arriving = stored.tensor(case["relevance_out"])
    np.testing.assert_allclose(network(x).detach(), case["output"], rtol=1e-12)
    for name, expected in case["relevance_in"][stabiliser].items():
        rule_of = plain_composite(name, ZENNIT["stabilisers"][stabiliser])
        found = chain.relevance_at_input(network, x, arriving, rule_of)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("case", ZENNIT["networks"], ids=lambda case: case["name"])
def test_guided_backpropagation_gives_zennits_answer(case):
    network, x = stored.network(case), stored.tensor(case["input"])
    found = chain.guided_gradient(network, x, stored.tensor(case["gradient_out"]))
    expected = case["gradient_in"]["guided_backprop"]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


CAPTUM_RULES = {
    "EpsilonRule": partial(plain.epsilon_rule, epsilon=1e-9),
    "GammaRule": partial(plain.gamma, epsilon=1e-9),
    "Alpha1_Beta0_Rule": partial(plain.z_plus, epsilon=1e-9),
    "IdentityRule": lambda weight, bias, x, relevance: plain.Shares(relevance, 0 * bias, 0 * bias),
}


@pytest.mark.parametrize("case", CAPTUM["cases"], ids=lambda case: case["name"])
def test_rules_in_a_row_give_captums_answer_and_published_number(case):
    network, x = stored.network(case), stored.tensor(case["input"])
    asked = [
        partial(CAPTUM_RULES[rule], **settings)
        for path, (rule, settings) in case["rules"].items()
        if isinstance(network.get_submodule(path.split(".")[0]), chain.AFFINE)
    ]
    output = stored.tensor(case["output"])
    at_target = torch.zeros_like(output)
    target = case["target"] if isinstance(case["target"], list) else [case["target"]]
    at_target[(slice(None), *target)] = output[(slice(None), *target)]
    found = chain.relevance_at_input(network, x, at_target, lambda position, layer: asked[position])
    np.testing.assert_allclose(found, case["relevance"], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found, case["published"], rtol=1e-6, atol=6e-5)


WEIGHT = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
BIAS = np.array([0.25, -0.5])
X = np.array([2.0, 1.0, -1.0])
ARRIVED = np.array([1.0, 2.0])


def test_epsilon_zero_is_the_gradient_times_the_input():
    outputs = WEIGHT @ X + BIAS
    found = plain.epsilon_rule(WEIGHT, BIAS, X, outputs, epsilon=0.0)
    np.testing.assert_allclose(found.inputs, X * (WEIGHT.T @ np.ones(2)))
    np.testing.assert_allclose(found.bias, BIAS)


def test_gamma_zero_is_epsilon_and_gamma_without_end_keeps_the_output_signs_share_only():
    expected = plain.epsilon_rule(WEIGHT, BIAS, X, ARRIVED, epsilon=1e-6)
    none = plain.gamma(WEIGHT, BIAS, X, ARRIVED, gamma=0.0, epsilon=1e-6)
    np.testing.assert_allclose(none.inputs, expected.inputs)
    vast = plain.gamma(WEIGHT, BIAS, X, ARRIVED, gamma=1e12, epsilon=1e-6, outputs=np.ones(2))
    positive_only = plain.z_plus(WEIGHT, BIAS, X, ARRIVED, epsilon=0.0)
    np.testing.assert_allclose(vast.inputs, positive_only.inputs, rtol=1e-9, atol=1e-9)


def test_gamma_is_mirrored_when_the_outputs_change_sign():
    found = plain.gamma(WEIGHT, BIAS, X, ARRIVED, gamma=0.3, epsilon=1e-6)
    mirrored = plain.gamma(-WEIGHT, -BIAS, X, ARRIVED, gamma=0.3, epsilon=1e-6)
    np.testing.assert_allclose(found.inputs, mirrored.inputs)


def test_alpha_one_beta_zero_is_z_plus():
    found = plain.alpha_beta(WEIGHT, BIAS, X, ARRIVED, alpha=1.0, beta=0.0, epsilon=1e-6)
    expected = plain.z_plus(WEIGHT, BIAS, X, ARRIVED, epsilon=1e-6)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right)


def test_flat_divides_equally_and_w_square_by_squares():
    # The second output does not see the first input.
    found = plain.flat(WEIGHT != 0.0, ARRIVED, epsilon=0.0)
    np.testing.assert_allclose(found.inputs, [1 / 3, 1 / 3 + 1.0, 1 / 3 + 1.0])
    found = plain.w_square(WEIGHT, np.zeros(2), ARRIVED, epsilon=0.0)
    np.testing.assert_allclose(
        found.inputs, [1 / 5.25, 4 / 5.25 + 2 * 9 / 10, 0.25 / 5.25 + 2 / 10]
    )


def test_box_gives_nothing_to_an_input_at_its_indifferent_bound():
    # At x = low where the weight is positive and high where it is negative nothing is contributed.
    x = np.array([-1.0, 1.0, -1.0])
    found = plain.box(WEIGHT[:1], x, ARRIVED[:1], low=-1.0, high=1.0, epsilon=1e-6)
    np.testing.assert_allclose(found.inputs, 0.0)
    np.testing.assert_allclose(found.epsilon, ARRIVED[:1])


def test_the_winner_takes_all_and_of_equals_the_first():
    pairs = np.array([[1, 1, 0, 0], [0, 0, 1, 1]])
    found = plain.winner_take_all(pairs, np.array([1.0, 2.0, -3.0, -3.0]), np.array([5.0, 7.0]))
    np.testing.assert_allclose(found.inputs, [0.0, 5.0, 7.0, 0.0])


def test_connections_of_max_pooling_are_its_windows():
    found = plain.as_connections(nn.MaxPool1d(2, stride=1), (1, 3))
    np.testing.assert_array_equal(found, [[True, True, False], [False, True, True]])


def test_function_that_is_not_affine_has_no_matrix():
    with pytest.raises(ValueError, match="not affine"):
        plain.as_matrix(torch.abs, (3,))
