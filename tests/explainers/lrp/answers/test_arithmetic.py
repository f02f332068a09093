"""Sums by contribution, quotients to the dividend, constants to the ledger."""

import pytest
import torch

from tests.explainers.lrp.answers.operations import noise, plainly, through

A, B = noise(3, 4, 5), noise(3, 4, 5, seed=1)
ARRIVING = noise(3, 4, 5, seed=2)
CONSTANT = noise(4, 5, seed=3)
PER_CLIP = noise(3, 1, 5, seed=4)

# The operation on one input; its part that is a constant.
WITH_CONSTANT = {
    "add number": (lambda a: a + 0.3, 0.3),
    "radd": (lambda a: 2 + a, 2.0),
    "add tensor": (lambda a: a + CONSTANT, CONSTANT),
    "add alpha": (lambda a: torch.add(a, CONSTANT, alpha=2), 2 * CONSTANT),
    "add to a constant": (lambda a: torch.add(CONSTANT, a, alpha=2), CONSTANT),
    "add per clip": (lambda a: a + PER_CLIP, PER_CLIP),
    "sub number": (lambda a: a - 0.3, -0.3),
    "sub tensor": (lambda a: a.sub(CONSTANT, alpha=3), -3 * CONSTANT),
    "rsub": (lambda a: 1 - a, 1.0),
    "rsub tensor": (lambda a: CONSTANT - a, CONSTANT),
    "torch.rsub": (lambda a: torch.rsub(a, CONSTANT, alpha=2), CONSTANT),
    "addcmul": (lambda a: torch.addcmul(CONSTANT, a, B, value=2), CONSTANT),
    "addcdiv": (lambda a: torch.addcdiv(CONSTANT, a, B, value=2), CONSTANT),
    "iadd": (lambda a: a.add_(CONSTANT), CONSTANT),
    "isub": (lambda a: a.sub_(0.3), -0.3),
    "fill of an addend": (lambda a: a + torch.full_like(a, 0.5), 0.5),
}


@pytest.mark.parametrize("name", WITH_CONSTANT)
def test_a_constant_takes_the_relevance_of_what_it_adds(name):
    operation, constant = WITH_CONSTANT[name]
    found = through(operation, A, arriving=ARRIVING)
    torch.testing.assert_close(found.value, operation(A.clone()))
    whole = torch.as_tensor(constant).double().expand_as(A)
    torch.testing.assert_close(found.sinks["constants"], (whole * ARRIVING).sum((1, 2)))
    torch.testing.assert_close(found.relevance[0], (found.value - whole) * ARRIVING)


SHARED = {
    "add": lambda a, b: a + b,
    "add alpha": lambda a, b: torch.add(a, b, alpha=-0.7),
    "sub": lambda a, b: a - b,
    "rsub": lambda a, b: torch.rsub(a, b),
    "broadcast": lambda a, b: a + b[:, :1],
    "lerp": lambda a, b: torch.lerp(a, b, 0.3),
    "sum of a list": lambda a, b: sum([a, b]),
    "stack and sum": lambda a, b: torch.stack([a, b]).sum(0),
}


@pytest.mark.parametrize("name", SHARED)
def test_a_sum_is_shared_by_contribution(name):
    found = through(SHARED[name], A, B, arriving=ARRIVING)
    expected = plainly(SHARED[name], A, B, arriving=ARRIVING)
    torch.testing.assert_close(found.relevance, expected)
    torch.testing.assert_close(sum(one.sum() for one in expected), (found.value * ARRIVING).sum())
    assert not sum(found.sinks.values(), torch.zeros(3)).any()


SCALED = {
    "mul": lambda a: a * CONSTANT,
    "rmul": lambda a: 2 * a,
    "div": lambda a: a / CONSTANT,
    "div by a number": lambda a: torch.div(a, 3),
    "imul": lambda a: a.mul_(CONSTANT),
    "idiv": lambda a: a.div_(2),
    "neg": lambda a: -a,
}


@pytest.mark.parametrize("name", SCALED)
def test_a_multiple_takes_all(name):
    found = through(SCALED[name], A, arriving=ARRIVING)
    torch.testing.assert_close(found.relevance[0], SCALED[name](A.clone()) * ARRIVING)
    assert found.sinks == {}


@pytest.mark.parametrize("divide", [torch.div, lambda a, b: a / b, lambda a, b: a.true_divide(b)])
def test_the_dividend_takes_all(divide):
    found = through(divide, A, B, arriving=ARRIVING)
    torch.testing.assert_close(found.relevance[0], A / B * ARRIVING)
    assert not found.relevance[1].any()


def test_a_divisor_alone_is_held_constant():
    found = through(lambda a: 1 / a + 0 * a, A)
    assert not found.relevance[0].any()


def test_a_product_of_two_signals_is_halved():
    found = through(torch.mul, A, B, arriving=ARRIVING)
    for one in found.relevance:
        torch.testing.assert_close(one, A * B * ARRIVING / 2)


@pytest.mark.parametrize("gate", [torch.sigmoid, torch.nn.functional.hardsigmoid, torch.exp])
@pytest.mark.parametrize("gate_first", [True, False])
def test_a_signal_takes_all_of_what_is_gated(gate, gate_first):
    def gated(a, b):
        opened = gate(b).transpose(1, 2).contiguous().transpose(1, 2)
        return opened * a if gate_first else a.mul(opened)

    found = through(gated, A, B, arriving=ARRIVING)
    torch.testing.assert_close(found.relevance[0], found.value * ARRIVING)
    assert not found.relevance[1].any()


def test_one_minus_a_gate_is_a_gate():
    found = through(lambda a, b: (1 - torch.sigmoid(b)) * a, A, B)
    torch.testing.assert_close(found.relevance[0], found.value)


@pytest.mark.parametrize("correction", [0, 1])
def test_a_variance_hands_on_what_it_has(correction):
    found = through(lambda a: a.var(2, correction=correction), A)
    torch.testing.assert_close(found.relevance[0].sum(2), found.value)
    spread, mean = torch.var_mean(A, 2, correction=correction)
    both = through(lambda a: torch.stack(torch.var_mean(a, 2, correction=correction), 1), A)
    torch.testing.assert_close(both.value, torch.stack([spread, mean], 1))
    torch.testing.assert_close(both.relevance[0].sum(2), spread + mean)


@pytest.mark.parametrize("step", [torch.sign, lambda a: torch.div(a, 0.3, rounding_mode="floor")])
def test_a_step_carries_nothing(step):
    found = through(lambda a: a * step(a), A)
    torch.testing.assert_close(found.relevance[0], found.value)
