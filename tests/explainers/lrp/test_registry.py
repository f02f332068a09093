"""Answers for one's own operations, and exported programs, which call ours by other names."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers.lrp import (
    UnknownOperation,
    adopts,
    answer,
    answered_operations,
    load_composite,
)
from explainers.lrp.registry import _answers, _foreign, find_answer
from tests.explainers.lrp.accounts import account


@torch.library.custom_op("relevancetests::halved_softsign", mutates_args=())
def halved_softsign(x: torch.Tensor) -> torch.Tensor:
    return 0.5 * x / (1 + x.abs())


def _backward(ctx, grad):
    return grad * ctx.slope


def _context(ctx, inputs, output):
    ctx.slope = 0.5 / (1 + inputs[0].abs()).square()


halved_softsign.register_autograd(_backward, setup_context=_context)


@pytest.fixture(autouse=True)
def nothing_registered_for_good():
    answers, foreign = dict(_answers), dict(_foreign)
    yield
    for known, before in ((_answers, answers), (_foreign, foreign)):
        known.clear()
        known.update(before)


class Between(nn.Module):
    def __init__(self, function):
        super().__init__()
        torch.manual_seed(0)
        self.function = function
        self.before, self.after = nn.Linear(6, 5), nn.Linear(5, 2)
        self.double()

    def forward(self, x):
        return self.after(self.function(self.before(x)))


CLIPS = torch.randn(3, 6, generator=torch.Generator().manual_seed(1)).double()


@pytest.mark.parametrize(
    "function",
    [halved_softsign, lambda x: torch.ops.relevancetests.halved_softsign(x),
     lambda x: torch.ops.relevancetests.halved_softsign.default(x)],
)  # fmt: skip
def test_an_operation_of_ones_own_is_answered_in_three_lines(function):
    with pytest.raises(UnknownOperation, match=r"relevancetests::halved_softsign|Halved"):
        account(Between(function), CLIPS)

    @answer("relevancetests::halved_softsign")
    def _(call, x):
        return call.elementwise(x, lambda x: 0.5 / (1 + x.abs()))

    found = account(Between(function), CLIPS)
    plain = account(Between(lambda x: 0.5 * F.softsign(x)), CLIPS)
    torch.testing.assert_close(found.outputs, plain.outputs)
    torch.testing.assert_close(found.relevance, plain.relevance)
    assert found.missing().max() < 1e-9


def test_the_last_answer_counts():
    @answer("tanh")
    def none(call, x):
        return call.native(x.detach())

    found = account(Between(lambda x: x + torch.tanh(x)), CLIPS)
    plain = account(Between(lambda x: x + torch.tanh(x).detach()), CLIPS)
    torch.testing.assert_close(found.relevance, plain.relevance)


def test_an_elementwise_answer_may_have_an_offset():
    @answer("cosh")
    def cosh(call, x):
        return call.elementwise(x, lambda x: (torch.cosh(x) - 1) / x, 1.0)

    found = account(Between(torch.cosh), CLIPS)
    assert found.missing().max() < 1e-9
    assert found.sinks()[("", "activation offset")].abs().min() > 0


def test_a_foreign_function_may_be_watched():
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x + 1

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad

    @adopts("DoubledBackward")
    def doubled(call, output):
        call.watch(output, "constants", lambda grad: grad)

    found = account(Between(Doubled.apply), CLIPS)
    plain = account(Between(lambda x: 2 * x + 1), CLIPS)
    torch.testing.assert_close(found.relevance, plain.relevance)
    assert found.missing().max() < 1e-9


def test_what_is_answered_is_listed():
    listed = answered_operations()
    assert list(listed) == sorted(set(listed))
    assert {"linear", "conv1d", "scaled_dot_product_attention", "gru", "__setitem__"} <= set(listed)
    assert all(find_answer(name) is not None for name in listed)


class Convolved(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(1, 4, 5, stride=2, padding=1), nn.BatchNorm1d(4), nn.ReLU(),
            nn.Conv1d(4, 6, 3, padding="same", groups=2, bias=False), nn.BatchNorm1d(6), nn.SiLU(),
            nn.ConvTranspose1d(6, 6, 4, stride=2), nn.GroupNorm(2, 6), nn.MaxPool1d(2), nn.ELU(),
            nn.AvgPool1d(2), nn.Hardtanh(-3, 3), nn.Softplus(), nn.Dropout(), nn.LeakyReLU(0.1),
        )  # fmt: skip
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        h = self.layers(x.unsqueeze(1))
        h[:, :2] *= 0.5
        return self.head(h.mean(dim=2))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.frames = nn.Conv1d(1, 5, 4, stride=4)
        self.recurrent = kind(5, 4, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        hidden, _ = self.recurrent(self.frames(x.unsqueeze(1)).transpose(1, 2))
        return self.head(hidden.mean(dim=1))


class Attentive(nn.Module):
    def __init__(self, need_weights):
        super().__init__()
        self.need_weights = need_weights
        self.frames = nn.Conv1d(1, 6, 4, stride=4)
        self.norm = nn.LayerNorm(6)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        h = self.norm(F.gelu(self.frames(x.unsqueeze(1)).transpose(1, 2)))
        attended, _ = self.attention(h, h, h, need_weights=self.need_weights)
        return self.head((h + attended).mean(dim=1))


EXPORTED = {
    "convolutions": Convolved,
    "gru": lambda: Recurrent(nn.GRU),
    "lstm": lambda: Recurrent(nn.LSTM),
    "attention": lambda: Attentive(need_weights=False),
    "attention with weights": lambda: Attentive(need_weights=True),
    "encoder": lambda: nn.Sequential(
        nn.Unflatten(1, (8, 4)),
        nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
        nn.Flatten(),
        nn.Linear(32, 2),
    ),
}


@pytest.mark.parametrize("composite", ["epsilon", "attnlrp", "epsilon_plus"])
@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_program_is_explained_as_its_module_is(name, composite):
    torch.manual_seed(2)
    module = EXPORTED[name]().eval().double()
    clips = torch.randn(3, 32).double()
    exported = torch.export.export(module, (clips,)).module()
    ours = account(module, clips, load_composite(composite))
    theirs = account(exported, clips, load_composite(composite), metered=True)
    scale = float(ours.relevance.abs().max())
    torch.testing.assert_close(theirs.outputs, ours.outputs, rtol=0, atol=1e-10)
    torch.testing.assert_close(theirs.relevance, ours.relevance, rtol=0, atol=1e-9 * scale)
    # Exported attention puts time before clips, where the ledger cannot tell the clips apart.
    lost = theirs.relevance.sum() + sum(theirs.sinks().values()).sum() - theirs.scores.sum()
    assert lost.abs() < 1e-8 * theirs.scores.abs().sum()
