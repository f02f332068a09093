"""Products of two tensors on the path, however they are written."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from explainers.lrp import load_composite
from tests.explainers.lrp.answers.operations import noise, plainly, through

A, B = noise(3, 4, 5), noise(3, 5, 6, seed=1)
C = noise(3, 4, 6, seed=2)
W = noise(5, 6, seed=3)
ARRIVING = noise(3, 4, 6, seed=4)

TWO = {
    "matmul": torch.matmul,
    "@": lambda a, b: a @ b,
    "bmm": torch.bmm,
    "einsum": lambda a, b: torch.einsum("bik,bkj->bij", a, b),
    "einsum of a list": lambda a, b: torch.einsum("bik,bkj->bij", [a, b]),
    "baddbmm": lambda a, b: torch.baddbmm(torch.zeros(4, 6).double(), a, b),
    "linear": lambda a, b: torch.stack([F.linear(x, w.mT) for x, w in zip(a, b, strict=True)]),
    "sum of products": lambda a, b: (a[..., None] * b[:, None]).sum(2),
}


@pytest.mark.parametrize("name", TWO)
def test_two_signals_take_half_each(name):
    found = through(TWO[name], A, B, arriving=ARRIVING)
    expected = plainly(torch.matmul, A, B, arriving=ARRIVING)
    torch.testing.assert_close(found.value, A @ B)
    torch.testing.assert_close(found.relevance, [one / 2 for one in expected])


def test_shares_are_the_composites():
    uneven = replace(load_composite("epsilon"), product=(0.8, 0.2))
    found = through(torch.matmul, A, B, composite=uneven, arriving=ARRIVING)
    expected = plainly(torch.matmul, A, B, arriving=ARRIVING)
    torch.testing.assert_close(found.relevance[0], 0.8 * expected[0])
    torch.testing.assert_close(found.relevance[1], 0.2 * expected[1])


ONE = {
    "matmul": lambda a: a @ W,
    "linear": lambda a: F.linear(a, W.mT),
    "from the left": lambda a: torch.matmul(W.mT, a.mT).mT,
    "einsum": lambda a: torch.einsum("bik,kj->bij", a, W),
    "tensordot": lambda a: torch.tensordot(a, W, 1),
    "tensordot dims": lambda a: torch.tensordot(a, W, dims=([2], [0])),
    "mm": lambda a: torch.mm(a.reshape(-1, 5), W).reshape(3, 4, 6),
    "bmm": lambda a: torch.bmm(a, W.expand(3, -1, -1)),
    "mv": lambda a: torch.stack([torch.mv(a.reshape(-1, 5), w) for w in W.mT], 1).reshape(3, 4, 6),
}


@pytest.mark.parametrize("name", ONE)
def test_with_a_constant_all_goes_to_the_other(name):
    found = through(ONE[name], A, composite="cp", arriving=ARRIVING)
    torch.testing.assert_close(found.value, A @ W)
    torch.testing.assert_close(found.relevance, plainly(lambda a: a @ W, A, arriving=ARRIVING))


ADDED = {
    "addmm": lambda a: torch.addmm(W[0], a.reshape(-1, 5), W, beta=0.5, alpha=2).reshape(3, 4, 6),
    "addmm plain": lambda a: torch.addmm(W[0], a.reshape(-1, 5), W).reshape(3, 4, 6),
    "baddbmm": lambda a: torch.baddbmm(W[0], a, W.expand(3, -1, -1), beta=0.3, alpha=0.7),
    "linear": lambda a: F.linear(a, W.mT, W[0]),
    "bilinear": lambda a: F.bilinear(a, A, noise(6, 5, 5, seed=6), W[0]),
}


@pytest.mark.parametrize("name", ADDED)
def test_what_is_added_is_a_sink(name):
    operation = ADDED[name]
    found = through(operation, A, composite="cp", arriving=ARRIVING)
    torch.testing.assert_close(found.value, operation(A))
    (expected,) = plainly(operation, A, arriving=ARRIVING)
    torch.testing.assert_close(found.relevance[0], expected)
    rest = (found.value * ARRIVING).sum() - expected.sum()
    torch.testing.assert_close(sum(found.sinks.values()).sum(), rest)


def test_three_factors_take_a_third_each():
    found = through(lambda a, b, c: torch.einsum("bik,bkj,bij->bij", a, b, c), A, B, C)
    expected = plainly(lambda a, b, c: torch.einsum("bik,bkj,bij->bij", a, b, c), A, B, C)
    torch.testing.assert_close(found.relevance, [one / 3 for one in expected])
    assert float(found.total) == pytest.approx(float(found.value.sum()))


@pytest.mark.parametrize("composite", ["cp", "attnlrp"])
@pytest.mark.parametrize("name", ["matmul", "einsum", "bmm", "sum of products"])
def test_attention_weights_are_known_wherever_they_are_used(name, composite):
    share = {"cp": (0.0, 1.0), "attnlrp": (0.5, 0.5)}[composite]

    def attended(a, b):
        weights = F.dropout(a.softmax(-1), 0.3, training=False)
        weights = weights.unsqueeze(1).squeeze(1).clone()
        return TWO[name](weights, b)

    found = through(attended, A, B, composite=composite, arriving=ARRIVING)
    expected = plainly(attended, A, B, arriving=ARRIVING)
    torch.testing.assert_close(
        found.relevance, [s * e for s, e in zip(share, expected, strict=True)]
    )


def test_a_bilinear_layer_of_two_signals():
    weight, bias = noise(3, 5, 6, seed=5), noise(3, seed=6)
    x, y = A[:, 0], B[:, 0]
    found = through(lambda x, y: F.bilinear(x, y, weight, bias), x, y)
    expected = plainly(lambda x, y: F.bilinear(x, y, weight), x, y)
    torch.testing.assert_close(found.relevance, [one / 2 for one in expected])
    torch.testing.assert_close(sum(found.sinks.values()), bias.sum().expand(3))


def test_a_weight_made_from_the_clip_takes_half():
    kernels = noise(2, 4, 3, seed=7)
    x = noise(1, 4, 9)
    found = through(lambda x, w: F.conv1d(x, w[0], noise(2, seed=8)), x, kernels[None])
    expected = plainly(lambda x, w: F.conv1d(x, w[0]), x, kernels[None])
    torch.testing.assert_close(found.relevance, [one / 2 for one in expected])
    assert float(found.total) == pytest.approx(float(found.value.sum()))
