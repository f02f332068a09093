"""Fused attention: kept fused, with the weights held constant (CP) or taking half (AttnLRP).

With ``o = softmax(q k / sqrt d) v``, AttnLRP gives v one half and q and k a quarter each of their
plain gradients: a half for the product with v, a half for the product of q and k (Achtibat et al.
2024). CP gives v all (Ali et al. 2022).
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.lrp.answers.products import weighed
from explainers.lrp.calls import Call
from explainers.lrp.registry import answer
from explainers.lrp.values import Number


@answer("scaled_dot_product_attention")
def scaled_dot_product_attention(
    call: Call,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: Number = 0.0,
    is_causal: bool = False,
    **more: Any,
) -> Tensor:
    """Attention in one operation."""
    weighed_by = [one for one in (query, key, attn_mask) if one is not None and one.requires_grad]
    if value.requires_grad and weighed_by:
        values, weights = call.composite.attention
    else:
        values, weights = (1.0, 0.0) if value.requires_grad else (0.0, 1.0)
    if weights and attn_mask is not None and attn_mask.requires_grad:
        return _unfolded(call, query, key, value, attn_mask, **more)
    both = query.requires_grad and key.requires_grad
    one, other = call.composite.product if both else (1.0, 1.0)
    mask = None if attn_mask is None else attn_mask.detach()
    shares = (weighed(query, weights * one), weighed(key, weights * other), weighed(value, values))
    result: Tensor = call.native(
        *shares, attn_mask=mask, dropout_p=dropout_p, is_causal=is_causal, **more
    )
    if weights:
        _watch_softmax(call, result, query, key, value, weights, mask, is_causal, more)
    return result


def _unfolded(
    call: Call,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    scale: Number | None = None,
    **_: Any,
) -> Tensor:
    """Operation by operation, for a mask that depends on the input."""
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scaled = call.through(torch.mul, query, factor)
    logits = call.through(torch.matmul, scaled, call.through(torch.transpose, key, -2, -1))
    logits = call.through(torch.add, logits, mask)
    weights = call.through(torch.softmax, logits, -1)
    result: Tensor = call.through(torch.matmul, weights, value)
    return result


def _watch_softmax(
    call: Call,
    result: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    weights: float,
    mask: Tensor | None,
    is_causal: bool,
    more: dict[str, Any],
) -> None:
    """Enter the shift of the softmax inside, from the weights themselves."""
    kept = [call.keep(one) for one in (query, key, value)]
    kept_mask = None if mask is None else call.keep(mask)

    def shift(grad: Tensor) -> Tensor:
        q, k, v = (one.tensor for one in kept)
        if more.get("enable_gqa"):
            k = k.repeat_interleave(q.shape[-3] // k.shape[-3], -3)
            v = v.repeat_interleave(q.shape[-3] // v.shape[-3], -3)
        factor = more.get("scale") or q.shape[-1] ** -0.5
        allowed = _allowed(None if kept_mask is None else kept_mask.tensor, is_causal, q, k)
        # One head at a time: all their weights at once are what a fused attention saves.
        parts = (q * factor, k, v, grad, allowed)
        heads = zip(*(part.unbind(-3) for part in parts), strict=True)
        return weights * torch.stack([_shift(*head) for head in heads], -2)

    call.watch(result, "softmax", shift)


def _allowed(mask: Tensor | None, is_causal: bool, query: Tensor, key: Tensor) -> Tensor:
    """What is added to the logits, broadcast to them."""
    shape = (*query.shape[:-1], key.shape[-2])
    found = query.new_zeros(())
    if mask is not None:
        found = _added(~mask, query) if mask.dtype == torch.bool else mask
    if is_causal:
        ahead = torch.ones(shape[-2:], dtype=torch.bool, device=query.device).triu(1)
        found = found + _added(ahead, query)
    return found.expand(shape)


def _shift(query: Tensor, key: Tensor, value: Tensor, grad: Tensor, mask: Tensor) -> Tensor:
    """What the softmax of one head takes, per query; what the mask adds is a constant as well.

    The sum over keys of ``a s (1 - log s + sum s log s)``, in which the log-sum-exp cancels.
    """
    logits = query @ key.mT
    given = (logits + mask).softmax(-1)
    arrived = (grad @ value.mT).mul_(given)
    whole, mean = arrived.sum(-1), given.mul_(logits).sum(-1)
    return whole * (1 + mean) - arrived.mul_(logits).sum(-1)


@answer("multi_head_attention_forward")
def multi_head_attention(
    call: Call,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: Number,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Unfolded to projections and attention; inputs are ``[time, batch, width]``."""
    through = call.through
    lone = query.ndim == 2
    if lone:
        query, key, value = (through(torch.unsqueeze, one, 1) for one in (query, key, value))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    if use_separate_proj_weight:
        matrices = [q_proj_weight, k_proj_weight, v_proj_weight]
    else:
        assert in_proj_weight is not None
        matrices = list(in_proj_weight.chunk(3))
    offsets = [None] * 3 if in_proj_bias is None else list(in_proj_bias.chunk(3))
    heads = []
    for one, matrix, offset in zip((query, key, value), matrices, offsets, strict=True):
        # Clips first, so that the ledger can tell them apart.
        clips_first = through(torch.transpose, one, 0, 1)
        heads.append(through(F.linear, clips_first, matrix, offset))
    if bias_k is not None and bias_v is not None:
        for place, extra in ((1, bias_k), (2, bias_v)):
            repeated = extra.expand(heads[place].shape[0], 1, -1)
            heads[place] = through(torch.cat, [heads[place], repeated], 1)
        attn_mask, key_padding_mask = _widened(attn_mask), _widened(key_padding_mask)
    split = [
        through(torch.transpose, through(torch.Tensor.unflatten, one, -1, (num_heads, -1)), 1, 2)
        for one in heads
    ]
    if add_zero_attn:
        for place in (1, 2):
            silent = split[place].new_zeros(*split[place].shape[:2], 1, split[place].shape[3])
            split[place] = through(torch.cat, [split[place], silent], 2)
        attn_mask, key_padding_mask = _widened(attn_mask), _widened(key_padding_mask)
    mask = _mask(call, attn_mask, key_padding_mask, split[0])
    weights = None
    if need_weights:
        scaled = through(torch.mul, split[0], split[0].shape[-1] ** -0.5)
        logits = through(torch.matmul, scaled, through(torch.transpose, split[1], -2, -1))
        if mask is not None:
            logits = through(torch.add, logits, mask)
        weights = through(torch.softmax, logits, -1)
        attended = through(torch.matmul, weights, split[2])
        weights = through(torch.mean, weights, 1) if average_attn_weights else weights
        weights = through(torch.squeeze, weights, 0) if lone else weights
    else:
        attended = through(F.scaled_dot_product_attention, *split, attn_mask=mask)
    joined = through(torch.flatten, through(torch.transpose, attended, 1, 2), 2)
    output = through(F.linear, joined, out_proj_weight, out_proj_bias)
    output = through(torch.transpose, output, 0, 1)
    return (through(torch.squeeze, output, 1) if lone else output), weights


def _widened(mask: Tensor | None) -> Tensor | None:
    """A mask with room for one more key."""
    return None if mask is None else F.pad(mask, (0, 1))


def _mask(
    call: Call, attention: Tensor | None, padding: Tensor | None, query: Tensor
) -> Tensor | None:
    """Both masks as one that is added to the logits, ``[batch, heads, queries, keys]``."""
    whole = None
    if attention is not None:
        whole = _added(attention, query)
        if whole.ndim == 3:
            shape = (query.shape[0], query.shape[1], *whole.shape[1:])
            whole = call.through(torch.reshape, whole, shape)
    if padding is not None:
        beyond = _added(padding, query)[:, None, None, :]
        whole = beyond if whole is None else call.through(torch.add, whole, beyond)
    return whole


def _added(mask: Tensor, like: Tensor) -> Tensor:
    """A mask to add: minus infinity where a boolean one is true."""
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=like.dtype, device=like.device).masked_fill(
        mask, -torch.inf
    )
