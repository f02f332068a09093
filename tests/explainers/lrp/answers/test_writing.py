"""What is written over keeps nothing, what is written takes all; no rule sees what came later."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.answers.operations import noise, plainly, through

X, Y = noise(3, 4, 6), noise(3, 4, 6, seed=1)
ARRIVING = noise(3, 4, 6, seed=2)
PLACES = torch.tensor([0, 3])
MASK = noise(3, 4, 6, seed=3) > 0
ATTENTION = nn.MultiheadAttention(6, 2, batch_first=True).double()
GRU, LSTM = (kind(6, 6, batch_first=True).double() for kind in (nn.GRU, nn.LSTM))


def assigned(index, value):
    def run(x):
        y = 2 * x
        y[index] = value(x) if callable(value) else value
        return y

    return run


def copied(x):
    y = 2 * x
    y[:, 1].copy_(x[:, 0])
    y[:, 2].copy_(Y[:, 0])
    return y


def filled(x):
    y = 2 * x
    y[:, 1].fill_(0.4)
    y[:, 2].zero_()
    return y


def collected(x):
    y = torch.zeros(3, 4, 6).double()
    y[:, 0] = x[:, 1]
    for row in range(1, 4):
        y[:, row] = x[:, row] + 0.5 * y[:, row - 1].clone()
    return y


def through_views(x):
    y = 2 * x
    y[:, 1:][:, 1] = 0.3
    y.transpose(1, 2)[:, 4:].fill_(-0.6)
    y.view(3, 2, 12)[:, 0, :2] = Y[:, 0, :2]
    rows = y[:, 3]
    rows[:, 0] = 0.9
    return y + torch.cat([rows[:, None]] * 4, 1)


def written_twice(x):
    y = 2 * x
    y[:, 0] = 0.5
    y[:, :, :2] *= 3
    y[:, 0, 1:].copy_(Y[:, 0, 1:])
    return y


def into_a_constant(x):
    y = Y.clone()
    y[:, 1:3] = x[:, :2]
    return y


WRITTEN = {
    "number": assigned((slice(None), 1), 0.3),
    "constant": assigned((slice(None), slice(1, 3)), Y[:, :2]),
    "one constant for all": assigned((slice(None), 1), Y[0, 1]),
    "own values": assigned((slice(None), 1), lambda x: x[:, 0] * x.shape[0]),
    "list": assigned((slice(None), [0, 2]), 0.3),
    "places": assigned((slice(None), PLACES), lambda x: x[:, 1:3]),
    "mask": assigned(MASK, 0.3),
    "ellipsis": assigned((..., slice(2, 4)), lambda x: x[..., :1]),
    "zero": assigned((slice(None), 0), 0.0),
    "copied": copied,
    "filled": filled,
    "collected": collected,
    "into a constant": into_a_constant,
    "through views": through_views,
    "written twice": written_twice,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_takes_all(name):
    operation = WRITTEN[name]
    found = through(operation, X, arriving=ARRIVING)
    assert torch.equal(found.value, operation(X.clone()))
    torch.testing.assert_close(found.relevance, plainly(operation, X, arriving=ARRIVING))
    rest = (found.value * ARRIVING).flatten(1).sum(1) - found.relevance[0].flatten(1).sum(1)
    absorbed = sum(found.sinks.values(), torch.zeros(3).double())
    torch.testing.assert_close(absorbed, rest, rtol=1e-7, atol=1e-12)
    if name in (
        "number",
        "constant",
        "one constant for all",
        "list",
        "mask",
        "filled",
        "copied",
        "through views",
    ):
        assert rest.abs().min() > 1e-3 and set(found.sinks) == {"constants"}


# In place, and the same out of place.
IN_PLACE = {
    "relu_": (lambda h: torch.relu_(h), torch.relu),
    "h.relu_": (lambda h: h.relu_(), torch.relu),
    "F.relu": (lambda h: F.relu(h, inplace=True), torch.relu),
    "F.relu by place": (lambda h: F.relu(h, True), torch.relu),
    "module": (nn.ReLU(inplace=True), torch.relu),
    "F.leaky_relu": (lambda h: F.leaky_relu(h, 0.3, inplace=True), lambda h: F.leaky_relu(h, 0.3)),
    "F.leaky_relu_": (lambda h: F.leaky_relu_(h, 0.3), lambda h: F.leaky_relu(h, 0.3)),
    "F.elu": (lambda h: F.elu(h, 0.7, True), lambda h: F.elu(h, 0.7)),
    "selu": (nn.SELU(inplace=True), F.selu),
    "celu": (nn.CELU(inplace=True), F.celu),
    "silu": (nn.SiLU(inplace=True), F.silu),
    "mish": (nn.Mish(inplace=True), F.mish),
    "hardswish": (nn.Hardswish(inplace=True), F.hardswish),
    "hardsigmoid": (nn.Hardsigmoid(inplace=True), F.hardsigmoid),
    "hardtanh": (nn.Hardtanh(-0.5, 0.4, inplace=True), lambda h: F.hardtanh(h, -0.5, 0.4)),
    "relu6": (nn.ReLU6(inplace=True), F.relu6),
    "threshold": (nn.Threshold(0.1, 0.2, inplace=True), lambda h: F.threshold(h, 0.1, 0.2)),
    "dropout": (lambda h: F.dropout(h, 0.5, False, True), lambda h: h),
    "tanh_": (lambda h: h.tanh_(), torch.tanh),
    "sigmoid_": (lambda h: torch.sigmoid_(h), torch.sigmoid),
    "exp_": (lambda h: h.exp_(), torch.exp),
    "abs_": (lambda h: h.abs_(), torch.abs),
    "clamp_": (lambda h: h.clamp_(-0.2, 0.3), lambda h: h.clamp(-0.2, 0.3)),
    "clamp_min_": (lambda h: torch.clamp_min_(h, 0.1), lambda h: h.clamp(min=0.1)),
    "pow_": (lambda h: h.pow_(2), lambda h: h**2),
    "add_": (lambda h: h.add_(Y, alpha=2), lambda h: h + 2 * Y),
    "sub_": (lambda h: h.sub_(0.2), lambda h: h - 0.2),
    "mul_": (lambda h: h.mul_(Y), lambda h: h * Y),
    "div_": (lambda h: h.div_(3), lambda h: h / 3),
    "neg_": (lambda h: h.neg_(), lambda h: -h),
    "masked_fill_": (lambda h: h.masked_fill_(MASK, 0.3), lambda h: h.masked_fill(MASK, 0.3)),
    "index_add_": (
        lambda h: h.index_add_(1, PLACES, Y[:, :2]),
        lambda h: h.index_add(1, PLACES, Y[:, :2]),
    ),
    "scatter_": (
        lambda h: h.scatter_(2, PLACES.expand(3, 4, -1), Y),
        lambda h: h.scatter(2, PLACES.expand(3, 4, -1), Y),
    ),
    "addcmul_": (lambda h: h.addcmul_(h, Y), lambda h: torch.addcmul(h, h, Y)),
    "lerp_": (lambda h: h.lerp_(Y, 0.3), lambda h: torch.lerp(h, Y, 0.3)),
    "operators": (lambda h: inplace_operators(h), lambda h: ((h + Y) * 2 - 0.3) / 4),
}


def inplace_operators(h):
    h += Y
    h *= 2
    h -= 0.3
    h /= 4
    return h


@pytest.mark.parametrize("use", ["result", "argument", "view", "through a view"])
@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_is_out_of_place(name, use):
    """Whether the result is used, thrown away, seen in a view from before, or done to a view."""
    inplace, plain = IN_PLACE[name]
    before = 1.5 * noise(4, 6, seed=5)

    def changed(x):
        h = x * before
        if use == "through a view":
            inplace(h.unsqueeze(0)[0])
            return h
        view = h.view(3, 24)
        result = inplace(h)
        return {"result": result, "argument": h, "view": view.view(3, 4, 6)}[use]

    ours = through(changed, X, arriving=ARRIVING)
    theirs = through(lambda x: plain(x * before), X, arriving=ARRIVING)
    torch.testing.assert_close(ours.value, theirs.value, rtol=0, atol=1e-12)
    torch.testing.assert_close(ours.relevance, theirs.relevance)
    for kind, amount in theirs.sinks.items():
        torch.testing.assert_close(ours.sinks[kind], amount, msg=kind)
    assert float(ours.total) == pytest.approx(float((ours.value * ARRIVING).sum()))


# Operations that keep their input or their result for the way back.
KEEPERS = {
    "tanh": (torch.tanh, "both"),
    "gelu": (F.gelu, "input"),
    "square": (torch.square, "input"),
    "linear": (nn.Linear(6, 6).double(), "both"),
    "softmax": (lambda h: h.softmax(-1), "result"),
    "layer_norm": (lambda h: F.layer_norm(h, (6,)), "both"),
    "rms_norm": (lambda h: F.rms_norm(h, (6,)), "both"),
    "product": (lambda h: h * h.flip(2), "input"),
    "product with constant": (lambda h: h * Y, "input"),
    "matmul": (lambda h: h @ h.mT @ h, "input"),
    "maximum": (lambda h: torch.maximum(h, Y), "both"),
    "max": (lambda h: h.max(2, keepdim=True).values.expand(-1, -1, 6).clone(), "input"),
    "abs": (torch.abs, "input"),
    "clamp": (lambda h: h.clamp(-0.3, 0.2), "both"),
    "std": (lambda h: h.std(2, keepdim=True).expand(-1, -1, 6).clone(), "input"),
    "logsumexp": (lambda h: h.logsumexp(2, keepdim=True).expand(-1, -1, 6).clone(), "input"),
    "where": (lambda h: torch.where(h > 0, h, Y), "input"),
    "sigmoid": (torch.sigmoid, "both"),
    "attention": (lambda h: F.scaled_dot_product_attention(h, h, h), "both"),
    "multi-head": (
        lambda h: ATTENTION(h, h, h)[0],
        "both",
    ),
    "gru": (lambda h: GRU(h)[0], "both"),
    "lstm": (lambda h: LSTM(h)[0], "both"),
    "pow": (lambda h: h**3, "input"),
    "convolution": (nn.Conv1d(4, 4, 3, padding=1).double(), "both"),
    "batch_norm": (nn.BatchNorm1d(4).double().eval(), "both"),
}


@pytest.mark.parametrize("composite", ["epsilon", "attnlrp", "epsilon_plus", "gamma"])
@pytest.mark.parametrize("name", KEEPERS)
def test_what_a_rule_keeps_is_protected_from_later_writes(name, composite):
    operation, _ = KEEPERS[name]

    def overwritten(x):
        h = 1.3 * x
        result = operation(h)
        # Into the input, once by a view and once whole, and into a copy's source.
        h[:, 1:].mul_(7.0)
        h.add_(5.0)
        kept = result * 1.0
        result.zero_()
        return kept + 0 * h

    def careful(x):
        h = 1.3 * x
        return operation(h) * 1.0 + 0 * (h * 7 + 5)

    ours = through(overwritten, X, composite=composite)
    theirs = through(careful, X, composite=composite)
    torch.testing.assert_close(ours.value, theirs.value)
    torch.testing.assert_close(ours.relevance, theirs.relevance)
    absorbed = [sum(one.sinks.values(), torch.zeros(3).double()) for one in (ours, theirs)]
    torch.testing.assert_close(*absorbed)


def test_a_write_into_a_constant_that_was_added_does_not_change_the_ledger():
    def overwritten(x):
        constant = Y.clone()
        result = x + constant
        beside = torch.cat([x, constant], 1)
        larger = torch.maximum(x, constant)
        constant.fill_(100.0)
        return result + beside[:, 4:] + larger

    found = through(overwritten, X)
    assert float(found.total) == pytest.approx(float(found.value.sum()))


def test_a_write_under_no_grad_is_seen_by_nobody_who_kept():
    def overwritten(x):
        h = 1.3 * x
        result = torch.tanh(h) * h
        with torch.no_grad():
            h.zero_()
        return result

    ours = through(overwritten, X)
    theirs = through(lambda x: torch.tanh(1.3 * x) * (1.3 * x), X)
    torch.testing.assert_close(ours.relevance, theirs.relevance)


def test_the_shape_may_change_in_place():
    def reshaped(x):
        h = 2 * x
        h.unsqueeze_(1)
        h.transpose_(2, 3)
        h.squeeze_(1)
        return h.t_() if h.ndim == 2 else h

    found = through(reshaped, X)
    torch.testing.assert_close(found.relevance[0], 2 * X)


def test_roles_do_not_outlive_a_write():
    def run(x, y):
        gate = torch.sigmoid(y)
        gate.copy_(y)
        return x * gate

    found = through(run, X, Y)
    torch.testing.assert_close(found.relevance[0], X * Y / 2)


@pytest.mark.parametrize(
    "write",
    [lambda h: h.normal_(0.3), lambda h: h.uniform_(), lambda h: h.bernoulli_(0.5),
     lambda h: h.random_(5), lambda h: h.exponential_(2.0)],
)  # fmt: skip
def test_random_numbers_are_constants(write):
    def noisy(x):
        h = 2 * x
        write(h[:, 1])
        return h

    found = through(noisy, X, arriving=ARRIVING)
    assert not found.relevance[0][:, 1].any()
    rest = (found.value * ARRIVING)[:, 1].sum(1)
    assert rest.abs().min() > 1e-6
    torch.testing.assert_close(found.sinks["constants"], rest)


def test_the_clips_themselves_are_never_written_to():
    class Careless(nn.Module):
        def forward(self, x):
            x = x.clone()
            x.mul_(0)
            return x

    given = X.clone()
    through(Careless(), given)
    assert torch.equal(given, X)
