"""Relevance inside a model, from the same backward pass."""

import threading

import pytest
import torch
from torch import nn

from explainers.errors import ExplanationError
from explainers.lrp import LRP, Composite, Epsilon, Flat, load_composite


class Net(nn.Module):
    """A spectrum, two layers, attention over frames."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv1d(5, 6, 3)
        self.second = nn.Conv1d(6, 6, 3)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.head = nn.Linear(6, 2)
        self.double().eval()

    def forward(self, waveform):
        window = torch.hann_window(8, dtype=waveform.dtype)
        spectrum = torch.stft(waveform, 8, 4, window=window, return_complex=True)
        hidden = torch.relu(self.first((spectrum.abs() ** 2 + 1e-3).log()))
        tokens = torch.relu(self.second(hidden)).transpose(1, 2)
        attended, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return self.head(attended.mean(dim=1))


def clips():
    return torch.randn(3, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def run_with(taps, composite="cp", module=None):
    module = module or Net()
    x = clips().requires_grad_()
    rules = load_composite(composite) if isinstance(composite, str) else composite
    with LRP(rules, module, taps=taps) as run:
        scores = module(x)[:, 0]
    return run, run.relevance(scores, x), scores.detach()


TAPS = ("first", "second", "head", ":stft", ":log", "attention:scaled_dot_product_attention")


def test_every_tap_sees_one_tensor_of_its_own_shape():
    run, _, _ = run_with(TAPS)
    shapes = {tap: [tuple(one.shape) for one in run.taps.relevance(tap)] for tap in TAPS}
    assert shapes == {
        "first": [(3, 6, 15)],
        "second": [(3, 6, 13)],
        "head": [(3, 2)],
        ":stft": [(3, 5, 17)],
        ":log": [(3, 5, 17)],
        "attention:scaled_dot_product_attention": [(3, 2, 13, 3)],
    }


@pytest.mark.parametrize("tap", TAPS)
def test_a_tap_and_the_sinks_above_it_are_the_score(tap):
    run, _, scores = run_with((tap,))
    (seen,) = run.taps.relevance(tap)
    above = {
        "head": [],
        "attention:scaled_dot_product_attention": ["head", "out_proj"],
        "second": ["head", "attention"],
        "first": ["head", "attention", "second"],
        ":log": ["head", "attention", "second", "first"],
        ":stft": ["head", "attention", "second", "first", ""],
    }[tap]
    sunk = torch.zeros(3, dtype=torch.float64)
    linear = [f for f in run.flows if f.operation == "linear" and f.place == "attention"]
    for flow in run.flows:
        amount = sum(flow.sinks.values(), torch.zeros(3, dtype=torch.float64))
        if flow.place in above or ("out_proj" in above and flow is linear[-1]):
            sunk += amount
    torch.testing.assert_close(seen.flatten(1).sum(dim=1) + sunk, scores)


def test_relevance_at_a_layer_is_activation_times_gradient_where_nothing_is_detached():
    module = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 1)).double()
    x = torch.randn(3, 4, dtype=torch.float64).requires_grad_()
    with LRP(load_composite("cp"), module, taps=("0", "1")) as run:
        scores = module(x)[:, 0]
    run.relevance(scores, x)
    inner = module[0](x)
    (gradient,) = torch.autograd.grad(module[2](module[1](inner)).sum(), inner)
    torch.testing.assert_close(run.taps.relevance("0")[0], (inner * gradient).detach())
    hidden = module[1](inner).detach()
    torch.testing.assert_close(run.taps.relevance("1")[0], hidden * module[2].weight.detach())


def test_a_module_that_runs_twice_is_seen_twice():
    module = nn.Linear(4, 4).double()
    twice = nn.Sequential(module, module)
    x = torch.randn(1, 4, dtype=torch.float64).requires_grad_()
    with LRP(load_composite("cp"), twice, taps=("0",)) as run:
        scores = twice(x)[:, 0]
    run.relevance(scores, x)
    assert len(run.taps.relevance("0")) == 2


def test_flat_gives_relevance_at_a_tap_where_the_activation_is_zero():
    module = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1, bias=False)).double()
    rules = Composite("flat inside", dense=Epsilon(0.0), layers=(("2", Flat(0.0)),))
    x = torch.randn(2, 4, dtype=torch.float64).requires_grad_()
    with LRP(rules, module, taps=("1",)) as run:
        hidden = module[:2](x)
        scores = module[2](hidden)[:, 0]
    with LRP(rules, module, taps=("1",)) as run:
        scores = module(x)[:, 0]
    run.relevance(scores, x)
    assert (hidden == 0).any()
    even = (scores / 6).detach()[:, None].expand(2, 6)
    torch.testing.assert_close(run.taps.relevance("1")[0], even)
    lost = sum(flow.sinks["zero inputs"] for flow in run.flows if "zero inputs" in flow.sinks)
    torch.testing.assert_close(lost, (even * (hidden == 0)).sum(dim=1).detach())


def test_another_thread_s_calls_are_not_seen():
    module = Net()
    x = clips().requires_grad_()
    with LRP(load_composite("cp"), module, taps=("first",)) as run:
        other = threading.Thread(target=lambda: module(clips()))
        other.start()
        other.join()
        scores = module(x)[:, 0]
    run.relevance(scores, x)
    assert len(run.taps.relevance("first")) == 1
    assert all(not part._forward_hooks for part in module.modules())


def test_a_tap_changes_nothing():
    _, plain, _ = run_with(())
    _, tapped, _ = run_with(TAPS)
    torch.testing.assert_close(plain, tapped, rtol=0, atol=0)


def test_an_unknown_layer_is_answered_with_those_there_are():
    with pytest.raises(ExplanationError, match=r"no layer 'third'.*first, second"):
        LRP(load_composite("cp"), Net(), taps=("third",))
