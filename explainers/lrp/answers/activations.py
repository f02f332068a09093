"""Functions of single values: all relevance is handed on, ``R_x = R_y``.

As a gradient that is the secant f(x) / x, written in closed form so that nothing is divided by an x
near zero. Where f(0) is not zero, that value is a constant of the function and goes to the ledger:
the secant is (f(x) - f(0)) / x. A logarithm, which has no value at zero, hands all on.

Sources: Arras et al. 2019 (identity rule), Achtibat et al. 2024 (its use for GELU and SiLU).
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.lrp.calls import Back, Call, Elementwise
from explainers.lrp.levels import as_level, handed_on
from explainers.lrp.naming import FUNCTIONAL
from explainers.lrp.notes import GATE, common_role, with_role
from explainers.lrp.registry import answer
from explainers.lrp.values import Number

Slope = Callable[[Tensor], Tensor]

RECTIFIERS = frozenset(
    [
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "gelu",
        "silu",
        "mish",
        "hardswish",
        "softplus",
    ]
)
"""What guided backpropagation takes for a rectifier."""

SELU_SCALE = 1.0507009873554804934193349852946


def activation(
    call: Call, x: Tensor, slope: Slope, args: Any, kwargs: Any, offset: Number = 0.0
) -> Tensor:
    """The operation's value; its gradient is the slope, or what the composite wants instead."""
    return activation_back(call, x, lambda grad, x: slope(x).mul_(grad), args, kwargs, offset)


def activation_back(
    call: Call, x: Tensor, back: Back, args: Any, kwargs: Any, offset: Number = 0.0
) -> Tensor:
    """The same from the way back as a whole: the gradient of x from that of the value, and x."""
    if call.composite.activation == "guided":
        result: Tensor = call.native(x, *args, **kwargs)
        if call.name.removeprefix(FUNCTIONAL) in RECTIFIERS:
            result.register_hook(lambda grad: grad.clamp(min=0))
        return result
    result = Elementwise.apply(x, call, lambda: call.native(x, *args, **kwargs), back, offset)
    return with_role(result, common_role(call.path))


def secant(x: Tensor, rise: Callable[[Tensor], Tensor], limit: Number) -> Tensor:
    """``rise(x) / x``, its limit at zero; `rise` gives a new tensor."""
    # 0 / 0 is the only way to what is not a number.
    return rise(x).div_(x).nan_to_num_(limit, posinf=math.inf, neginf=-math.inf)


def _secant_of(rise: Callable[[Tensor], Tensor], limit: Number) -> Slope:
    return lambda x: secant(x, rise, limit)


SLOPES: dict[str, Slope] = {
    "relu6": _secant_of(lambda x: x.clamp(0, 6), 0.0),
    "tanh": _secant_of(torch.tanh, 1.0),
    "silu": torch.sigmoid,
    "mish": _secant_of(F.mish, 0.6),
    "hardswish": lambda x: (x + 3).clamp(0, 6) / 6,
    "softsign": lambda x: 1 / (1 + x.abs()),
    "tanhshrink": _secant_of(F.tanhshrink, 0.0),
    "erf": _secant_of(torch.erf, 2 / math.sqrt(math.pi)),
    "arctan": _secant_of(torch.arctan, 1.0),
    "atan": _secant_of(torch.arctan, 1.0),
    "asinh": _secant_of(torch.asinh, 1.0),
    "arcsinh": _secant_of(torch.asinh, 1.0),
    "sinh": _secant_of(torch.sinh, 1.0),
    "sin": _secant_of(torch.sin, 1.0),
    "expm1": _secant_of(torch.expm1, 1.0),
    "log1p": _secant_of(torch.log1p, 1.0),
    "square": torch.clone,
    "sqrt": _secant_of(lambda x: torch.sqrt(x.clamp(min=0)), 0.0),
    "selu": _secant_of(F.selu, SELU_SCALE),
    "nan_to_num": torch.ones_like,
}
"""Slopes of functions that are zero at zero and take no settings."""


def _answer_plain(name: str, slope: Slope) -> None:
    @answer(name)
    def plain(call: Call, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return activation(call, input, slope, args, kwargs)


for _name, _slope in SLOPES.items():
    _answer_plain(_name, _slope)


@answer("log", "log2", "log10")
def logarithm(call: Call, input: Tensor) -> Tensor:
    """A level: all is handed on."""
    if call.composite.activation == "guided":
        result: Tensor = as_level(call.native(input))
        return result
    return with_role(handed_on(call, input, lambda: call.native(input)), common_role(call.path))


@answer("relu")
def rectifier(call: Call, input: Tensor) -> Tensor:
    """What is positive passes: its own gradient, from the input, which others keep as well."""
    return activation_back(
        call, input, lambda grad, x: torch.ops.aten.threshold_backward(grad, x, 0), (), {}
    )


@answer("functional.relu")
def functional_rectifier(call: Call, input: Tensor, inplace: bool = False) -> Tensor:
    """As above, with an argument for writing in place."""
    return rectifier(call, input)


@answer("leaky_relu")
def leaky_relu(
    call: Call, input: Tensor, negative_slope: Number = 0.01, inplace: bool = False
) -> Tensor:
    """One slope on each side: its own gradient."""

    def back(grad: Tensor, x: Tensor) -> Tensor:
        found: Tensor = torch.ops.aten.leaky_relu_backward(grad, x, negative_slope, False)
        return found

    return activation_back(call, input, back, (negative_slope,), {})


@answer("gelu")
def gelu(call: Call, input: Tensor, approximate: str = "none") -> Tensor:
    """The slope is the normal distribution's share below x."""
    slope = _secant_of(lambda x: F.gelu(x, approximate=approximate), 0.5)
    return activation(call, input, slope, (), {"approximate": approximate})


@answer("elu")
def elu(
    call: Call,
    input: Tensor,
    alpha: Number = 1.0,
    scale: Number = 1.0,
    input_scale: Number = 1.0,
) -> Tensor:
    """Exponential below zero."""
    more = () if scale == input_scale == 1 else (scale, input_scale)
    slope = _secant_of(lambda x: call.native(x, alpha, *more), scale)
    return activation(call, input, slope, (alpha, *more), {})


@answer("functional.elu")
def functional_elu(call: Call, input: Tensor, alpha: Number = 1.0, inplace: bool = False) -> Tensor:
    """As above, with an argument for writing in place."""
    return elu(call, input, alpha)


@answer("celu")
def celu(call: Call, input: Tensor, alpha: Number = 1.0, inplace: bool = False) -> Tensor:
    """Exponential below zero, smooth for every alpha."""
    slope = _secant_of(lambda x: call.native(x, alpha), 1.0)
    return activation(call, input, slope, (alpha,), {})


@answer("hardtanh")
def hardtanh(
    call: Call, input: Tensor, min_val: Number = -1.0, max_val: Number = 1.0, inplace: bool = False
) -> Tensor:
    """Linear between two values; where zero is not one of those between, it has an offset."""
    offset = min(max(0.0, min_val), max_val)
    slope = _secant_of(lambda x: x.clamp(min_val, max_val).sub_(offset), 1.0)
    return activation(call, input, slope, (min_val, max_val), {}, offset)


@answer("softshrink")
def shrink(call: Call, input: Tensor, *settings: Any, **named: Any) -> Tensor:
    """Zero in the middle."""
    named.pop("inplace", None)
    return activation(
        call, input, _secant_of(lambda x: call.native(x, *settings, **named), 0.0), settings, named
    )


@answer("sigmoid", "special_expit")
def sigmoid(call: Call, input: Tensor) -> Tensor:
    """A gate; as a signal, one half of it is its own."""
    slope = _secant_of(lambda x: 0.5 * torch.tanh(x / 2), 0.25)
    return with_role(activation(call, input, slope, (), {}, offset=0.5), GATE)


@answer("hardsigmoid")
def hardsigmoid(call: Call, input: Tensor, inplace: bool = False) -> Tensor:
    """A gate of straight lines."""
    slope = _secant_of(lambda x: x.clamp(-3, 3) / 6, 1 / 6)
    return with_role(activation(call, input, slope, (), {}, offset=0.5), GATE)


@answer("softplus")
def softplus(call: Call, input: Tensor, beta: Number = 1.0, threshold: Number = 20.0) -> Tensor:
    """A gate that is never negative."""
    slope = _secant_of(lambda x: _softplus_rise(x * beta) / beta, 0.5)
    offset = math.log(2) / beta
    return with_role(activation(call, input, slope, (beta, threshold), {}, offset), GATE)


@answer("logsigmoid", "log_sigmoid")
def logsigmoid(call: Call, input: Tensor) -> Tensor:
    """Minus a softplus of minus x."""
    slope = _secant_of(lambda x: _softplus_rise(-x).neg_(), 0.5)
    return activation(call, input, slope, (), {}, -math.log(2))


def _softplus_rise(x: Tensor) -> Tensor:
    """``log(1 + exp x) - log 2``, without the difference of two values that are nearly the same."""
    return torch.expm1(-x.abs()).div_(2).log1p_() + x.clamp(min=0)


@answer("exp", "exp2")
def exponential(call: Call, input: Tensor) -> Tensor:
    """One at zero."""
    base = math.e if call.name == "exp" else 2.0
    slope = _secant_of(lambda x: torch.expm1(x * math.log(base)), math.log(base))
    return with_role(activation(call, input, slope, (), {}, offset=1.0), GATE)


@answer("glu")
def gated_linear_unit(call: Call, input: Tensor, dim: int = -1) -> Tensor:
    """Half of the channels, gated by the other half."""
    signal, gate = call.through(torch.chunk, input, 2, dim)
    result: Tensor = call.through(torch.mul, signal, call.through(torch.sigmoid, gate))
    return result


@answer("cos")
def cosine(call: Call, input: Tensor) -> Tensor:
    """One at zero."""
    return activation(call, input, _secant_of(lambda x: torch.cos(x) - 1, 0.0), (), {}, offset=1.0)


@answer("rsqrt", "reciprocal")
def inverse(call: Call, input: Tensor) -> Tensor:
    """A scale for others, held constant as a divisor is."""
    if call.composite.normalisation == "nothing":
        result: Tensor = call.native(input)
        return result
    return with_role(call.native(input.detach()), GATE)


@answer("pow", "__pow__", "float_power")
def power(call: Call, input: Any, exponent: Any) -> Tensor:
    """``x^p`` hands all on; a negative power is a scale, held constant."""
    if not isinstance(input, Tensor):
        return _exponential_of(call, float(input), exponent)
    if isinstance(exponent, Tensor):
        if exponent.requires_grad or exponent.numel() > 1:
            logarithm = call.through(torch.log, input)
            return call.through(torch.exp, call.through(torch.mul, logarithm, exponent))
        exponent = exponent.item()
    if exponent < 0:
        return with_role(call.native(input.detach(), exponent), GATE)
    if exponent == 0:
        return call.native(input.detach(), exponent)
    return activation(call, input, lambda x: _power_slope(x, exponent), (exponent,), {})


@answer("__rpow__")
def power_of(call: Call, input: Tensor, base: Number) -> Tensor:
    """``base ^ x``."""
    return _exponential_of(call, float(base), input)


def _exponential_of(call: Call, base: Number, exponent: Tensor) -> Tensor:
    rate = math.log(base)
    slope = _secant_of(lambda x: torch.expm1(x * rate), rate)
    return Elementwise.apply(
        exponent, call, lambda: torch.pow(base, exponent), lambda grad, x: slope(x) * grad, 1.0
    )


def _power_slope(x: Tensor, exponent: Number) -> Tensor:
    if exponent == 2:
        return x.clone()
    return secant(x, lambda one: one.pow(exponent), 1.0 if exponent == 1 else 0.0)
