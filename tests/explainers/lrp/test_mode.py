"""The mode on its own: threads, errors, nesting, precisions, and what it leaves alone."""

import gc
import threading
import weakref
from contextlib import nullcontext

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import _get_current_function_mode_stack

from explainers.errors import ExplanationError
from explainers.lrp import LRP, Epsilon, UnknownOperation, load_composite, lrp
from explainers.lrp.composites import Composite
from explainers.lrp.ledger import NoLedger, sinks_by_kind
from tests.explainers.lrp.accounts import account
from tests.explainers.lrp.networks import get

COMPOSITES = ("epsilon", "cp", "attnlrp", "epsilon_plus", "gamma", "flat_first")


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm = nn.Conv1d(1, 4, 4, stride=2), nn.BatchNorm1d(4)
        self.attention = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.gru, self.head = nn.GRU(4, 4, batch_first=True), nn.Linear(4, 2)
        self.eval()

    def forward(self, x):
        h = F.relu(self.norm(self.conv(x.unsqueeze(1))), inplace=True).transpose(1, 2)
        return self.head(self.gru(self.attention(h))[0].mean(1))


def clips(batch=3):
    return torch.randn(batch, 30, generator=torch.Generator().manual_seed(1))


def is_clean():
    """Whether torch is as without any mode: nothing on the stack, gradients as ever, no hooks."""
    packed = []
    x = torch.ones(2, requires_grad=True)
    y = x * x
    with torch.autograd.graph.saved_tensors_hooks(lambda one: packed.append(1) or one, lambda o: o):
        pass
    z = F.gelu(torch.full((1,), 0.7, requires_grad=True))
    slope = torch.autograd.grad(z, z.grad_fn.next_functions[0][0].variable)[0]
    plain = torch.tensor(0.7, requires_grad=True)
    expected = torch.autograd.grad(0.5 * plain * (1 + torch.erf(plain / 2**0.5)), plain)[0]
    return (
        not _get_current_function_mode_stack()
        and type(y.grad_fn._saved_self) is torch.Tensor
        and torch.allclose(slope, expected)
        and not packed
    )


def test_threads_share_a_module_each_under_its_own_composite():
    module = Small()
    expected = {name: account(module, clips(), name).relevance for name in COMPOSITES}
    plainly = module(clips()).detach()
    found, failed, start = {}, [], threading.Barrier(len(COMPOSITES) + 1)

    def explain(name):
        try:
            start.wait()
            found[name] = [account(module, clips(), name).relevance for _ in range(5)]
        except BaseException as error:
            failed.append(error)

    def listen():
        start.wait()
        found["plain"] = [module(clips()).detach() for _ in range(20)]

    threads = [threading.Thread(target=explain, args=(name,)) for name in COMPOSITES]
    threads.append(threading.Thread(target=listen))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    for name in COMPOSITES:
        assert all(torch.equal(one, expected[name]) for one in found[name])
    assert all(torch.equal(one, plainly) for one in found["plain"])
    assert is_clean()


@pytest.mark.parametrize("where", ["forward", "answer", "check", "twice"])
def test_an_error_inside_leaves_torch_clean(where):
    class Breaks(nn.Module):
        def forward(self, x):
            if where == "answer":
                return torch.matmul(x, torch.ones(7, 7))
            if where == "check":
                torch.autograd.grad(torch.erfinv(x.clone()).sum(), x)
            raise ValueError("broken")

    module = nn.Sequential(nn.Linear(30, 8), Breaks())
    inner = lrp("cp") if where == "twice" else nullcontext()
    broken = (ValueError, RuntimeError, ExplanationError)
    with pytest.raises(broken), lrp("epsilon", module), inner:
        module(clips().requires_grad_())
    assert is_clean()
    assert account(Small(), clips()).relevance.any()


def test_a_run_inside_another_is_refused():
    module = Small()
    with pytest.raises(ExplanationError, match="under way"), lrp("gamma", module), lrp("epsilon"):
        module(clips().requires_grad_())
    assert is_clean()


def test_one_run_may_be_entered_again():
    module = Small()
    with lrp("epsilon", module) as run:
        x = clips().requires_grad_()
        hidden = module.conv(x.unsqueeze(1))
    with run:
        h = F.relu(module.norm(hidden)).transpose(1, 2)
        scores = module.head(module.gru(module.attention(h))[0].mean(1))[:, 1]
    expected = account(module, clips(), "epsilon").relevance
    torch.testing.assert_close(run.relevance(scores, x), expected)


def test_what_runs_without_gradients_is_a_constant():
    class Scaled(Small):
        def forward(self, x):
            with torch.no_grad():
                scale = super().forward(x).abs().amax(1, keepdim=True)
            return super().forward(x) * scale

    module = Scaled().double()
    found = account(module, clips().double())
    plain = account(Small().double(), clips().double())
    scale = Small().double()(clips().double()).detach().abs().amax(1, keepdim=True)
    torch.testing.assert_close(found.relevance, plain.relevance * scale)
    assert found.missing().max() < 1e-9


def test_without_gradients_at_all_the_module_is_as_ever():
    with torch.no_grad(), lrp("epsilon") as run:
        outputs = Small()(clips().requires_grad_())
    assert not outputs.requires_grad and run.flows == []
    assert torch.equal(outputs, Small()(clips()).detach())


def test_the_input_itself_may_be_the_score():
    with lrp("epsilon") as run:
        x = clips().requires_grad_()
        scores = x.sum(1)
    assert torch.equal(run.relevance(scores, x), clips())


def test_a_score_that_the_input_does_not_reach_gives_no_relevance():
    with lrp("epsilon") as run:
        x, other = clips().requires_grad_(), clips().requires_grad_()
        x.clone()
        scores = other.sum(1)
    assert not run.relevance(scores, x).any()


def test_two_inputs_share_the_score():
    with lrp("epsilon") as run:
        x, y = clips().double().requires_grad_(), (clips() + 1).double().requires_grad_()
        scores = (2 * x + F.gelu(y)).sum(1)
    both = [run.relevance(scores, x)]
    with lrp("epsilon") as run:
        x, y = clips().double().requires_grad_(), (clips() + 1).double().requires_grad_()
        scores = (2 * x + F.gelu(y)).sum(1)
    both.append(run.relevance(scores, y))
    torch.testing.assert_close(both[0].sum(1) + both[1].sum(1), scores.detach())


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_frozen_or_not_training_or_not_the_module_is_left_alone(frozen, training):
    module = Small().double().requires_grad_(not frozen)
    module.attention.dropout.p = module.attention.dropout1.p = module.attention.dropout2.p = 0.0
    module.attention.self_attn.dropout = 0.0
    module.train(training)
    found = account(module, clips().double())
    assert module.training == training
    assert all(weight.requires_grad != frozen for weight in module.parameters())
    assert all(weight.grad is None for weight in module.parameters())
    if not training:
        expected = account(Small().double(), clips().double())
        torch.testing.assert_close(found.relevance, expected.relevance)


def test_a_model_in_training_conserves_by_its_batchs_statistics():
    module = nn.Sequential(
        nn.Unflatten(1, (1, 30)), nn.Conv1d(1, 3, 4), nn.BatchNorm1d(3), nn.ReLU(), nn.Flatten(),
        nn.Linear(81, 2),
    ).double()  # fmt: skip
    with lrp("epsilon", module) as run:
        x = clips(4).double().requires_grad_()
        scores = module(x)[:, 0]
    relevance = run.relevance(scores, x)
    total = relevance.sum() + sum(sinks_by_kind(run.flows).values()).sum()
    torch.testing.assert_close(total, scores.sum())


@pytest.mark.parametrize("name", ["audionet", "transformer", "crnn-gru", "rawnet2", "ecapa",
                                  "conformer", "aasist", "lcnn"])  # fmt: skip
@pytest.mark.parametrize("composite", ["epsilon", "attnlrp", "epsilon_plus"])
def test_under_autocast_outputs_are_autocasts_own(name, composite):
    module, given = get(name).build().requires_grad_(False), get(name).example(2)
    with torch.autocast("cpu", torch.bfloat16):
        plain = module(given.clone().requires_grad_()).detach()
        found = account(module, given, composite)
    exact = module(given)
    distance = (plain - exact).abs().max()
    assert (found.outputs - plain).abs().max() <= distance
    assert found.outputs.dtype == plain.dtype
    assert found.relevance.isfinite().all() and found.relevance.any()
    assert all(amount.isfinite().all() for amount in found.sinks().values())


def test_under_autocast_relevance_is_near():
    module, given = Small(), clips()
    with torch.autocast("cpu", torch.bfloat16):
        found = account(module, given, "epsilon").relevance
    expected = account(module, given, "epsilon").relevance
    assert F.cosine_similarity(found.flatten(), expected.flatten(), 0) > 0.98


def test_the_first_axis_is_the_clips_and_inputs_are_taken_as_they_come():
    found = account(Small(), clips(1))
    assert found.run.batch == 1 and found.relevance.shape == (1, 30)
    found = account(Small(), clips(3)[:, ::1].contiguous())
    assert found.run.batch == 3
    strided = torch.randn(3, 60)[:, ::2]
    torch.testing.assert_close(
        account(Small(), strided).relevance, account(Small(), strided.contiguous()).relevance
    )


def test_rules_by_layer_name():
    rules = Composite("mine", layers=(("gru", Epsilon(1e-3)), ("head", Epsilon(1e3))))
    found = account(Small().double(), clips().double(), rules)
    assert found.missing().max() < 1e-8
    assert (
        found.sinks()[("head", "epsilon")].abs().sum()
        > found.sinks()[("conv", "epsilon")].abs().sum()
    )


def test_no_ledger_gives_the_same_relevance_and_no_accounts():
    module = Small()
    run = LRP(load_composite("epsilon"), module, ledger=NoLedger())
    with run:
        x = clips().requires_grad_()
        scores = module(x)[:, 1]
    assert torch.equal(run.relevance(scores, x), account(module, clips()).relevance)
    assert sinks_by_kind(run.flows) == {}


def test_a_run_that_is_over_keeps_no_memory():
    module = Small()
    kept = []

    def run_once():
        with lrp("epsilon", module) as run:
            x = clips().requires_grad_()
            hidden = module.conv(x.unsqueeze(1))
            kept.append(weakref.ref(hidden))
            scores = module.head(hidden.mean(2).relu())[:, 1]
        run.relevance(scores, x)
        return run

    run = run_once()
    gc.collect()
    assert kept[0]() is None
    assert run.flows


def test_places_name_the_innermost_module():
    found = account(Small(), clips(), metered=True)
    places = {flow.place for flow in found.run.flows}
    assert {"", "conv", "norm", "gru", "head", "attention.self_attn", "attention.linear1"} <= places
    with lrp("epsilon") as run:
        Small()(clips().requires_grad_())
    assert "Linear" in {flow.place for flow in run.flows}


@pytest.mark.parametrize("name", ["epsilon", "attnlrp"])
def test_every_composite_by_name_is_its_own_object(name):
    assert lrp(name).composite == load_composite(name)
    assert lrp(load_composite(name)).composite == load_composite(name)
    with pytest.raises(ExplanationError, match="no composite named"):
        lrp("none")


def test_unknown_operation_is_an_explanation_error():
    assert issubclass(UnknownOperation, ExplanationError)
