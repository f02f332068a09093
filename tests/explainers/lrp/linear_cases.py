"""Linear layers of every kind, one rule run on one of them, and what the plain rules say of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from explainers.lrp import (
    AlphaBeta,
    Box,
    Composite,
    Epsilon,
    Flat,
    Gamma,
    WSquare,
    lrp,
    z_plus,
)
from explainers.lrp.ledger import sinks_by_kind
from explainers.lrp.rules import LinearRule
from tests.explainers.lrp.oracles import plain

LAYERS = {
    "linear": (partial(nn.Linear, 5, 4), (5,)),
    "linear_over_time": (partial(nn.Linear, 5, 4), (3, 5)),
    "conv1d": (partial(nn.Conv1d, 2, 3, 3), (2, 7)),
    "conv1d_strided": (partial(nn.Conv1d, 2, 3, 3, stride=2), (2, 8)),
    "conv1d_padded": (partial(nn.Conv1d, 2, 3, 3, padding=2), (2, 6)),
    "conv1d_same_odd": (partial(nn.Conv1d, 2, 3, 3, padding="same"), (2, 6)),
    "conv1d_same_even": (partial(nn.Conv1d, 2, 3, 4, padding="same"), (2, 6)),
    "conv1d_same_even_dilated": (
        partial(nn.Conv1d, 2, 3, 2, padding="same", dilation=3),
        (2, 7),
    ),
    "conv1d_valid": (partial(nn.Conv1d, 2, 3, 3, padding="valid"), (2, 6)),
    "conv1d_circular": (partial(nn.Conv1d, 2, 2, 3, padding=1, padding_mode="circular"), (2, 5)),
    "conv1d_dilated": (partial(nn.Conv1d, 2, 2, 2, dilation=3, padding=2), (2, 7)),
    "conv1d_grouped": (partial(nn.Conv1d, 4, 6, 2, groups=2), (4, 5)),
    "conv1d_depthwise": (partial(nn.Conv1d, 3, 6, 3, groups=3, padding=1), (3, 5)),
    "conv2d": (partial(nn.Conv2d, 2, 3, 2), (2, 4, 3)),
    "conv2d_uneven": (
        partial(nn.Conv2d, 1, 2, (3, 2), stride=(1, 2), padding=(2, 1), dilation=(2, 1)),
        (1, 4, 5),
    ),
    "conv2d_same_mixed": (partial(nn.Conv2d, 2, 2, (2, 3), padding="same"), (2, 3, 4)),
    "conv2d_grouped": (partial(nn.Conv2d, 4, 2, 2, groups=2), (4, 3, 3)),
    "conv2d_depthwise": (partial(nn.Conv2d, 2, 2, 3, groups=2, padding=1), (2, 3, 4)),
    "conv3d": (partial(nn.Conv3d, 1, 2, 2, padding=(0, 1, 0)), (1, 2, 3, 2)),
    "conv_transpose1d": (partial(nn.ConvTranspose1d, 2, 3, 3, stride=2), (2, 4)),
    "conv_transpose1d_gaps": (partial(nn.ConvTranspose1d, 2, 3, 2, stride=3), (2, 4)),
    "conv_transpose1d_grouped": (
        partial(
            nn.ConvTranspose1d,
            4,
            6,
            3,
            stride=2,
            padding=1,
            output_padding=1,
            dilation=2,
            groups=2,
        ),
        (4, 4),
    ),
    "conv_transpose2d": (
        partial(nn.ConvTranspose2d, 2, 3, (2, 3), stride=(2, 1), padding=(1, 0)),
        (2, 3, 2),
    ),
    "conv_transpose2d_grouped": (
        partial(nn.ConvTranspose2d, 2, 4, 2, stride=2, output_padding=(1, 0), groups=2),
        (2, 2, 3),
    ),
}
"""Name to how it is made and the shape of one clip."""


@dataclass(frozen=True)
class Answer:
    """Where relevance went: `inputs` [batch, ...], every kind of sink [batch]."""

    inputs: Tensor
    sinks: dict[str, Tensor]

    def sink(self, kind: str) -> Tensor:
        return self.sinks.get(kind, torch.zeros(len(self.inputs), dtype=torch.float64))

    def total(self) -> Tensor:
        return sum(self.sinks.values(), self.inputs.double().flatten(1).sum(dim=1))


def layer(name: str, bias: bool = True, seed: int = 0) -> nn.Module:
    """A layer with random weights, the bias as strong as they are."""
    torch.manual_seed(seed)
    built = LAYERS[name][0](bias=bias).double()
    for parameter in built.parameters():
        nn.init.normal_(parameter)
    return built


def clips(name: str, kind: str, seed: int = 1) -> Tensor:
    """Two clips of `signed` or `non_negative` values, some of them zero."""
    torch.manual_seed(seed)
    x = torch.rand(2, *LAYERS[name][1], dtype=torch.float64)
    x = torch.where(torch.rand_like(x) < 0.2, 0.0, x)
    return x if kind == "non_negative" else torch.where(torch.rand_like(x) < 0.5, -x, x)


def everywhere(rule: LinearRule) -> Composite:
    """One rule for all layers."""
    return Composite("one rule", dense=rule, convolution=rule)


def arriving_at(outputs: Tensor, seed: int = 2) -> Tensor:
    """Relevance of either sign; none at outputs that are zero, which can have none."""
    torch.manual_seed(seed)
    return torch.where(outputs == 0, 0.0, torch.randn_like(outputs))


def answer(rule: LinearRule, module: nn.Module, x: Tensor, relevance: Tensor) -> Answer:
    """What the rule makes of relevance that arrives at the outputs."""
    with torch.no_grad():
        outputs = module(x)
    weights = torch.where(outputs == 0, 0.0, relevance / torch.where(outputs == 0, 1.0, outputs))
    with lrp(everywhere(rule), module) as run:
        leaf = x.clone().requires_grad_()
        scores = (module(leaf) * weights).flatten(1).sum(dim=1)
    return Answer(run.relevance(scores, leaf), sinks_by_kind(run.flows))


PlainRule = Callable[..., plain.Shares]
"""Of connections, weight, bias, x and relevance, all flat."""


def plain_answer(
    rule: PlainRule, module: nn.Module, connected: nn.Module, x: Tensor, relevance: Tensor
) -> Answer:
    """The same by the plain rules; `connected` is the layer with all its weights one."""
    weight, bias = plain.as_matrix(module, x.shape[1:])
    connections = plain.as_connections(connected, x.shape[1:])
    shares = [
        rule(connections, weight, bias, one.flatten().numpy(), arriving.flatten().numpy())
        for one, arriving in zip(x, relevance, strict=True)
    ]
    inputs = torch.from_numpy(np.stack([one.inputs for one in shares])).reshape(x.shape)
    sinks = {
        kind: torch.tensor([getattr(one, kind).sum() for one in shares], dtype=torch.float64)
        for kind in ("bias", "epsilon")
    }
    return Answer(inputs, sinks)


def with_ones(module: nn.Module) -> nn.Module:
    """Every weight one, so that everything connected shows."""
    nn.init.ones_(module.weight)
    return module


def check(rule: LinearRule, expected: PlainRule, name: str, bias: bool, kind: str) -> None:
    """The rule gives the plain rule's relevance and sinks on a layer, and nothing else."""
    module, x = layer(name, bias), clips(name, kind)
    with torch.no_grad():
        relevance = arriving_at(module(x))
    found = answer(rule, module, x, relevance)
    truth = plain_answer(expected, module, with_ones(layer(name, bias)), x, relevance)
    torch.testing.assert_close(found.inputs, truth.inputs, rtol=1e-9, atol=1e-11)
    for sink in ("bias", "epsilon"):
        torch.testing.assert_close(found.sink(sink), truth.sink(sink), rtol=1e-9, atol=1e-10)
    arrived = relevance.flatten(1).sum(dim=1)
    torch.testing.assert_close(found.total(), arrived, rtol=1e-9, atol=1e-10)


def _ignoring_connections(rule: Callable[..., plain.Shares], **settings: float) -> PlainRule:
    return lambda connections, *given: rule(*given, **settings)


RULES: dict[str, tuple[LinearRule, PlainRule]] = {
    "epsilon_small": (Epsilon(1e-6), _ignoring_connections(plain.epsilon_rule, epsilon=1e-6)),
    "epsilon_large": (Epsilon(0.5), _ignoring_connections(plain.epsilon_rule, epsilon=0.5)),
    "epsilon_without_bias": (
        Epsilon(1e-3, bias=False),
        lambda _, weight, bias, *given: plain.epsilon_rule(weight, 0 * bias, *given, epsilon=1e-3),
    ),
    "gamma_none": (Gamma(0.0), _ignoring_connections(plain.gamma, gamma=0.0, epsilon=1e-6)),
    "gamma": (Gamma(0.25), _ignoring_connections(plain.gamma, gamma=0.25, epsilon=1e-6)),
    "gamma_large": (
        Gamma(1e4, 1e-3),
        _ignoring_connections(plain.gamma, gamma=1e4, epsilon=1e-3),
    ),
    "z_plus": (z_plus(), _ignoring_connections(plain.z_plus, epsilon=1e-6)),
    "alpha2_beta1": (
        AlphaBeta(2.0, 1.0),
        _ignoring_connections(plain.alpha_beta, alpha=2.0, beta=1.0, epsilon=1e-6),
    ),
    "alpha_beta_stabilised": (
        AlphaBeta(1.5, 0.5, 0.1),
        _ignoring_connections(plain.alpha_beta, alpha=1.5, beta=0.5, epsilon=0.1),
    ),
}

INPUT_RULES: dict[str, tuple[LinearRule, PlainRule]] = {
    "w_square": (
        WSquare(),
        lambda _, weight, bias, x, relevance: plain.w_square(weight, bias, relevance, epsilon=1e-6),
    ),
    "flat": (
        Flat(),
        lambda connections, weight, bias, x, relevance: plain.flat(
            connections, relevance, epsilon=1e-6
        ),
    ),
    "box": (
        Box(-1.0, 1.0),
        lambda _, weight, bias, x, relevance: plain.box(
            weight, x, relevance, low=-1.0, high=1.0, epsilon=1e-6
        ),
    ),
    "box_uneven": (
        Box(-1.5, 4.0, 0.1),
        lambda _, weight, bias, x, relevance: plain.box(
            weight, x, relevance, low=-1.5, high=4.0, epsilon=0.1
        ),
    ),
}
