"""Maxima, magnitudes and norms: homogeneous of degree one, where the gradient is the winner's.

By Euler's theorem activation x gradient of such a function sums to its value: of a maximum the
winner takes all, of a norm each takes by its square.
"""

from typing import Any

import torch
from torch import Tensor

from explainers.lrp.calls import Call
from explainers.lrp.errors import UnknownOperation
from explainers.lrp.levels import as_level, as_statistic, is_level, still_level
from explainers.lrp.naming import named
from explainers.lrp.notes import common_role, with_role
from explainers.lrp.registry import answer
from explainers.lrp.values import relevance_of

DEGREE_ONE = named(
    """
    max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices
    max_pool3d_with_indices adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
    adaptive_max_pool1d_with_indices adaptive_max_pool2d_with_indices
    adaptive_max_pool3d_with_indices fractional_max_pool2d boolean_dispatch fn max_unpool1d
    max_unpool2d amax amin aminmax topk sort msort median nanmedian kthvalue mode cummax cummin
    abs absolute norm linalg_norm linalg_vector_norm frobenius_norm hypot std std_mean prelu
    _prelu_kernel lp_pool1d lp_pool2d quantile nanquantile pairwise_distance cdist dist rrelu
    rrelu_with_noise
    """
)


@answer(*DEGREE_ONE)
def homogeneous(call: Call, *args: Any, **kwargs: Any) -> Any:
    """Their own gradient."""
    result = with_role(call.native(*args, **kwargs), common_role(call.path))
    if call.name in ("amax", "median", "quantile") and is_level(call, call.path[0]):
        return as_statistic(result)
    return result


@answer("max", "min")
def extreme(call: Call, input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Of one tensor along an axis, or of two."""
    other = args[0] if args else kwargs.get("other")
    if isinstance(other, Tensor):
        return larger_or_smaller(call, input, other)
    result = with_role(call.native(input, *args, **kwargs), common_role(call.path))
    return as_statistic(result) if is_level(call, input) else result


@answer("maximum", "minimum", "fmax", "fmin")
def larger_or_smaller(call: Call, input: Tensor, other: Tensor) -> Tensor:
    """Where a constant wins, it takes the relevance."""
    result: Tensor = call.native(input, other)
    if len(call.path) == 1:
        constant = other if input.requires_grad else input
        kept = call.keep(call.path[0]), call.keep(constant), call.keep(result)

        def taken(grad: Tensor) -> Tensor:
            before, bound, after = (one.tensor for one in kept)
            won = torch.where(before == bound, 0.5, (after == bound).to(grad.dtype))
            return relevance_of(bound * won, grad)

        call.watch(result, "constants", taken)
    result = with_role(result, common_role(call.path))
    return as_level(result) if is_level(call, input) or is_level(call, other) else result


@answer("clamp", "clip")
def clamp(call: Call, input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Where a bound holds, it is a constant, unless it depends on the input itself."""
    result: Tensor = call.native(input, min, max)
    bounds = (min, max)
    if not any(isinstance(one, Tensor) and one.requires_grad for one in bounds):
        return kept_or_replaced(call, input, result)
    if not input.requires_grad or any(
        one is not None and not (isinstance(one, Tensor) and one.requires_grad) for one in bounds
    ):
        raise UnknownOperation(
            "A clamp with one bound that depends on the input and one that does not has no rule; "
            "clamp twice."
        )
    return with_role(result, common_role(call.path))


@answer("clamp_min", "clamp_max")
def clamp_one_side(call: Call, input: Tensor, bound: Any = None, **named: Any) -> Tensor:
    """One bound."""
    bound = next(iter(named.values())) if named else bound
    sides = {"min": bound} if call.name == "clamp_min" else {"max": bound}
    result: Tensor = call.through(torch.clamp, input, **sides)
    return result


@answer("threshold", "_threshold", "hardshrink")
def threshold(call: Call, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Values within a range replaced by a constant."""
    return kept_or_replaced(call, input, call.native(input, *args, **kwargs))


def kept_or_replaced(call: Call, input: Tensor, result: Tensor) -> Tensor:
    """Each value is the input's, or a constant that takes its relevance."""
    before, after = call.keep(input), call.keep(result)
    call.watch(
        result,
        "constants",
        lambda grad: torch.where(before.tensor == after.tensor, 0.0, after.tensor * grad),
    )
    return still_level(call, with_role(result, common_role(call.path)))
