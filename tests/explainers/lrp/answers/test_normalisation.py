"""Normalisations with what is held constant written out plainly."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers.lrp import load_composite
from tests.explainers.lrp.answers.operations import noise, plainly, through

X = noise(3, 6, 5) + 0.3
SHIFT, SCALE = noise(6, seed=1), noise(6, seed=2)
ARRIVING = noise(3, 6, 5, seed=3)


def settings(normalisation):
    return replace(load_composite("epsilon"), normalisation=normalisation)


def standardised(x, axes, eps, mean_constant=False):
    """By mean and deviation over the axes, the deviation held constant."""
    mean = x.mean(axes, keepdim=True)
    variance = (x - mean).square().mean(axes, keepdim=True)
    mean = mean.detach() if mean_constant else mean
    return (x - mean) / (variance.detach() + eps).sqrt()


def per_channel(values, x):
    return values.reshape(-1, *[1] * (x.ndim - 2))


def grouped(x, groups, eps, mean_constant):
    parts = x.unflatten(1, (groups, -1))
    axes = tuple(range(2, parts.ndim))
    return standardised(parts, axes, eps, mean_constant).flatten(1, 2)


# The operation, and its parts: what is scaled, by what, and shifted by what.
CASES = {
    "layer_norm": (
        lambda x: F.layer_norm(x.mT, (6,), SCALE, SHIFT, 1e-3).mT,
        lambda x, mean: standardised(x, (1,), 1e-3, mean) * SCALE[:, None],
        SHIFT[:, None],
    ),
    "layer_norm over two axes": (
        lambda x: F.layer_norm(x, (6, 5)),
        lambda x, mean: standardised(x, (1, 2), 1e-5, mean),
        0.0,
    ),
    "layer_norm module": (
        lambda x: nn.LayerNorm(5, elementwise_affine=False).double()(x),
        lambda x, mean: standardised(x, (2,), 1e-5, mean),
        0.0,
    ),
    "group_norm": (
        lambda x: F.group_norm(x, 2, SCALE, SHIFT, 1e-3),
        lambda x, mean: grouped(x, 2, 1e-3, mean) * SCALE[:, None],
        SHIFT[:, None],
    ),
    "group_norm of one channel each": (
        lambda x: F.group_norm(x, 6),
        lambda x, mean: grouped(x, 6, 1e-5, mean),
        0.0,
    ),
    "instance_norm": (
        lambda x: F.instance_norm(x, weight=SCALE, bias=SHIFT, eps=1e-3),
        lambda x, mean: standardised(x, (2,), 1e-3, mean) * SCALE[:, None],
        SHIFT[:, None],
    ),
    "instance_norm plain": (
        lambda x: nn.InstanceNorm1d(6)(x),
        lambda x, mean: standardised(x, (2,), 1e-5, mean),
        0.0,
    ),
    "batch_norm in training": (
        lambda x: F.batch_norm(x, None, None, SCALE, SHIFT, True),
        lambda x, mean: standardised(x, (0, 2), 1e-5, mean) * SCALE[:, None],
        SHIFT[:, None],
    ),
}


@pytest.mark.parametrize("mean_constant", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_the_deviation_is_held_constant_and_the_mean_on_request(name, mean_constant):
    operation, scaled, shift = CASES[name]
    composite = settings("mean and deviation" if mean_constant else "deviation")
    found = through(operation, X, composite=composite, arriving=ARRIVING)
    assert torch.equal(found.value, operation(X))
    torch.testing.assert_close(found.value, scaled(X, mean_constant) + shift)
    (expected,) = plainly(lambda x: scaled(x, mean_constant), X, arriving=ARRIVING)
    torch.testing.assert_close(found.relevance[0], expected)
    # What the mean and the shift take, each on its own.
    rest = scaled(X, mean_constant) * ARRIVING - expected
    taken = (rest if mean_constant else 0.0) + shift * ARRIVING
    absorbed = sum(found.sinks.values(), torch.zeros(3).double())
    total = taken.sum() if isinstance(taken, torch.Tensor) else taken
    torch.testing.assert_close(absorbed.sum(), total)
    assert float(found.total) == pytest.approx(float((found.value * ARRIVING).sum()))


@pytest.mark.parametrize("name", CASES)
def test_with_nothing_held_constant_it_is_the_plain_gradient(name):
    operation, _, _ = CASES[name]
    found = through(operation, X, composite=settings("nothing"), arriving=ARRIVING)
    torch.testing.assert_close(
        found.relevance, plainly(operation, X, arriving=ARRIVING), atol=1e-9, rtol=1e-6
    )


def test_the_plain_gradient_of_a_layer_norm_sums_to_nothing():
    found = through(lambda x: F.layer_norm(x, (5,), eps=0.0), X, composite=settings("nothing"))
    assert float(found.relevance[0].sum(2).abs().max()) < 1e-10


SCALES = {
    "rms_norm": (
        lambda x: F.rms_norm(x, (5,), SCALE[:5], 1e-3),
        lambda x: x * (x.square().mean(2, keepdim=True) + 1e-3).rsqrt().detach() * SCALE[:5],
    ),
    "rms_norm plain": (
        lambda x: nn.RMSNorm((6, 5), elementwise_affine=False)(x),
        lambda x: x * (x.square().mean((1, 2), keepdim=True)
                       + torch.finfo(torch.float64).eps).rsqrt().detach(),
    ),
    "normalize": (
        lambda x: F.normalize(x, dim=1),
        lambda x: x / x.norm(dim=1, keepdim=True).detach(),
    ),
    "normalize by another norm": (
        lambda x: F.normalize(x, 1, -1),
        lambda x: x / x.abs().sum(2, keepdim=True).detach(),
    ),
    "local_response_norm": (
        lambda x: F.local_response_norm(x, 3),
        lambda x: x * (F.local_response_norm(x, 3) / x).detach(),
    ),
    "divided by its own norm": (
        lambda x: x / (x.norm(dim=1, keepdim=True) + 1e-3),
        lambda x: x / (x.norm(dim=1, keepdim=True) + 1e-3).detach(),
    ),
    "divided by its own maximum": (
        lambda x: x.div(x.abs().amax(2, keepdim=True)),
        lambda x: x / x.abs().amax(2, keepdim=True).detach(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("normalisation", ["deviation", "mean and deviation"])
@pytest.mark.parametrize("name", SCALES)
def test_a_scale_is_held_constant(name, normalisation):
    operation, constant = SCALES[name]
    found = through(operation, X, composite=settings(normalisation), arriving=ARRIVING)
    torch.testing.assert_close(found.value, operation(X))
    (expected,) = plainly(constant, X, arriving=ARRIVING)
    torch.testing.assert_close(found.relevance[0], expected)
    assert found.sinks == {}
    assert float(found.total) == pytest.approx(float((found.value * ARRIVING).sum()))


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_that_is_not_held_constant_has_its_plain_gradient(name):
    operation, _ = SCALES[name]
    found = through(operation, X, composite=settings("nothing"), arriving=ARRIVING)
    torch.testing.assert_close(found.relevance, plainly(operation, X, arriving=ARRIVING))


@pytest.mark.parametrize("affine", [True, False])
def test_a_batch_norm_is_a_scale_and_a_shift(affine):
    norm = nn.BatchNorm1d(6, affine=affine).double().eval()
    norm.running_mean.copy_(noise(6, seed=4))
    norm.running_var.copy_(noise(6, seed=5).abs() + 0.2)
    if affine:
        norm.weight.data.copy_(SCALE)
        norm.bias.data.copy_(SHIFT)
    found = through(norm, X, arriving=ARRIVING)
    scale = (norm.running_var + norm.eps).rsqrt() * (SCALE if affine else 1.0)
    shift = (SHIFT if affine else 0.0) - norm.running_mean * scale
    torch.testing.assert_close(found.value, norm(X))
    torch.testing.assert_close(found.relevance[0], X * scale[:, None] * ARRIVING)
    torch.testing.assert_close(
        found.sinks["normalisation"], (shift[:, None] * ARRIVING).sum((1, 2))
    )


def test_an_instance_norm_by_running_statistics_is_one_too():
    norm = nn.InstanceNorm1d(6, affine=True, track_running_stats=True).double()
    for _ in range(3):
        norm(X * 2 + 1)
    norm.eval()
    found = through(norm, X, arriving=ARRIVING)
    (expected,) = plainly(lambda x: norm(x) - norm(torch.zeros_like(x)), X, arriving=ARRIVING)
    torch.testing.assert_close(found.relevance[0], expected)
    assert float(found.total) == pytest.approx(float((found.value * ARRIVING).sum()))


@pytest.mark.parametrize("composite", ["epsilon_plus", "gamma"])
def test_a_batch_norm_behind_a_split_layer_is_one_layer_with_it(composite):
    torch.manual_seed(0)
    convolution, norm = nn.Conv1d(6, 4, 3, bias=True).double(), nn.BatchNorm1d(4).double().eval()
    norm.running_mean.copy_(noise(4, seed=4))
    norm.running_var.copy_(noise(4, seed=5).abs() + 0.2)
    norm.weight.data.copy_(noise(4, seed=6))
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    folded = nn.Conv1d(6, 4, 3).double()
    folded.weight.data = convolution.weight * scale[:, None, None]
    folded.bias.data = (convolution.bias - norm.running_mean) * scale + norm.bias
    ours = through(lambda x: norm(convolution(x)), X, composite=composite)
    theirs = through(folded, X, composite=composite)
    torch.testing.assert_close(ours.relevance, theirs.relevance)
    torch.testing.assert_close(sum(ours.sinks.values()), sum(theirs.sinks.values()))
    # Not where something lies between the two.
    apart = through(lambda x: norm(convolution(x).relu()), X, composite=composite)
    assert float(apart.total) == pytest.approx(float(apart.value.sum()))
    assert not torch.allclose(apart.relevance[0], theirs.relevance[0])


def test_running_statistics_are_not_touched_in_evaluation_and_are_in_training():
    norm = nn.BatchNorm1d(6).double()
    expected = nn.BatchNorm1d(6).double()
    through(norm, X)
    expected(X)
    torch.testing.assert_close(norm.running_mean, expected.running_mean)
    before = norm.eval().running_mean.clone()
    through(norm, X)
    assert torch.equal(before, norm.running_mean)
