"""Relevance reaches input that is zero, whatever moved it about before the first layer."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers.lrp import LRP, Box, Composite, Epsilon, Flat, WSquare, z_plus
from explainers.lrp.ledger import sinks_by_kind
from explainers.lrp.shadows import as_coefficient
from tests.explainers.lrp.accounts import leaks
from tests.explainers.lrp.linear_cases import INPUT_RULES, plain_answer, with_ones
from tests.explainers.lrp.oracles import plain

FIRST = {"flat": Flat(), "w_square": WSquare(), "box": Box(-1.0, 1.0)}
SILENT = slice(3, 5)


class Moved(nn.Module):
    """Something that moves values about, then a layer."""

    def __init__(self, move, layer):
        super().__init__()
        self.move = move
        self.layer = layer

    def forward(self, x):
        return self.layer(self.move(x))


def seeded(make, *args, **options):
    torch.manual_seed(0)
    return make(*args, **options).double()


def clips():
    """Two clips of two channels, silent in the middle."""
    torch.manual_seed(1)
    x = torch.rand(2, 2, 8, dtype=torch.float64) * 2 - 1
    x[:, :, SILENT] = 0.0
    return x


MOVES = {
    "nothing": (lambda x: x, (nn.Conv1d, 2, 3, 3)),
    "unsqueeze": (lambda x: x.unsqueeze(1), (nn.Conv2d, 1, 2, 2)),
    "transpose": (lambda x: x.transpose(1, 2), (nn.Linear, 2, 3)),
    "permute": (lambda x: x.permute(0, 2, 1).contiguous(), (nn.Conv1d, 8, 2, 1)),
    "flatten": (lambda x: x.flatten(1), (nn.Linear, 16, 4)),
    "slice": (lambda x: x[..., 1:7], (nn.Conv1d, 2, 3, 3)),
    "select": (lambda x: x[:, 0], (nn.Linear, 8, 3)),
    "flip": (lambda x: x.flip(-1), (nn.Conv1d, 2, 3, 3)),
    "roll": (lambda x: torch.roll(x, 2, -1), (nn.Conv1d, 2, 3, 3)),
    "repeat": (lambda x: x.repeat(1, 2, 1), (nn.Conv1d, 4, 3, 3)),
    "expand": (lambda x: x.unsqueeze(1).expand(-1, 3, -1, -1), (nn.Conv2d, 3, 2, 2)),
    "frames": (lambda x: x.unfold(-1, 4, 2), (nn.Linear, 4, 3)),
    "cast": (lambda x: x.clone().to(torch.float64), (nn.Conv1d, 2, 3, 3)),
    "scale": (lambda x: x * 0.5, (nn.Conv1d, 2, 3, 3)),
    "scale on the left": (lambda x: 3.0 * x, (nn.Conv1d, 2, 3, 3)),
    "divide": (lambda x: x / 2.0, (nn.Conv1d, 2, 3, 3)),
    "dropout": (lambda x: F.dropout(x, 0.5, training=False), (nn.Conv1d, 2, 3, 3)),
    "stack": (lambda x: torch.stack([x[:, 1], x[:, 0]], dim=1), (nn.Conv1d, 2, 3, 3)),
    "concatenate": (lambda x: torch.cat([x, x], dim=1), (nn.Conv1d, 4, 3, 3)),
    "unbind": (lambda x: torch.stack(x.unbind(1), dim=1), (nn.Conv1d, 2, 3, 3)),
    "chunk": (lambda x: x.chunk(2, dim=1)[1], (nn.Conv1d, 1, 3, 3)),
    "several": (
        lambda x: torch.stack([(0.5 * x)[:, 0, 1:], x[:, 1].flip(-1)[:, 1:]], dim=2).mT,
        (nn.Conv1d, 2, 3, 3),
    ),
    "twice the windows": (lambda x: x.mul(1.0)[..., None, 2:].squeeze(2), (nn.Conv1d, 2, 3, 2)),
}
"""Every value of what the layer sees is a value of the input, times a constant."""


def answer(rule, net, x, metered=False):
    """Relevance of the input and the sinks of the sum of all outputs."""
    composite = Composite("first", dense=Epsilon(), convolution=z_plus(), first=rule)
    run = LRP(composite, net, metered=metered)
    with run:
        leaf = x.clone().requires_grad_()
        scores = net(leaf).flatten(1).sum(dim=1)
    return run, run.relevance(scores, leaf), scores.detach()


@pytest.mark.parametrize("rule", FIRST)
@pytest.mark.parametrize("name", MOVES)
def test_relevance_follows_every_move_back_to_the_input(name, rule):
    move, made = MOVES[name]
    net, x = Moved(move, seeded(*made)), clips()
    run, relevance, scores = answer(FIRST[rule], net, x)
    # By hand: the rule at the layer, and every value's relevance back to where it came from.
    at_layer = move(x)
    ones = with_ones(seeded(*made))
    with torch.no_grad():
        outputs = net.layer(at_layer)
    truth = plain_answer(INPUT_RULES[rule][1], net.layer, ones, at_layer, outputs).inputs
    places = torch.arange(1.0, x.numel() + 1, dtype=torch.float64).reshape(x.shape)
    origin = _origin(move, places)
    expected = torch.zeros(x.numel(), dtype=torch.float64)
    expected.index_add_(0, origin.flatten(), truth.flatten())
    torch.testing.assert_close(relevance, expected.reshape(x.shape), rtol=1e-9, atol=1e-11)
    sinks = sinks_by_kind(run.flows)
    assert "zero inputs" not in sinks
    torch.testing.assert_close(relevance.flatten(1).sum(1) + sum(sinks.values()), scores)
    assert bool((relevance[:, :, SILENT].abs().sum() > 0.01).all())


def _origin(move, places):
    """Which value of the input every value came from, whatever it was multiplied by."""
    leaf = places.clone().requires_grad_()
    moved = move(leaf)
    (scale,) = torch.autograd.grad(moved.sum(), leaf)
    copies = torch.autograd.functional.jacobian(move, places).reshape(moved.numel(), -1)
    assert bool(((copies != 0).sum(dim=1) == 1).all()), "each value must come from one"
    assert scale.shape == places.shape
    return copies.abs().argmax(dim=1)


PADDING = {
    "zeros": lambda x: F.pad(x, (2, 1)),
    "a value": lambda x: F.pad(x, (0, 2), value=0.3),
    "tril": lambda x: x.tril(5),
    "masked": lambda x: x.masked_fill(torch.arange(8) > 5, 0.0),
    "a row": lambda x: torch.cat([x, torch.full((2, 2, 2), 0.2, dtype=x.dtype)], dim=-1),
}


@pytest.mark.parametrize("rule", FIRST)
@pytest.mark.parametrize("name", PADDING)
def test_what_is_not_of_the_input_ends_in_the_ledger(name, rule):
    move = PADDING[name]
    made = (nn.Conv1d, 2, 3, 3)
    net, x = Moved(move, seeded(*made)), clips()
    run, relevance, scores = answer(FIRST[rule], net, x)
    at_layer = move(x)
    with torch.no_grad():
        outputs = net.layer(at_layer)
    truth = plain_answer(
        INPUT_RULES[rule][1], net.layer, with_ones(seeded(*made)), at_layer, outputs
    ).inputs
    connected = torch.autograd.functional.jacobian(move, x).reshape(truth.numel(), -1)
    expected = (truth.flatten() @ connected).reshape(x.shape)
    torch.testing.assert_close(relevance, expected, rtol=1e-9, atol=1e-11)
    sinks = sinks_by_kind(run.flows)
    ended = truth.flatten(1).sum(dim=1) - expected.flatten(1).sum(dim=1)
    torch.testing.assert_close(sinks["zero inputs"], ended)
    torch.testing.assert_close(relevance.flatten(1).sum(1) + sum(sinks.values()), scores)


def test_values_that_are_summed_share_evenly():
    # Overlap-add: each value of the result is a sum of two frames.
    def overlap(x):
        frames = x.reshape(2, 2, 8)
        return F.fold(frames, (1, 9), (1, 2))

    net, x = Moved(overlap, seeded(nn.Conv2d, 1, 2, (1, 3))), clips()
    run, relevance, scores = answer(Flat(), net, x)
    total = relevance.flatten(1).sum(dim=1) + sum(sinks_by_kind(run.flows).values())
    torch.testing.assert_close(total, scores)
    at_layer = overlap(x)
    with torch.no_grad():
        outputs = net.layer(at_layer)
    truth = plain_answer(
        INPUT_RULES["flat"][1], net.layer, with_ones(seeded(nn.Conv2d, 1, 2, (1, 3))),
        at_layer, outputs,
    ).inputs  # fmt: skip
    torch.testing.assert_close(relevance[:, 0, 1:], truth[:, 0, 0, 1:8] / 2)
    torch.testing.assert_close(relevance[:, 0, 0], truth[:, 0, 0, 0])


@pytest.mark.parametrize("name", ["same", "circular", "reflect"])
@pytest.mark.parametrize("rule", FIRST)
def test_padding_of_the_layers_own_conserves(name, rule):
    options = {"padding": "same"} if name == "same" else {"padding": 2, "padding_mode": name}
    net, x = seeded(nn.Conv1d, 2, 3, 4, **options), clips()
    run, relevance, scores = answer(FIRST[rule], net, x)
    total = relevance.flatten(1).sum(dim=1) + sum(sinks_by_kind(run.flows).values())
    torch.testing.assert_close(total, scores)
    assert bool((relevance[:, :, SILENT] != 0).all())


class Deep(nn.Module):
    """Two layers with a ReLU between them."""

    def __init__(self):
        super().__init__()
        self.lower = seeded(nn.Conv1d, 2, 4, 3)
        self.upper = seeded(nn.Conv1d, 4, 2, 3)

    def forward(self, x):
        return self.upper(self.lower(x).relu())


@pytest.mark.parametrize("rule", FIRST)
def test_on_an_inner_layer_the_part_at_zero_inputs_goes_to_the_ledger(rule):
    net, x = Deep(), clips()
    composite = Composite("inner", convolution=Epsilon(0.0), layers=(("upper", FIRST[rule]),))
    run = LRP(composite, net)
    with run:
        leaf = x.clone().requires_grad_()
        scores = net(leaf).flatten(1).sum(dim=1)
    relevance = run.relevance(scores, leaf)
    with torch.no_grad():
        hidden = net.lower(x).relu()
        outputs = net.upper(hidden)
    truth = plain_answer(
        INPUT_RULES[rule][1], net.upper, with_ones(seeded(nn.Conv1d, 4, 2, 3)), hidden, outputs
    ).inputs
    silent = torch.where(hidden == 0, truth, 0.0).flatten(1).sum(dim=1)
    sinks = sinks_by_kind(run.flows)
    assert bool((silent.abs() > 1e-3).all())
    torch.testing.assert_close(sinks["zero inputs"], silent)
    torch.testing.assert_close(relevance.flatten(1).sum(1) + sum(sinks.values()), scores.detach())
    # And the rest goes on down, by the lower layer's own rule.
    arriving = torch.where(hidden == 0, 0.0, truth)
    for one, above, found in zip(x, arriving, relevance, strict=True):
        weight, bias = plain.as_matrix(net.lower, x.shape[1:])
        clip = one.flatten().numpy()
        expected = plain.epsilon_rule(weight, bias, clip, above.flatten().numpy(), epsilon=1e-300)
        torch.testing.assert_close(found.flatten(), torch.from_numpy(expected.inputs))


@pytest.mark.parametrize("rule", FIRST)
def test_without_zeros_the_ledger_has_none(rule):
    net, x = Moved(lambda x: x.cumsum(-1), seeded(nn.Conv1d, 2, 3, 3)), clips() + 2.0
    run, relevance, scores = answer(FIRST[rule], net, x)
    sinks = sinks_by_kind(run.flows)
    assert float(sinks["zero inputs"].abs().max()) == 0.0
    torch.testing.assert_close(relevance.flatten(1).sum(1) + sum(sinks.values()), scores)


class Branches(nn.Module):
    """The same input in two first layers, through different moves."""

    def __init__(self):
        super().__init__()
        self.left = seeded(nn.Conv1d, 2, 3, 3)
        self.right = seeded(nn.Linear, 8, 3)

    def forward(self, x):
        return self.left(x).mean(-1) + self.right(x[:, 1])


@pytest.mark.parametrize("rule", FIRST)
def test_two_layers_on_the_input_each_give_their_share(rule):
    net, x = Branches(), clips()
    composite = Composite("everywhere", dense=FIRST[rule], convolution=FIRST[rule])
    run = LRP(composite, net)
    with run:
        leaf = x.clone().requires_grad_()
        scores = net(leaf).sum(dim=1)
    relevance = run.relevance(scores, leaf)
    sinks = sinks_by_kind(run.flows)
    assert "zero inputs" not in sinks
    torch.testing.assert_close(relevance.flatten(1).sum(1) + sum(sinks.values()), scores.detach())


@pytest.mark.parametrize("rule", FIRST)
@pytest.mark.parametrize("move", ["nothing", "unsqueeze", "frames", "zeros", "tril", "stack"])
def test_every_operation_hands_on_what_it_was_given(move, rule):
    made = MOVES[move][1] if move in MOVES else (nn.Conv1d, 2, 3, 3)
    moves = PADDING | {name: function for name, (function, _) in MOVES.items()}
    run, _, scores = answer(FIRST[rule], Moved(moves[move], seeded(*made)), clips(), metered=True)
    assert leaks(run, 1e-9, 1e-12 * torch.ones_like(scores)) == []


def test_coefficients_beyond_the_range_of_the_numbers_count_as_silence():
    x = torch.tensor([0.0, 1e-40, 2.0])
    coefficient, silent = as_coefficient(x, torch.tensor([3.0, 3.0, 3.0]))
    assert coefficient.tolist() == [0.0, 0.0, 1.5]
    assert silent.tolist() == [3.0, 3.0, 0.0]
