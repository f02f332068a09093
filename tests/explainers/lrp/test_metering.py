"""Meters tell what every operation was given and handed on, and change nothing."""

import torch
from torch import nn

from explainers.lrp import lrp
from explainers.lrp.metering import can_be_metered
from explainers.lrp.mode import LRP
from tests.explainers.lrp.accounts import account, leaks

CLIPS = torch.randn(2, 6, generator=torch.Generator().manual_seed(0)).double()


def module():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.GELU(), nn.Linear(5, 2)).double()


def test_flows_are_activation_times_gradient():
    found = account(module(), CLIPS, "cp", metered=True)
    first, gelu, last = found.run.flows[:3]
    assert [one.operation.split(".")[-1] for one in (first, gelu, last)] == [
        "linear", "gelu", "linear",
    ]  # fmt: skip
    net = module()
    hidden = net[0](CLIPS).detach()
    head = net[2].weight[1].detach()
    arriving = net[1](hidden).detach() * head
    torch.testing.assert_close(last.into, arriving.sum(1))
    torch.testing.assert_close(gelu.out, arriving.sum(1))
    torch.testing.assert_close(gelu.into, arriving.sum(1))
    slope = net[1](hidden).detach() / hidden * head
    torch.testing.assert_close(first.out, (hidden * slope).sum(1))
    into = (CLIPS * (slope @ net[0].weight.detach())).sum(1)
    torch.testing.assert_close(first.into, into)
    torch.testing.assert_close(first.sinks["bias"], (net[0].bias.detach() * slope).sum(1))


def test_a_leak_is_seen():
    from explainers.lrp import answer
    from explainers.lrp.registry import _answers

    before = _answers["gelu"]

    @answer("gelu")
    def leaking(call, x, approximate="none"):
        return call.elementwise(x, lambda x: torch.full_like(x, 0.4))

    try:
        found = account(module(), CLIPS, "cp", metered=True)
    finally:
        _answers["gelu"] = before
    assert [one.split()[0] for one in leaks(found.run, 1e-6, 1e-9 * found.scores.abs())] == [
        "functional.gelu" if "functional.gelu" in found.run.flows[1].operation else "gelu"
    ]
    assert found.missing().max() > 1e-3


def test_without_meters_nothing_is_measured():
    found = account(module(), CLIPS, "cp")
    assert all(flow.out is None and flow.into is None for flow in found.run.flows)


def test_views_are_not_metered():
    assert not can_be_metered("view") and not can_be_metered("__getitem__")
    assert can_be_metered("linear") and can_be_metered("functional.gelu")


def test_a_batch_norm_folded_into_its_layer_is_metered_as_one():
    net = nn.Sequential(
        nn.Unflatten(1, (1, 6)), nn.Conv1d(1, 3, 2), nn.BatchNorm1d(3), nn.Flatten(),
        nn.Linear(15, 2),
    ).double().eval()  # fmt: skip
    net[2].running_mean.normal_()
    found = account(net, CLIPS, "epsilon_plus", metered=True)
    assert leaks(found.run, 1e-9, 1e-12 * found.scores.abs()) == []
    assert found.missing().max() < 1e-9


def test_an_output_that_is_not_used_is_no_leak():
    class Halves(nn.Module):
        def forward(self, x):
            values, _ = x.sort(1)
            _, used = torch.tanh(values).chunk(2, 1)
            return used

    found = account(nn.Sequential(nn.Linear(6, 6), Halves()).double(), CLIPS, metered=True)
    assert leaks(found.run, 1e-9, 1e-12 * found.scores.abs()) == []


def test_metering_is_asked_for():
    assert lrp("epsilon").meters is None
    assert LRP(lrp("epsilon").composite, metered=True).meters is not None
