"""Functions of single values hand on all they get, or enter their value at zero in the ledger."""

import math

import pytest
import torch
from torch.nn import functional as F

from explainers.lrp import Composite
from tests.explainers.lrp.answers.operations import noise, plainly, through

GUIDED = Composite("guided", activation="guided")

GRID = torch.tensor(
    [0.0, 1e-30, -1e-30, 1e-12, -1e-12, 1e-6, -1e-6, 1e-3, -1e-3, 0.3, -0.3, 1.0, -1.0, 2.5, -2.5,
     2.999, 3.0, -3.0, 6.0, 6.5, 9.0, -9.0, 19.0, 21.0, -21.0, 40.0, -40.0],
    dtype=torch.float64,
)  # fmt: skip
POSITIVE = GRID[GRID > 0]

# Zero at zero: all relevance is handed on.
WHOLE = {
    "relu": torch.relu,
    "F.relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "leaky_relu negative": lambda x: F.leaky_relu(x, -0.2),
    "elu": lambda x: F.elu(x, 1.3),
    "selu": F.selu,
    "celu": lambda x: F.celu(x, 0.7),
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "hardswish": F.hardswish,
    "tanh": torch.tanh,
    "hardtanh": lambda x: F.hardtanh(x, -2, 0.5),
    "softsign": F.softsign,
    "tanhshrink": F.tanhshrink,
    "softshrink": lambda x: F.softshrink(x, 0.4),
    "hardshrink": lambda x: F.hardshrink(x, 0.4),
    "erf": torch.erf,
    "atan": torch.atan,
    "arctan": torch.arctan,
    "asinh": torch.asinh,
    "sin": torch.sin,
    "square": torch.square,
    "pow 2": lambda x: x**2,
    "pow 3": lambda x: x.pow(3),
    "pow 1": lambda x: x**1,
    "pow tensor": lambda x: torch.pow(x, torch.tensor(2.0)),
    "nan_to_num": torch.nan_to_num,
    "abs": torch.abs,
    "prelu": lambda x: F.prelu(x, torch.tensor([0.3], dtype=x.dtype)),
    "neg": torch.neg,
    "dropout": lambda x: F.dropout(x, 0.5, training=False),
}
WHOLE_SMALL = {"sinh": torch.sinh, "expm1": torch.expm1}
WHOLE_POSITIVE = {
    "sqrt": torch.sqrt,
    "pow 0.3": lambda x: x**0.3,
    "log": torch.log,
    "log2": torch.log2,
    "log10": torch.log10,
    "log1p": torch.log1p,
}
# The value at zero, which is a constant of the function.
OFFSET = {
    "sigmoid": (torch.sigmoid, 0.5),
    "hardsigmoid": (F.hardsigmoid, 0.5),
    "softplus": (F.softplus, math.log(2)),
    "softplus steep": (lambda x: F.softplus(x, 2, 10), math.log(2) / 2),
    "logsigmoid": (F.logsigmoid, -math.log(2)),
    "cos": (torch.cos, 1.0),
    "hardtanh above": (lambda x: F.hardtanh(x, 0.2, 1), 0.2),
}
OFFSET_SMALL = {
    "exp": (torch.exp, 1.0),
    "exp2": (torch.exp2, 1.0),
    "power of 3": (lambda x: 3**x, 1.0),
    "power of 2": (lambda x: torch.pow(2, x), 1.0),
}
SMALL = GRID[GRID.abs() <= 21]
CASES = (
    [(name, one, GRID, 0.0) for name, one in WHOLE.items()]
    + [(name, one, SMALL, 0.0) for name, one in WHOLE_SMALL.items()]
    + [(name, one, POSITIVE, 0.0) for name, one in WHOLE_POSITIVE.items()]
    + [(name, one, GRID, offset) for name, (one, offset) in OFFSET.items()]
    + [(name, one, SMALL, offset) for name, (one, offset) in OFFSET_SMALL.items()]
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("name", "operation", "grid", "offset"), CASES, ids=[c[0] for c in CASES])
def test_every_value_hands_on_what_it_has_over_its_offset(name, operation, grid, offset, dtype):
    x = grid.to(dtype)[:, None]
    arriving = noise(len(x), 1).to(dtype)
    found = through(operation, x, arriving=arriving)
    assert torch.equal(found.value, operation(x))
    assert found.coefficients[0].isfinite().all()
    precision = torch.finfo(dtype).eps
    # Above its threshold torch's softplus is straight.
    slack = {"softplus": 1e-8, "softplus steep": 1e-4}.get(name, 0.0)
    expected = (found.value - offset) * arriving
    expected = torch.where(x == 0, 0.0, expected)
    size = found.value.abs() * arriving.abs() + abs(offset) * arriving.abs()
    assert ((found.relevance[0] - expected).abs() <= 8 * precision * size + slack).all()
    absorbed = sum(found.sinks.values(), torch.zeros(len(x), dtype=torch.float64))
    torch.testing.assert_close(
        absorbed, (offset * arriving[:, 0]).double(), rtol=1e-6, atol=8 * precision
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("name", "operation", "grid", "offset"), CASES, ids=[c[0] for c in CASES])
def test_near_zero_the_slope_is_the_derivative(name, operation, grid, offset, dtype):
    """The secant's limit: so a coefficient does not blow up where rounding eats the value."""
    if name in ("log", "log2", "log10", "sqrt", "pow 0.3", "hardtanh above"):
        pytest.skip("no derivative at zero")
    x = torch.tensor([[1e-3], [1e-5], [1e-7], [1e-12], [1e-30], [1e-40]], dtype=dtype)
    near = x.double().clamp(max=1e-9).requires_grad_()
    (derivative,) = torch.autograd.grad(operation(near).sum(), near)
    found = through(operation, x)
    torch.testing.assert_close(
        found.coefficients[0].double(), derivative, rtol=2e-3, atol=2e-3, msg=name
    )


def test_at_zero_the_coefficient_is_the_derivative():
    zero = torch.zeros(1, 1, dtype=torch.float64)
    slopes = {
        "tanh": 1, "gelu": 0.5, "gelu tanh": 0.5, "silu": 0.5, "mish": 0.6, "hardswish": 0.5,
        "softsign": 1, "selu": 1.0507009873554805, "elu": 1, "celu": 1, "erf": 1.1283791670955126,
        "atan": 1, "asinh": 1, "sin": 1, "hardtanh": 1, "tanhshrink": 0, "softshrink": 0,
        "pow 2": 0, "pow 1": 1,
    }  # fmt: skip
    for name, slope in slopes.items():
        found = through(WHOLE[name], zero).coefficients[0].item()
        assert found == pytest.approx(slope, abs=1e-12), name
    for name, slope in {"sigmoid": 0.25, "softplus": 0.5, "logsigmoid": 0.5, "exp": 1}.items():
        operation = {**OFFSET, **OFFSET_SMALL}[name][0]
        assert through(operation, zero).coefficients[0].item() == pytest.approx(slope), name


@pytest.mark.parametrize("operation", [lambda x: x**-1, lambda x: x.pow(-0.5), lambda x: x**0])
def test_a_scale_is_held_constant(operation):
    x = noise(3, 4).abs() + 0.1
    assert not through(lambda x: operation(x) + 0 * x, x).relevance[0].any()


@pytest.mark.parametrize("scale", [torch.rsqrt, torch.reciprocal, lambda x: x**-0.5])
def test_a_signal_times_its_own_scale_takes_all(scale):
    x = noise(3, 4).abs() + 0.1
    found = through(lambda x: x * scale(x), x)
    torch.testing.assert_close(found.relevance[0], found.value)


def test_a_tensor_to_the_power_of_a_tensor():
    x, p = noise(3, 4).abs() + 0.1, noise(3, 4, seed=1)
    found = through(torch.pow, x, p)
    torch.testing.assert_close(found.value, x**p)
    assert found.total.item() == pytest.approx(found.value.sum().item())


def test_a_gated_linear_unit_is_its_signal():
    x = noise(2, 6, 5)
    found = through(lambda x: F.glu(x, dim=1), x)
    torch.testing.assert_close(found.value, F.glu(x, dim=1))
    torch.testing.assert_close(found.relevance[0][:, :3], found.value)
    assert not found.relevance[0][:, 3:].any()


@pytest.mark.parametrize("name", ["relu", "gelu", "softplus", "leaky_relu"])
def test_guided_takes_the_plain_gradient_where_it_is_positive(name):
    operation = {**WHOLE, "softplus": F.softplus}[name]
    x, arriving = noise(4, 5), noise(4, 5, seed=2)
    found = through(operation, x, composite=GUIDED, arriving=arriving)
    (expected,) = plainly(operation, x, arriving=arriving.clamp(min=0))
    torch.testing.assert_close(found.relevance[0], expected)


def test_a_logarithm_of_next_to_nothing_does_not_overflow():
    x = torch.tensor([[1e-38], [1e-40], [1e-45], [1e-10]], dtype=torch.float32)
    for logarithm in (torch.log, torch.log2, torch.log10):
        found = through(logarithm, x)
        assert found.coefficients[0].isfinite().all()
        assert float(found.total) == pytest.approx(float(found.value.sum()), rel=1e-5)


def test_what_overflows_is_not_hidden():
    assert through(torch.exp, torch.tensor([[800.0]]).double()).coefficients[0].isinf().all()
