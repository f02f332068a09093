"""Fused attention is what the same attention written out gives, by the same rules."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.answers.operations import noise, through

BATCH, HEADS, QUERIES, KEYS, WIDTH = 3, 2, 5, 7, 4
Q = noise(BATCH, HEADS, QUERIES, WIDTH)
K = noise(BATCH, HEADS, KEYS, WIDTH, seed=1)
V = noise(BATCH, HEADS, KEYS, WIDTH, seed=2)
ADDED = noise(HEADS, QUERIES, KEYS, seed=3)
ALLOWED = noise(BATCH, 1, QUERIES, KEYS, seed=4) < 0.6
ALLOWED[..., 0] = True
SQUARE = noise(BATCH, HEADS, KEYS, WIDTH, seed=5)
COMPOSITES = ["cp", "attnlrp", "epsilon"]


def written_out(q, k, v, mask=None, causal=False, scale=None, grouped=False):
    """Attention of single operations, each answered by its own rule."""
    if grouped:
        k = k.repeat_interleave(q.shape[-3] // k.shape[-3], -3)
        v = v.repeat_interleave(q.shape[-3] // v.shape[-3], -3)
    logits = (q * (q.shape[-1] ** -0.5 if scale is None else scale)) @ k.transpose(-2, -1)
    if causal:
        ahead = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).triu(1)
        logits = logits.masked_fill(ahead, -torch.inf)
    if mask is not None and mask.dtype == torch.bool:
        logits = logits.masked_fill(~mask, -torch.inf)
    elif mask is not None:
        logits = logits + mask
    return logits.softmax(-1) @ v


CASES = {
    "plain": ((Q, K, V), {}, {}),
    "scale": ((Q, K, V), {"scale": 0.9}, {"scale": 0.9}),
    "added mask": ((Q, K, V), {"attn_mask": ADDED}, {"mask": ADDED}),
    "boolean mask": ((Q, K, V), {"attn_mask": ALLOWED}, {"mask": ALLOWED}),
    "infinite mask": (
        (Q, K, V),
        {"attn_mask": torch.zeros(ALLOWED.shape).double().masked_fill(~ALLOWED, -torch.inf)},
        {"mask": ALLOWED},
    ),
    "causal": ((SQUARE, K, V), {"is_causal": True}, {"causal": True}),
    "grouped": ((Q, K[:, :1], V[:, :1]), {"enable_gqa": True}, {"grouped": True}),
    "grouped and masked": (
        (Q, K[:, :1], V[:, :1]),
        {"enable_gqa": True, "attn_mask": ADDED, "scale": 0.3},
        {"grouped": True, "mask": ADDED, "scale": 0.3},
    ),
    "three axes": ((Q[:, 0], K[:, 0], V[:, 0]), {}, {}),
}


@pytest.mark.parametrize("composite", COMPOSITES)
@pytest.mark.parametrize("name", CASES)
def test_fused_is_written_out(name, composite):
    inputs, named, plain = CASES[name]
    arriving = noise(*inputs[0].shape[:-1], WIDTH, seed=6)
    fused = through(
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, **named),
        *inputs, composite=composite, arriving=arriving,
    )  # fmt: skip
    whole = through(
        lambda q, k, v: written_out(q, k, v, **plain),
        *inputs, composite=composite, arriving=arriving,
    )  # fmt: skip
    torch.testing.assert_close(fused.value, whole.value)
    torch.testing.assert_close(fused.relevance, whole.relevance)
    ours, theirs = (sum(one.sinks.values(), torch.zeros(BATCH).double()) for one in (fused, whole))
    torch.testing.assert_close(ours, theirs)
    assert float(fused.total) == pytest.approx(float((fused.value * arriving).sum()))
    assert (fused.relevance[0].any() and ours.any()) == (composite == "attnlrp")


@pytest.mark.parametrize("composite", COMPOSITES)
@pytest.mark.parametrize("carried", ["q", "k", "v", "qk", "qv", "kv", "mask", "vmask"])
def test_only_some_of_them_carry_relevance(carried, composite):
    given = {"q": Q, "k": K, "v": V, "mask": ADDED.expand(BATCH, -1, -1, -1)}
    names = [name for name in given if name in carried.replace("mask", "") or name in carried[-4:]]

    def attend(attention):
        def run(*inputs):
            now = {**given, **dict(zip(names, inputs, strict=True))}
            return attention(now["q"], now["k"], now["v"], now["mask"])

        return run

    results = [
        through(attend(one), *(given[name] for name in names), composite=composite)
        for one in (
            lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m),
            written_out,
        )
    ]
    torch.testing.assert_close(results[0].relevance, results[1].relevance)
    assert float(results[0].total) == pytest.approx(float(results[1].total))
    assert float(results[0].total) == pytest.approx(float(results[0].value.sum()))


def heads_by_hand(module, q, k, v, padding=None, mask=None):
    """Multi-head attention of single operations, batch first."""
    width, heads = module.embed_dim, module.num_heads
    if module.in_proj_weight is None:
        matrices = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
    else:
        matrices = module.in_proj_weight.chunk(3)
    biases = [None] * 3 if module.in_proj_bias is None else module.in_proj_bias.chunk(3)
    q, k, v = (
        F.linear(one, matrix, bias)
        for one, matrix, bias in zip((q, k, v), matrices, biases, strict=True)
    )
    if module.bias_k is not None:
        k = torch.cat([k, module.bias_k.expand(len(k), -1, -1)], 1)
        v = torch.cat([v, module.bias_v.expand(len(v), -1, -1)], 1)
    if module.add_zero_attn:
        k = F.pad(k, (0, 0, 0, 1))
        v = F.pad(v, (0, 0, 0, 1))
    beyond = k.shape[1] - (0 if padding is None else padding.shape[1])
    q, k, v = (one.unflatten(2, (heads, -1)).transpose(1, 2) for one in (q, k, v))
    logits = (q * (width / heads) ** -0.5) @ k.transpose(-2, -1)
    if padding is not None:
        logits = logits.masked_fill(F.pad(padding, (0, beyond))[:, None, None], -torch.inf)
    if mask is not None:
        logits = logits + F.pad(mask, (0, k.shape[2] - mask.shape[-1]))
    weights = logits.softmax(-1)
    attended = (weights @ v).transpose(1, 2).flatten(2)
    output = F.linear(attended, module.out_proj.weight, module.out_proj.bias)
    return output, weights.mean(1)


VARIANTS = {
    "plain": {},
    "no bias": {"bias": False},
    "other sizes": {"kdim": 4, "vdim": 3},
    "extra tokens": {"add_bias_kv": True, "add_zero_attn": True},
}


@pytest.mark.parametrize("composite", ["cp", "attnlrp"])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("variant", VARIANTS)
def test_multi_head_attention_is_written_out(variant, masked, need_weights, batch_first, composite):
    torch.manual_seed(0)
    settings = VARIANTS[variant]
    module = nn.MultiheadAttention(6, 2, batch_first=batch_first, **settings).double().eval()
    if module.in_proj_bias is not None:
        nn.init.normal_(module.in_proj_bias)
    given = (
        noise(3, 5, 6),
        noise(3, 7, settings.get("kdim", 6), seed=1),
        noise(3, 7, settings.get("vdim", 6), seed=2),
    )
    padding = (torch.arange(7)[None] > torch.tensor([[6], [4], [5]])) if masked else None
    mask = noise(5, 7, seed=3) if masked else None
    arriving = noise(3, 5, 6, seed=4)

    def fused(*inputs):
        if not batch_first:
            inputs = [one.transpose(0, 1) for one in inputs]
        output, weights = module(
            *inputs, key_padding_mask=padding, attn_mask=mask, need_weights=need_weights
        )
        assert (weights is not None) == need_weights
        output = output if batch_first else output.transpose(0, 1)
        return output if weights is None else output + weights.sum(-1, keepdim=True)

    def whole(*inputs):
        output, weights = heads_by_hand(module, *inputs, padding=padding, mask=mask)
        return output + weights.sum(-1, keepdim=True) if need_weights else output

    ours = through(fused, *given, composite=composite, arriving=arriving)
    theirs = through(whole, *given, composite=composite, arriving=arriving)
    torch.testing.assert_close(ours.value, theirs.value)
    torch.testing.assert_close(ours.relevance, theirs.relevance)
    assert float(ours.total) == pytest.approx(float((ours.value * arriving).sum()))


def test_a_lone_clip_and_weights_per_head():
    module = nn.MultiheadAttention(6, 2).double()
    x = noise(1, 5, 6)

    def run(x):
        output, weights = module(x[0], x[0], x[0], average_attn_weights=False)
        assert weights.shape == (2, 5, 5)
        return (output + weights.sum(0).sum(-1, keepdim=True))[None]

    found = through(run, x, composite="attnlrp")
    assert float(found.total) == pytest.approx(float(found.value.sum()))
    torch.testing.assert_close(found.value, run(x))


def test_a_mask_per_head_of_each_clip():
    module = nn.MultiheadAttention(6, 2, batch_first=True).double()
    mask = noise(3 * 2, 5, 5, seed=1) > 0.8
    mask[:, :, 0] = False
    found = through(
        lambda x: module(x, x, x, attn_mask=mask, need_weights=False)[0],
        noise(3, 5, 6), composite="attnlrp",
    )  # fmt: skip
    torch.testing.assert_close(found.value, module(*[noise(3, 5, 6)] * 3, attn_mask=mask)[0])
    assert float(found.total) == pytest.approx(float(found.value.sum()))


def test_cp_by_hand():
    """Weights held constant: the relevance of v is v times what the weights bring back to it."""
    arriving = noise(BATCH, HEADS, QUERIES, WIDTH, seed=6)
    weights = torch.softmax(Q @ K.mT / math.sqrt(WIDTH), -1)
    found = through(F.scaled_dot_product_attention, Q, K, V, composite="cp", arriving=arriving)
    torch.testing.assert_close(found.relevance[2], V * (weights.mT @ arriving))
