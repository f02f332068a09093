"""Normalisations: the scale is held constant, the mean stays linear, the shift is a constant.

With its scale free, activation x gradient of a layer norm sums to nothing: scaling the input
changes nothing (Ali et al. 2022). With the deviation held constant it is a linear operation. A
batch norm in evaluation mode is one already; behind a layer whose rule splits its weights by sign
the two are one layer, found in the order in which they run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from explainers.lrp.calls import Call, own
from explainers.lrp.levels import handed_on, is_level
from explainers.lrp.notes import with_role
from explainers.lrp.propagation import applied_layer, propagate
from explainers.lrp.registry import answer
from explainers.lrp.values import Number, constant_share


@answer("functional.batch_norm")
def functional_batch_norm(
    call: Call,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: Number = 0.1,
    eps: Number = 1e-5,
) -> Tensor:
    """Batch norm as modules call it."""
    native = (input, running_mean, running_var, weight, bias, training, momentum, eps)
    if training or running_mean is None or running_var is None:
        return _by_statistics(call, input, weight, bias, eps, native, [0, *range(2, input.ndim)])
    return _by_constants(call, input, running_mean, running_var, weight, bias, eps, native)


@answer("batch_norm", "cudnn_batch_norm", "native_batch_norm")
def batch_norm(
    call: Call,
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: Number,
    eps: Number,
    *more: Any,
) -> Tensor:
    """Batch norm as exported programs call it."""
    native = (input, weight, bias, running_mean, running_var, training, momentum, eps, *more)
    if training or running_mean is None or running_var is None:
        return _by_statistics(call, input, weight, bias, eps, native, [0, *range(2, input.ndim)])
    return _by_constants(call, input, running_mean, running_var, weight, bias, eps, native)


def _by_constants(
    call: Call,
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: Number,
    native: tuple[Any, ...],
) -> Tensor:
    """``scale x + shift`` per channel, folded into the layer before it where that matters."""
    if is_level(call, x):
        return handed_on(call, x, lambda: call.native(*native))
    scale = (variance + eps).rsqrt() * (1.0 if weight is None else weight)
    shift = (0.0 if bias is None else bias) - mean * scale
    before = applied_layer(x)
    if before is not None:
        folded = before.layer.scaled(scale.to(x.dtype), shift.to(x.dtype))
        # The whole of both is one layer: what the first would have absorbed is its as well.
        meters = call.run.meters
        source = before.x if meters is None else meters.inlet_anew(call.flow, before.x)
        return propagate(call, folded, before.rule, source, lambda: call.native(*native))
    axes = [1] * (x.ndim - 2)
    affine = Affine(scale.reshape(-1, *axes), shift.reshape(-1, *axes))
    result: Tensor = Scaled.apply(x, lambda: call.native(*native), affine, call)
    return with_role(result, None)


def _by_statistics(
    call: Call,
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: Number,
    native: tuple[Any, ...],
    axes: list[int],
) -> Tensor:
    """By the input's own mean and deviation over these axes, affine per channel (the second)."""
    if call.composite.normalisation == "nothing":
        result: Tensor = call.native(*native)
        return result
    with torch.no_grad():
        variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
        deviation = (variance + eps).rsqrt()
    rest = [1] * (x.ndim - 2)
    scale = deviation if weight is None else deviation * weight.reshape(-1, *rest)
    shift = None if bias is None else bias.reshape(-1, *rest)
    centred = Centred(scale, shift, mean, tuple(axes))
    return _centred(call, x, centred, native, {})


@answer("instance_norm")
def instance_norm(
    call: Call,
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: Number = 0.1,
    eps: Number = 1e-5,
    *more: Any,
) -> Tensor:
    """Over the places of each channel of each clip."""
    native = (input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps, *more)
    if not use_input_stats and running_mean is not None and running_var is not None:
        return _by_constants(call, input, running_mean, running_var, weight, bias, eps, native)
    return _by_statistics(call, input, weight, bias, eps, native, list(range(2, input.ndim)))


@answer("layer_norm")
def layer_norm(
    call: Call,
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: Number = 1e-5,
    *more: Any,
) -> Tensor:
    """Over the last axes."""
    native = (input, normalized_shape, weight, bias, eps, *more)
    if call.composite.normalisation == "nothing":
        result: Tensor = call.native(*native)
        return result
    axes = tuple(range(-len(normalized_shape), 0))
    with torch.no_grad():
        variance, mean = torch.var_mean(input, axes, correction=0, keepdim=True)
        deviation = (variance + eps).rsqrt()
    scale = Product(deviation, weight)
    return _centred(call, input, Centred(scale.factors, bias, mean, axes), native, {})


@answer("group_norm")
def group_norm(
    call: Call,
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: Number = 1e-5,
    *more: Any,
) -> Tensor:
    """Over groups of channels."""
    native = (input, num_groups, weight, bias, eps, *more)
    if call.composite.normalisation == "nothing":
        result: Tensor = call.native(*native)
        return result
    axes = tuple(range(2, input.ndim + 1))
    with torch.no_grad():
        grouped = input.unflatten(1, (num_groups, -1))
        variance, mean = torch.var_mean(grouped, axes, correction=0, keepdim=True)
        deviation = (variance + eps).rsqrt()
    rest = [1] * (input.ndim - 2)
    per_channel = None if weight is None else weight.reshape(num_groups, -1, *rest)
    shift = None if bias is None else bias.reshape(num_groups, -1, *rest)
    centred = Centred(Product(deviation, per_channel).factors, shift, mean, axes, num_groups)
    return _centred(call, input, centred, native, {})


@answer("rms_norm")
def rms_norm(
    call: Call,
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: Number | None = None,
) -> Tensor:
    """By the root of the mean square; no mean is taken away."""
    native = (input, normalized_shape, weight, eps)
    if call.composite.normalisation == "nothing":
        result: Tensor = call.native(*native)
        return result
    axes = tuple(range(-len(normalized_shape), 0))
    floor = torch.finfo(input.dtype).eps if eps is None else eps
    with torch.no_grad():
        scale = (input.square().mean(axes, keepdim=True) + floor).rsqrt()
    affine = Affine(scale if weight is None else scale * weight, None)
    return Scaled.apply(input, lambda: call.native(*native), affine, call)


@answer("normalize")
def normalize(
    call: Call, input: Tensor, p: Number = 2.0, dim: int = 1, eps: Number = 1e-12, out: None = None
) -> Tensor:
    """By a norm."""
    if call.composite.normalisation == "nothing":
        result: Tensor = F.normalize(input, p, dim, eps)
        return result
    with torch.no_grad():
        scale = input.norm(p, dim, keepdim=True).clamp_min(eps).reciprocal()
    return Scaled.apply(input, lambda: F.normalize(input, p, dim, eps), Affine(scale, None), call)


@answer("local_response_norm")
def local_response_norm(call: Call, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """By a mean of squares over neighbouring channels."""
    if call.composite.normalisation == "nothing":
        return F.local_response_norm(input, *args, **kwargs)
    with torch.no_grad():
        value = F.local_response_norm(input, *args, **kwargs)
        silent = input == 0
        scale = torch.where(silent, 0.0, value / torch.where(silent, 1.0, input))
    result: Tensor = Scaled.apply(input, lambda: value, Affine(scale, None), call)
    return result


@dataclass(frozen=True)
class Product:
    """A scale made of a deviation and an affine weight, kept apart to save memory."""

    deviation: Tensor
    weight: Tensor | None

    @property
    def factors(self) -> tuple[Tensor, ...]:
        """What the gradient is multiplied by."""
        return (self.deviation,) if self.weight is None else (self.deviation, self.weight)


@dataclass(frozen=True)
class Affine:
    """``scale x + shift``, both broadcast."""

    scale: Tensor
    shift: Tensor | None


@dataclass(frozen=True)
class Centred:
    """``scale (x - mean) + shift``.

    Attributes:
        scale: One factor or several, broadcast.
        shift: Broadcast; None for none.
        mean: Of the input over the axes, kept.
        axes: Over which the mean is taken.
        groups: Into how many groups the second axis is cut first; None for none.
    """

    scale: Tensor | tuple[Tensor, ...]
    shift: Tensor | None
    mean: Float[Tensor, "*axes"]
    axes: tuple[int, ...]
    groups: int | None = None


class Scaled(torch.autograd.Function):
    """An affine operation on single values."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Any, affine: Affine, call: Call) -> Tensor:
        """The operation's own value."""
        ctx.affine, ctx.call = affine, call
        return own(value())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        """The gradient times the scale."""
        affine: Affine = ctx.affine
        if affine.shift is not None:
            ctx.call.absorb(
                "normalisation", lambda: constant_share(affine.shift, grad, ctx.call.run.batch)
            )
        return grad * affine.scale, None, None, None


def _centred(
    call: Call, x: Tensor, centred: Centred, native: tuple[Any, ...], named: dict[str, Any]
) -> Tensor:
    if is_level(call, x):
        return handed_on(call, x, lambda: call.native(*native, **named))
    result: Tensor = CentredScaled.apply(x, lambda: call.native(*native, **named), centred, call)
    return result


class CentredScaled(torch.autograd.Function):
    """A normalisation with its deviation held constant."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Any, centred: Centred, call: Call) -> Tensor:
        """The operation's own value."""
        ctx.centred, ctx.call = centred, call
        return own(value())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        """Scaled, and the mean taken away, or kept as a constant."""
        centred: Centred = ctx.centred
        found = grad if centred.groups is None else grad.unflatten(1, (centred.groups, -1))
        if centred.shift is not None:
            whole = found
            ctx.call.absorb(
                "normalisation", lambda: constant_share(centred.shift, whole, ctx.call.run.batch)
            )
        factors = centred.scale if isinstance(centred.scale, tuple) else (centred.scale,)
        for factor in factors:
            found = found * factor
        if ctx.call.composite.normalisation == "deviation":
            found = found - found.mean(centred.axes, keepdim=True)
        else:
            scaled = found
            ctx.call.absorb("normalisation", lambda: -scaled * centred.mean)
        return found.reshape(grad.shape), None, None, None
