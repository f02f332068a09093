"""Softmax and its relatives: the plain gradient, and what it leaves out by its own formula.

``J z`` of a softmax does not sum to it; the rest, ``s_j (1 - log s_j + sum_k s_k log s_k) g_j``, is
the Taylor expansion's constant (Achtibat et al. 2024, proposition 3.1). A log-sum-exp is the mean
of its inputs under the softmax, plus the entropy of that softmax.
"""

from typing import Any

import torch
from torch import Tensor

from explainers.lrp.calls import Call
from explainers.lrp.notes import ATTENTION, with_role
from explainers.lrp.registry import adopts, answer


@answer("softmax", "_softmax", "special_softmax")
def softmax(call: Call, *args: Any, **kwargs: Any) -> Tensor:
    """Weights that sum to one."""
    result: Tensor = call.native(*args, **kwargs)
    dim = _dimension(result, args, kwargs)
    kept = call.keep(result)

    call.watch(result, "softmax", lambda grad: _shift(kept.tensor, grad, dim))
    return with_role(result, ATTENTION)


def _shift(weights: Tensor, grad: Tensor, dim: int) -> Tensor:
    """What is left of ``weights x grad`` after the inputs took ``J z``."""
    logarithms = torch.where(weights > 0, weights, 1.0).log()
    mean = (weights * logarithms).sum(dim, keepdim=True)
    return grad * weights * (1 - logarithms + mean)


@adopts("XSoftmaxBackward")
def masked_softmax(call: Call, weights: Tensor) -> None:
    """The masked softmax of DeBERTa and SEW-D, an autograd function of its own."""
    kept = call.keep(weights)
    call.watch(weights, "softmax", lambda grad: _shift(kept.tensor, grad, -1))
    with_role(weights, ATTENTION)


@answer("functional.softmin", "softmin")
def softmin(call: Call, input: Tensor, dim: int | None = None, **_: Any) -> Any:
    """A softmax of what is turned round."""
    return call.through(
        torch.softmax, call.through(torch.neg, input), dim if dim is not None else -1
    )


@answer("log_softmax", "_log_softmax", "special_log_softmax")
def log_softmax(call: Call, *args: Any, **kwargs: Any) -> Tensor:
    """Inputs minus their log-sum-exp."""
    result: Tensor = call.native(*args, **kwargs)
    dim = _dimension(result, args, kwargs)
    kept = call.keep(result)

    def shift(grad: Tensor) -> Tensor:
        logarithms = kept.tensor
        finite = torch.where(torch.isinf(logarithms), 0.0, logarithms)
        return grad * (logarithms.exp() * finite).sum(dim, keepdim=True)

    call.watch(result, "softmax", shift)
    return result


@answer("logsumexp", "special_logsumexp")
def logsumexp(call: Call, input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """A mean under the softmax; the entropy is its own."""
    result: Tensor = call.native(input, dim, keepdim)
    kept = call.keep(input)

    def entropy(grad: Tensor) -> Tensor:
        logarithms = kept.tensor - torch.logsumexp(kept.tensor, dim, keepdim=True)
        finite = torch.where(torch.isinf(logarithms), 0.0, logarithms)
        return grad * -(logarithms.exp() * finite).sum(dim, keepdim=keepdim)

    call.watch(result, "softmax", entropy)
    return result


def _dimension(result: Tensor, args: Any, kwargs: Any) -> int:
    """The axis a softmax runs along, as torch chooses it where none is given."""
    dim = args[1] if len(args) > 1 else kwargs.get("dim")
    if dim is None:
        return 0 if result.ndim in (0, 1, 3) else 1
    return int(dim)
