"""A shift of logarithms hands relevance on whole; everything else stays linear."""

import pytest
import torch
from torch import nn

from explainers.lrp import LRP, Composite, Epsilon

WHOLE = Composite("whole", dense=Epsilon(0.0), convolution=Epsilon(0.0))
LINEAR = Composite("linear", dense=Epsilon(0.0), convolution=Epsilon(0.0), levels="linear")
WEIGHTS = torch.linspace(-1, 2, 12, dtype=torch.float64).reshape(3, 4)


def energies(clips=2):
    random = torch.Generator().manual_seed(0)
    return 0.01 + torch.rand(clips, 3, 4, generator=random, dtype=torch.float64)


def relevance(shift, composite=WHOLE):
    """Of energies whose shifted logarithms are weighed and summed; and what was weighed."""
    x = energies().requires_grad_()
    with LRP(composite) as run:
        levels = shift(torch.log(x))
        scores = (levels * WEIGHTS).sum(dim=(1, 2))
    found = run.relevance(scores, x)
    sinks = sum(sum(flow.sinks.values()) for flow in run.flows)
    torch.testing.assert_close(found.sum(dim=(1, 2)) + sinks, scores.detach())
    return found, (levels * WEIGHTS).detach()


def batch_norm(levels):
    norm = nn.BatchNorm1d(3).double().eval()
    norm.running_mean.copy_(torch.tensor([-1.0, 2.0, 0.5]))
    return norm(levels)


SHIFTS = {
    "mean over time": lambda levels: levels - levels.mean(dim=-1, keepdim=True),
    "constant": lambda levels: levels + 7.0,
    "constant first": lambda levels: 7.0 + levels,
    "constant tensor": lambda levels: levels - torch.full((3, 1), 2.0, dtype=torch.float64),
    "decibels": lambda levels: 10 * levels - 30,
    "largest": lambda levels: levels - levels.amax(dim=(1, 2), keepdim=True),
    "mean and deviation": lambda levels: (
        (levels - levels.mean(dim=-1, keepdim=True)) / levels.std(dim=-1, keepdim=True)
    ),
    "batch norm": batch_norm,
    "instance norm": nn.InstanceNorm1d(3).eval(),
    "layer norm": nn.LayerNorm(4).double(),
    "moved, then mean": lambda levels: (
        levels[:, None] - levels[:, None].mean(dim=-1, keepdim=True)
    ).squeeze(1),
}


@pytest.mark.parametrize("name", SHIFTS)
def test_each_energy_has_the_relevance_of_its_own_level(name):
    found, weighed = relevance(SHIFTS[name])
    torch.testing.assert_close(found, weighed)


@pytest.mark.parametrize("name", SHIFTS)
def test_the_plain_rule_shares_the_shift_out_or_loses_it(name):
    found, weighed = relevance(SHIFTS[name], LINEAR)
    assert (found - weighed).abs().max() > 0.01


def test_the_plain_rule_is_that_of_a_difference():
    found, _ = relevance(SHIFTS["mean over time"], LINEAR)
    x = energies()
    coefficient = WEIGHTS - WEIGHTS.mean(dim=-1, keepdim=True)
    torch.testing.assert_close(found, torch.log(x) * coefficient)


def test_a_difference_of_two_levels_is_no_shift():
    found, _ = relevance(lambda levels: levels - levels.flip(2))
    x = energies()
    torch.testing.assert_close(found, torch.log(x) * (WEIGHTS - WEIGHTS.flip(1)))


def test_what_is_no_logarithm_is_shifted_linearly():
    x = energies().requires_grad_()
    with LRP(WHOLE) as run:
        scores = ((x - x.mean(dim=-1, keepdim=True)) * WEIGHTS).sum(dim=(1, 2))
    coefficient = WEIGHTS - WEIGHTS.mean(dim=-1, keepdim=True)
    torch.testing.assert_close(run.relevance(scores, x), x.detach() * coefficient)


def test_a_projection_of_levels_is_not_a_level():
    x = energies().requires_grad_()
    matrix = torch.eye(3, dtype=torch.float64) * 2
    with LRP(WHOLE) as run:
        scores = (((matrix @ torch.log(x)) + 5.0) * WEIGHTS).sum(dim=(1, 2))
    found = run.relevance(scores, x)
    torch.testing.assert_close(found, 2 * torch.log(x.detach()) * WEIGHTS)


def test_a_level_of_zero_cannot_hand_on_and_the_ledger_says_so():
    x = torch.ones(1, 1, 2, dtype=torch.float64).requires_grad_()
    with LRP(WHOLE) as run:
        scores = (torch.log(x) + 3.0).sum(dim=(1, 2))
    assert run.relevance(scores, x).abs().max() == 0
    sinks = {kind: float(v) for flow in run.flows for kind, v in flow.sinks.items()}
    assert sinks == {"zero inputs": 6.0}
