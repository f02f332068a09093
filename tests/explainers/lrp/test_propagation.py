"""Layers in a row: folding of batch norm, conservation, linearity, and what the gradient says."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from explainers.lrp import AlphaBeta, Box, Composite, Epsilon, Flat, Gamma, WSquare, lrp, z_plus
from explainers.lrp.ledger import sinks_by_kind
from tests.explainers.lrp.linear_cases import (
    INPUT_RULES,
    RULES,
    answer,
    arriving_at,
    clips,
    everywhere,
    layer,
    plain_answer,
    with_ones,
)

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

SPLITTING = {name: RULES[name] for name in ("gamma", "gamma_large", "z_plus", "alpha2_beta1")}
FOLDING = SPLITTING | INPUT_RULES
FOLDED = {
    "linear": nn.BatchNorm1d,
    "conv1d_strided": nn.BatchNorm1d,
    "conv1d_grouped": nn.BatchNorm1d,
    "conv1d_depthwise": nn.BatchNorm1d,
    "conv2d_uneven": nn.BatchNorm2d,
    "conv3d": nn.BatchNorm3d,
    "conv_transpose1d": nn.BatchNorm1d,
    "conv_transpose1d_grouped": nn.BatchNorm1d,
    "conv_transpose2d_grouped": nn.BatchNorm2d,
}


def batch_norm(make, channels, **options):
    """In evaluation mode, with scales of either sign."""
    norm = make(channels, **options).double().eval()
    nn.init.normal_(norm.running_mean)
    nn.init.uniform_(norm.running_var, 0.3, 2.0)
    if norm.affine:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    return norm


def channels_of(module):
    return module.out_features if isinstance(module, nn.Linear) else module.out_channels


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "plain"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no_bias"])
@pytest.mark.parametrize("name", FOLDED)
@pytest.mark.parametrize("rule", FOLDING)
def test_layer_and_batch_norm_are_one_layer(rule, name, bias, affine):
    ours, expected = FOLDING[rule]
    module, x = layer(name, bias), clips(name, "signed")
    norm = batch_norm(FOLDED[name], channels_of(module), affine=affine)
    both = nn.Sequential(module, norm)
    with torch.no_grad():
        arriving = arriving_at(both(x))
    truth = plain_answer(expected, both, with_ones(layer(name, bias)), x, arriving)
    found = answer(ours, both, x, arriving)
    torch.testing.assert_close(found.inputs, truth.inputs, rtol=1e-9, atol=1e-10)
    for sink in ("bias", "epsilon"):
        torch.testing.assert_close(found.sink(sink), truth.sink(sink), rtol=1e-9, atol=1e-10)
    assert "normalisation" not in found.sinks


@pytest.mark.parametrize("name", FOLDED)
def test_epsilon_without_stabiliser_is_the_same_folded_or_not(name):
    module, x = layer(name), clips(name, "signed")
    both = nn.Sequential(module, batch_norm(FOLDED[name], channels_of(module)))
    with torch.no_grad():
        arriving = arriving_at(both(x))
    expected = RULES["epsilon_small"][1]
    truth = plain_answer(expected, both, with_ones(layer(name)), x, arriving)
    found = answer(Epsilon(0.0), both, x, arriving)
    torch.testing.assert_close(found.inputs, truth.inputs, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found.total(), arriving.flatten(1).sum(dim=1))


def shift_of(norm):
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return (norm.bias - norm.running_mean * scale).detach()


@pytest.mark.parametrize("rule", FOLDING)
def test_batch_norm_behind_no_layer_keeps_its_shift_in_the_ledger(rule):
    norm, x = batch_norm(nn.BatchNorm1d, 3), torch.randn(2, 3, 5, dtype=torch.float64)
    with torch.no_grad():
        outputs = norm(x)
        arriving = arriving_at(outputs)
    found = answer(FOLDING[rule][0], norm, x, arriving)
    shift = shift_of(norm)[:, None] * (arriving / outputs)
    torch.testing.assert_close(found.sink("normalisation"), shift.flatten(1).sum(dim=1))
    torch.testing.assert_close(found.inputs, arriving * (1 - shift_of(norm)[:, None] / outputs))


class Between(nn.Module):
    """Convolution, something, batch norm."""

    def __init__(self, between):
        super().__init__()
        self.convolution = layer("conv1d")
        self.between = between
        self.norm = batch_norm(nn.BatchNorm1d, 3)

    def forward(self, x):
        return self.norm(self.between(self.convolution(x)))


BETWEEN = {
    "relu": nn.ReLU(),
    "relu_in_place": nn.ReLU(inplace=True),
    "relu_": torch.relu_,
    "functional_in_place": lambda x: F.relu(x, inplace=True),
    "scaled": lambda x: x * 2,
    "scaled_in_place": lambda x: x.mul_(2),
    "written_to": lambda x: x.__setitem__((slice(None), 0), 0.5) or x,
    "pooled": nn.AvgPool1d(2),
}


@pytest.mark.parametrize("between", BETWEEN)
def test_what_lies_between_keeps_the_batch_norm_apart(between):
    net, x = Between(BETWEEN[between]), clips("conv1d", "signed")
    with torch.no_grad():
        outputs = net(x)
        arriving = arriving_at(outputs)
    found = answer(z_plus(), net, x, arriving)
    shift = shift_of(net.norm)[:, None] * (arriving / outputs)
    torch.testing.assert_close(found.sink("normalisation"), shift.flatten(1).sum(dim=1))
    torch.testing.assert_close(found.total(), arriving.flatten(1).sum(dim=1))


def test_in_place_relu_gives_what_the_other_gives():
    x = clips("conv1d", "signed")
    nets = [Between(BETWEEN[name]) for name in ("relu", "relu_in_place")]
    nets[1].load_state_dict(nets[0].state_dict())
    with torch.no_grad():
        arriving = arriving_at(nets[0](x))
    kept, written = (answer(z_plus(), net, x, arriving) for net in nets)
    torch.testing.assert_close(written.inputs, kept.inputs)


class SharedConvolution(nn.Module):
    """The convolution's output is used with and without the batch norm."""

    def __init__(self, branches):
        super().__init__()
        self.convolution = layer("conv1d")
        self.norm = batch_norm(nn.BatchNorm1d, 3)
        self.branches = branches

    def forward(self, x):
        z = self.convolution(x)
        return sum(self.norm(z) if branch == "norm" else z for branch in self.branches)


def test_output_used_twice_is_folded_in_one_branch_only():
    x = clips("conv1d", "signed")
    both = SharedConvolution(["norm", "bare"])
    with torch.no_grad():
        outputs = both(x)
        coefficient = arriving_at(outputs) / outputs
    found = answer(z_plus(), both, x, outputs * coefficient)
    expected = 0.0
    for branch in ("norm", "bare"):
        one = SharedConvolution([branch])
        one.load_state_dict(both.state_dict())
        expected = expected + answer(z_plus(), one, x, one(x).detach() * coefficient).inputs
    torch.testing.assert_close(found.inputs, expected)


@pytest.mark.parametrize("channels", [4, 3], ids=["as_many_channels_as_features", "fewer"])
def test_dense_layer_over_time_and_batch_norm_of_its_rows_stay_apart(channels):
    # The batch norm's channels are the second axis, those of the dense layer the last.
    net = nn.Sequential(layer("linear"), batch_norm(nn.BatchNorm1d, channels))
    x = torch.randn(2, channels, 5, dtype=torch.float64)
    with torch.no_grad():
        outputs = net(x)
        arriving = arriving_at(outputs)
    found = answer(z_plus(), net, x, arriving)
    apart = arriving * (1 - shift_of(net[1])[:, None] / outputs)
    expected = answer(z_plus(), net[0], x, apart)
    torch.testing.assert_close(found.inputs, expected.inputs)


def relu_net(kind):
    """Without biases; maximum, ReLU and averages are all of degree one."""
    torch.manual_seed(4)
    conv = {"bias": False}
    net = {
        "dense": lambda: nn.Sequential(
            nn.Linear(12, 9, **conv), nn.ReLU(), nn.Linear(9, 7, **conv), nn.ReLU(),
            nn.Linear(7, 3, **conv),
        ),
        "waveform": lambda: nn.Sequential(
            nn.Unflatten(1, (1, 12)), nn.Conv1d(1, 4, 3, padding=1, **conv), nn.ReLU(),
            nn.MaxPool1d(2), nn.Conv1d(4, 5, 2, stride=2, **conv), nn.ReLU(),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(5, 3, **conv),
        ),
        "picture": lambda: nn.Sequential(
            nn.Unflatten(1, (1, 3, 4)), nn.Conv2d(1, 4, 2, **conv), nn.ReLU(inplace=True),
            nn.MaxPool2d((1, 2), stride=1), nn.ConvTranspose2d(4, 2, 2, **conv), nn.ReLU(),
            nn.AvgPool2d(2), nn.Flatten(), nn.LazyLinear(3, **conv),
        ),
        "normalised": lambda: nn.Sequential(
            nn.Unflatten(1, (2, 6)), nn.Conv1d(2, 4, 3, padding="same", **conv), nn.BatchNorm1d(4),
            nn.LeakyReLU(0.2), nn.Conv1d(4, 4, 2, groups=2, padding="same", **conv), nn.ReLU(),
            nn.BatchNorm1d(4), nn.Flatten(), nn.Dropout(0.5), nn.Linear(24, 3, **conv),
        ),
    }[kind]().double().eval()  # fmt: skip
    net(torch.zeros(1, 12, dtype=torch.float64))
    for module in net:
        if isinstance(module, nn.BatchNorm1d):
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.normal_(module.weight)
    return net


@pytest.mark.parametrize("rule", [Epsilon(1e-13), Epsilon(0.0), Gamma(0.0, 1e-13)])
@pytest.mark.parametrize("kind", ["dense", "waveform", "picture", "normalised"])
def test_without_biases_epsilon_towards_zero_is_gradient_times_input(kind, rule):
    net, x = relu_net(kind), torch.randn(3, 12, dtype=torch.float64)
    with lrp(everywhere(rule), net) as run:
        leaf = x.clone().requires_grad_()
        scores = net(leaf)[:, 1]
    found = run.relevance(scores, leaf)
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(net(leaf)[:, 1].sum(), leaf)
    torch.testing.assert_close(found, x * gradient, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found.sum(dim=1), scores.detach())
    for amounts in sinks_by_kind(run.flows).values():
        assert float(amounts.abs().max()) < 1e-9


MIXED = {
    "epsilon": everywhere(Epsilon()),
    "gamma": everywhere(Gamma()),
    "alpha2_beta1": everywhere(AlphaBeta()),
    "flat first": Composite("flat first", convolution=z_plus(), first=Flat()),
    "box first": Composite("box first", convolution=Gamma(), first=Box(-4.0, 4.0)),
    "w_square": everywhere(WSquare()),
}


@pytest.mark.parametrize("name", MIXED)
def test_relevance_is_linear_in_the_target(name):
    net, x = relu_net("waveform"), torch.randn(2, 12, dtype=torch.float64)

    def relevance(weights):
        with lrp(MIXED[name], net) as run:
            leaf = x.clone().requires_grad_()
            scores = net(leaf) @ torch.tensor(weights, dtype=torch.float64)
        return run.relevance(scores, leaf)

    found = relevance([2.0, -0.5, 0.0])
    expected = 2.0 * relevance([1.0, 0.0, 0.0]) - 0.5 * relevance([0.0, 1.0, 0.0])
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", MIXED)
def test_clips_do_not_know_of_each_other(name):
    net, x = relu_net("picture"), torch.randn(4, 12, dtype=torch.float64)

    def relevance(x):
        with lrp(MIXED[name], net) as run:
            leaf = x.clone().requires_grad_()
            scores = net(leaf)[:, 0]
        return run.relevance(scores, leaf)

    expected = torch.cat([relevance(one) for one in x.split(1)])
    torch.testing.assert_close(relevance(x), expected)


RANDOM_RULES = [RULES[name][0] for name in RULES] + [INPUT_RULES[name][0] for name in INPUT_RULES]


@given(
    rule=st.sampled_from(RANDOM_RULES),
    transposed=st.booleans(),
    groups=st.integers(1, 3),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
    bias=st.booleans(),
    normalised=st.booleans(),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=80, deadline=None)
def test_any_convolution_keeps_all_relevance(
    rule, transposed, groups, kernel, stride, padding, dilation, bias, normalised, seed
):
    torch.manual_seed(seed)
    make = nn.ConvTranspose1d if transposed else nn.Conv1d
    net = nn.Sequential(
        make(
            2 * groups,
            groups,
            kernel,
            stride=stride,
            padding=min(padding, dilation * (kernel - 1)),
            dilation=dilation,
            groups=groups,
            bias=bias,
        ).double()
    )
    if normalised:
        net.append(batch_norm(nn.BatchNorm1d, groups))
    x = torch.randn(2, 2 * groups, 11, dtype=torch.float64)
    x[:, :, 4:7] = 0.0
    arriving = net(x).detach()
    found = answer(rule, net, x, arriving)
    assert bool(found.inputs.isfinite().all())
    torch.testing.assert_close(found.total(), arriving.flatten(1).sum(dim=1))
