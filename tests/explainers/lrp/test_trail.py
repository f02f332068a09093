"""What the mode cannot see into is refused where it matters, and only there."""

import pytest
import torch
from torch import nn

from explainers.errors import ExplanationError
from explainers.lrp import LRP, UnknownOperation, accept_gradient, lrp
from explainers.lrp.registry import _foreign
from tests.explainers.lrp.accounts import account


class Gain(torch.autograd.Function):
    """A foreign function with a gradient that is not its own."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad


class Holder(nn.Module):
    """Something foreign between two layers; `used` says whether its result matters."""

    def __init__(self, foreign, used=True):
        super().__init__()
        self.before, self.after = nn.Linear(6, 6), nn.Linear(6, 2)
        self.foreign = foreign if isinstance(foreign, nn.Module) else Called(foreign)
        self.used = used

    def forward(self, x):
        h = self.before(x)
        found = self.foreign(h)
        return self.after(found if self.used else h)


class Called(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@torch.jit.script
def scripted_function(x: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x) * 2


FOREIGN = {
    "erfinv": lambda x: torch.erfinv(0.1 * x),
    "special_ndtri": lambda x: torch.special.ndtri(torch.sigmoid(x)),
    "GainBackward": Gain.apply,
    "scripted function": scripted_function,
    "scripted module": torch.jit.script(nn.Sequential(nn.Linear(6, 6), nn.Tanh())),
}


def explain(module, composite="epsilon", batch=2):
    with lrp(composite, module) as run:
        inputs = torch.randn(batch, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
        scores = module(inputs)[:, 1]
    return run.relevance(scores, inputs)


@pytest.fixture(autouse=True)
def nothing_accepted_for_good():
    known = dict(_foreign)
    yield
    _foreign.clear()
    _foreign.update(known)


@pytest.mark.parametrize("name", ["erfinv", "GainBackward"])
def test_a_foreign_operation_on_the_path_is_refused_by_its_name_and_module(name):
    with pytest.raises(UnknownOperation, match=name) as refused:
        explain(Holder(FOREIGN[name]))
    assert isinstance(refused.value, ExplanationError)
    told = str(refused.value)
    assert ("foreign" if name == "erfinv" else "'linear' in after") in told
    assert "accept_gradient" in told and "answer" in told


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_everything_foreign_on_the_path_is_refused(foreign):
    with pytest.raises(UnknownOperation):
        explain(Holder(foreign))


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_off_the_path_nothing_is_refused(foreign):
    plain = Holder(foreign, used=False)
    found = explain(plain)
    plain.foreign = nn.Identity()
    assert torch.equal(found, explain(plain))


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_detached_it_is_a_constant(foreign):
    module = Holder(lambda x: x + foreign(x).detach())
    found = account(module, torch.randn(2, 6))
    assert found.missing().max() < 1e-4
    assert ("foreign", "constants") in found.sinks()


@pytest.mark.parametrize("name", ["erfinv", "special_ndtri", "GainBackward"])
def test_without_gradients_it_is_a_constant(name):
    foreign = FOREIGN[name]

    def quietly(x):
        with torch.no_grad():
            steady = foreign(x)
        return x * steady

    assert explain(Holder(quietly)).any()


def test_a_foreign_function_in_the_middle_of_others_is_found():
    def deep(x):
        h = torch.relu(x)
        for _ in range(3):
            h = torch.tanh(h.view(2, 3, 2).transpose(1, 2).reshape(2, 6))
        return Gain.apply(h)[:, :3].repeat(1, 2) + x

    with pytest.raises(UnknownOperation, match="GainBackward"):
        explain(Holder(deep))


def test_a_foreign_function_inside_an_in_place_write_is_found():
    def written(x):
        h = torch.zeros_like(x)
        h[:, :2] = x[:, :2]
        h[:, 2:] = Gain.apply(x[:, 2:])
        return h

    with pytest.raises(UnknownOperation, match="GainBackward"):
        explain(Holder(written))


@pytest.mark.parametrize(
    "write",
    [lambda h: h[:, :2].relu_(), lambda h: h[:, :2].mul_(2.0), lambda h: h[:, :2].copy_(h[:, 2:4]),
     lambda h: h[:, :2].fill_(0.1), lambda h: h.__setitem__((slice(None), 0), 0.3),
     lambda h: h.relu_()],
)  # fmt: skip
def test_a_foreign_function_that_was_partly_written_over_is_found(write):
    def written(x):
        h = Gain.apply(x)
        write(h)
        return h

    with pytest.raises(UnknownOperation, match="GainBackward"):
        explain(Holder(written))


def test_a_foreign_function_on_the_input_itself_is_found():
    class First(nn.Module):
        def forward(self, x):
            return Gain.apply(x)

    with pytest.raises(ExplanationError):
        explain(nn.Sequential(First(), nn.Linear(6, 2)))
    with pytest.raises(UnknownOperation, match="GainBackward"):
        explain(nn.Sequential(Called(torch.clone), First(), nn.Linear(6, 2)))


def test_a_foreign_function_as_the_last_step_is_found():
    class Last(nn.Module):
        def forward(self, x):
            return Gain.apply(x)

    with pytest.raises(UnknownOperation, match="GainBackward"), lrp("epsilon") as run:
        inputs = torch.randn(2, 6).requires_grad_()
        scores = Last()(inputs.tanh()).sum(1)
        run.relevance(scores, inputs)
    with pytest.raises(UnknownOperation, match="GainBackward"), lrp("epsilon") as run:
        inputs = torch.randn(2, 6).requires_grad_()
        run.relevance(Last()(inputs.tanh())[:, 0], inputs)


def test_an_accepted_gradient_is_a_rule():
    accept_gradient("GainBackward")
    module = Holder(Gain.apply).double()
    clips = torch.randn(3, 6).double()
    found = account(module, clips)
    assert found.missing().max() < 1e-9
    plain = Holder(lambda x: 2 * x).double()
    plain.load_state_dict(module.state_dict())
    torch.testing.assert_close(found.relevance, account(plain, clips).relevance)


def test_accepting_one_does_not_accept_what_lies_before_it():
    accept_gradient("GainBackward")
    with pytest.raises(UnknownOperation, match="erfinv"):
        explain(Holder(lambda x: Gain.apply(torch.erfinv(0.1 * x))))

    class Other(Gain):
        pass

    with pytest.raises(UnknownOperation, match="OtherBackward"):
        explain(Holder(lambda x: Gain.apply(Other.apply(x))))


@pytest.mark.parametrize("backward", ["grad", "backward"])
def test_a_backward_pass_inside_the_block_is_checked(backward):
    module = Holder(Gain.apply)
    with pytest.raises(UnknownOperation, match="GainBackward"), lrp("epsilon", module):
        inputs = torch.randn(2, 6).requires_grad_()
        score = module(inputs)[:, 1].sum()
        if backward == "grad":
            torch.autograd.grad(score, inputs)
        else:
            score.backward()
    assert inputs.grad is None


@pytest.mark.parametrize("backward", ["grad", "backward", "autograd.backward"])
def test_a_backward_pass_inside_the_block_gives_the_same(backward):
    module = nn.Sequential(nn.Linear(6, 6), nn.GELU(), nn.LayerNorm(6), nn.Linear(6, 2))
    expected = explain(module)
    with lrp("epsilon", module):
        inputs = torch.randn(2, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
        score = module(inputs)[:, 1].sum()
        if backward == "grad":
            (coefficient,) = torch.autograd.grad(score, inputs)
        elif backward == "backward":
            score.backward()
            coefficient = inputs.grad
        else:
            torch.autograd.backward(score)
            coefficient = inputs.grad
    assert torch.equal(inputs.detach() * coefficient, expected)
    assert all(weight.grad is None for weight in module.parameters())


def test_an_input_that_was_not_part_of_the_run_is_refused():
    module = nn.Linear(6, 2)
    with lrp("epsilon", module) as run:
        inputs = torch.randn(2, 6).requires_grad_()
        scores = module(inputs)[:, 1]
    with pytest.raises(ExplanationError, match="did not take part"):
        run.relevance(scores, torch.randn(2, 6).requires_grad_())


def test_a_score_made_outside_the_run_is_refused():
    module = nn.Linear(6, 2)
    with lrp("epsilon", module) as run:
        inputs = torch.randn(2, 6).requires_grad_()
        module(inputs)
    with pytest.raises(UnknownOperation):
        run.relevance(module(inputs)[:, 1], inputs)


def test_a_check_alone_says_it_too():
    module = Holder(FOREIGN["erfinv"])
    run = LRP(lrp().composite, module)
    with run:
        scores = module(torch.randn(2, 6).requires_grad_())[:, 0]
    with pytest.raises(UnknownOperation, match="erfinv"):
        run.check(scores)
