"""Dense layers and convolutions: the operations with weights, answered by the composite's rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.lrp.answers.products import weighed
from explainers.lrp.calls import Call
from explainers.lrp.errors import UnknownOperation
from explainers.lrp.layers import Convolution, Dense, LinearLayer
from explainers.lrp.propagation import Applied, propagate, remember
from explainers.lrp.registry import answer
from explainers.lrp.values import Number

Sizes = int | Sequence[int]


def applied(
    call: Call, kind: Literal["dense", "convolution"], layer: LinearLayer, x: Tensor, value: Any
) -> Tensor:
    """The layer's value with the composite's rule for it."""
    run = call.run
    rule = run.composite.rule_for(kind, call.flow.place, run.linear_layers == 0)
    run.linear_layers += 1
    output = propagate(call, layer, rule, x, value)
    return remember(Applied(layer, rule, x, call), output)


@answer("linear")
def linear(call: Call, input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A dense layer."""
    if weight.requires_grad or (bias is not None and bias.requires_grad):
        matrix = call.through(torch.transpose, weight, -1, -2)
        product = call.through(torch.matmul, input, matrix)
        return product if bias is None else call.through(torch.add, product, bias)
    x, weight, bias = _cast(input, weight, bias)
    return applied(call, "dense", Dense(weight, bias), x, lambda: call.native(x, weight, bias))


@answer("addmm", "addmv")
def add_matrix_product(
    call: Call, input: Tensor, first: Tensor, second: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Any:
    """A dense layer where the bias and the second matrix are constants."""
    if beta != 1 or alpha != 1 or input.requires_grad or second.requires_grad or input.ndim != 1:
        product = call.through(torch.matmul, first, second)
        product = product if alpha == 1 else call.through(torch.mul, product, alpha)
        return call.through(torch.add, product, input if beta == 1 else input * beta)
    x, weight, bias = _cast(first, second, input)
    assert bias is not None
    layer = Dense(weight.mT, bias)
    return applied(call, "dense", layer, x, lambda: call.native(bias, x, weight))


@dataclass(frozen=True)
class Geometry:
    """How a kernel is laid over its input, one number per axis."""

    stride: Sizes = 1
    padding: Sizes = 0
    dilation: Sizes = 1
    transposed: bool = False
    output_padding: Sizes = 0
    groups: int = 1

    def per_axis(self, axes: int) -> tuple[Any, ...]:
        """As torch's general convolution takes them."""
        return (
            _sizes(self.stride, axes),
            _sizes(self.padding, axes),
            _sizes(self.dilation, axes),
            self.transposed,
            _sizes(self.output_padding, axes),
            self.groups,
        )


@answer("conv1d", "conv2d", "conv3d")
def convolution(
    call: Call,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """A convolution."""
    if padding == "valid":
        padding = 0
    if padding == "same":
        axes = weight.ndim - 2
        spread = zip(_sizes(dilation, axes), weight.shape[2:], strict=True)
        totals = [step * (length - 1) for step, length in spread]
        padding = [total // 2 for total in totals]
        if any(total % 2 for total in totals):
            sides = [side for total in totals[::-1] for side in (total // 2, -(-total // 2))]
            input, padding = call.through(F.pad, input, sides), 0
    assert not isinstance(padding, str)
    return _convolved(call, input, weight, bias, Geometry(stride, padding, dilation, groups=groups))


@answer("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed_convolution(
    call: Call,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Any:
    """A transposed convolution."""
    geometry = Geometry(stride, padding, dilation, True, output_padding, groups)
    return _convolved(call, input, weight, bias, geometry)


@answer("convolution")
def any_convolution(
    call: Call, input: Tensor, weight: Tensor, bias: Tensor | None, *geometry: Any
) -> Any:
    """What convolutions are made of."""
    return _convolved(call, input, weight, bias, Geometry(*geometry))


def _convolved(
    call: Call, input: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry
) -> Any:
    axes = weight.ndim - 2
    if input.ndim == axes + 1:
        lone = call.through(torch.unsqueeze, input, 0)
        whole = call.through(torch.convolution, lone, weight, bias, *geometry.per_axis(axes))
        return call.through(torch.squeeze, whole, 0)
    if bias is not None and bias.requires_grad:
        raise UnknownOperation(
            f"The bias of '{call.name}' depends on the input; add it after the convolution."
        )
    if weight.requires_grad:
        one, other = call.composite.product if input.requires_grad else (0.0, 1.0)
        factors = weighed(input, one), weighed(weight, other)
        output = torch.convolution(*factors, None, *geometry.per_axis(axes))
        call.run.note(output, call.flow, call.path)
        if bias is None:
            return output
        return call.through(torch.add, output, bias.reshape(-1, *[1] * axes))
    x, weight, bias = _cast(input, weight, bias)
    numbers = geometry.per_axis(axes)
    layer = Convolution(weight, bias, *numbers)
    return applied(
        call, "convolution", layer, x, lambda: torch.convolution(x, weight, bias, *numbers)
    )


def _sizes(value: Sizes, axes: int) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * axes
    values = tuple(value)
    return values * axes if len(values) == 1 else values


def _cast(x: Tensor, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """To autocast's precision where it is on, as the operation itself would."""
    kind = x.device.type
    if not torch.is_autocast_enabled(kind):
        return x, weight, bias
    precision = torch.get_autocast_dtype(kind)
    return x.to(precision), weight.to(precision), None if bias is None else bias.to(precision)
