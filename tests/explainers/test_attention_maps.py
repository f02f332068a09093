import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers.attention_maps import (
    Attention,
    AttentionMaps,
    attention_weights,
    by_clip,
    chained,
)
from explainers.errors import ExplanationError
from tests.explainers.attention_models import FRAME, SPELLINGS, Looking, Plain
from tests.explainers.lrp.networks import get, names
from tests.explainers.small_models import noise

CLIPS = noise(2, 7 * FRAME).double()
HUGGING_FACE = [
    "wav2vec2-eager",
    "wav2vec2-sdpa",
    "wavlm-eager",
    "sew-d-eager",
    "ast-sdpa",
    "whisper-eager",
    "wav2vec2-bert-relative-sdpa",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_weights_are_those_of_the_paper(spelling):
    module = Looking(SPELLINGS[spelling])
    with torch.no_grad(), AttentionMaps() as attention:
        module(CLIPS)
    assert len(attention.seen) == 2
    for layer, one in enumerate(attention.seen):
        maps = by_clip(one.weights, len(CLIPS))
        expected = [Plain(module).run(clip)[1][layer] for clip in CLIPS.numpy()]
        np.testing.assert_allclose(maps, expected, rtol=1e-9)


@pytest.mark.parametrize(
    "name",
    [*names("attention", without=("huggingface",)), "scaled-dot-product", *HUGGING_FACE],
)
def test_the_logits_stay_what_they_are(name):
    if name in HUGGING_FACE:
        pytest.importorskip("transformers")
    module, clips = get(name).build().double(), get(name).example(2).double()
    with torch.no_grad():
        expected = module(clips)
        with AttentionMaps() as attention:
            found = module(clips)
    assert attention.seen
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", HUGGING_FACE)
def test_gradients_reach_every_map(name):
    pytest.importorskip("transformers")
    module, clips = get(name).build(), get(name).example(2)
    with AttentionMaps() as attention:
        logits = module(clips)
    slopes = torch.autograd.grad(logits[:, 1].sum(), [one.weights for one in attention.seen])
    assert all(slope.any() for slope in slopes)


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("scale", [None, 0.7])
@pytest.mark.parametrize("mask", ["none", "boolean", "added", "blind"])
def test_explicit_weights_give_what_fused_attention_gives(mask, is_causal, scale):
    q, k, v = noise(3, 2, 4, 5, 6, scale=1.0).double()
    allowed = noise(5, 5, seed=1) > -0.2
    allowed |= torch.eye(5, dtype=torch.bool)
    blind = allowed.clone()
    blind[2] = False
    given = {"none": None, "boolean": allowed, "added": noise(5, 5).double(), "blind": blind}[mask]
    if is_causal and given is not None:
        pytest.skip("fused attention takes one or the other")
    expected = F.scaled_dot_product_attention(
        q, k, v, attn_mask=given, is_causal=is_causal, scale=scale
    )
    found = attention_weights(q, k, given, is_causal, scale) @ v
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_a_query_that_may_look_at_nothing_leaves_the_gradient_finite():
    q, k = noise(2, 1, 4, 6).double().requires_grad_()
    mask = torch.zeros(4, 4).double()
    mask[1] = -torch.inf
    weights = attention_weights(q, k, mask)
    (slope,) = torch.autograd.grad(weights.square().sum(), q)
    assert not weights[:, 1].any() and torch.isfinite(slope).all()


def test_shared_keys_are_repeated():
    q, k, v = noise(1, 4, 5, 6), noise(1, 2, 5, 6, seed=1), noise(1, 2, 5, 6, seed=2)
    expected = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    with AttentionMaps() as attention:
        found = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    torch.testing.assert_close(found, expected)
    assert attention.seen[0].weights.shape == (1, 4, 5, 5)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("average", [False, True])
def test_torchs_module_gives_out_what_it_was_asked_for(batch_first, average):
    module = nn.MultiheadAttention(6, 2, batch_first=batch_first).eval()
    x = noise(2, 5, 6) if batch_first else noise(5, 2, 6)
    expected = module(x, x, x, average_attn_weights=average)
    with AttentionMaps() as attention:
        found = module(x, x, x, average_attn_weights=average)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    assert attention.seen[0].weights.shape == (4, 5, 5)
    assert attention.seen[0].values.shape == (2, 5, 6)


def test_a_lone_clip_has_one_axis_less():
    module = nn.MultiheadAttention(6, 2).eval()
    x = noise(5, 6)
    expected, _ = module(x, x, x, need_weights=False)
    with AttentionMaps() as attention:
        found, _ = module(x, x, x, need_weights=False)
    torch.testing.assert_close(found, expected)
    assert attention.seen[0].values.shape == (5, 6)


def test_a_softmax_that_weighs_nothing_is_no_attention():
    x = noise(3, 4, 4)
    with AttentionMaps() as attention:
        gate = torch.softmax(x, dim=-1) * x
        gate @ x
        torch.softmax(x, dim=-1).log() @ x
        torch.softmax(x, dim=1) @ x
        x @ x
    assert not attention.seen


def made_of(*shapes):
    return [Attention(torch.zeros(shape), torch.zeros(2, 3)) for shape in shapes]


@pytest.mark.parametrize(
    ("shapes", "count"),
    [
        ([(2, 3, 5, 5)] * 4, 4),
        ([(6, 5, 5)] * 2, 2),
        ([(2, 3, 5, 5)] * 3 + [(2, 1, 4, 4), (2, 9, 9)], 3),
        ([(2, 3, 5, 5)] * 2 + [(2, 3, 1, 5)], 2),
    ],
)
def test_layers_over_the_same_tokens_chain(shapes, count):
    seen = made_of(*shapes)
    assert chained(seen, 2) == seen[:count]


@pytest.mark.parametrize(
    "shapes",
    [
        [(2, 3, 5, 6)],
        [(8, 3, 5, 5)],
        [(5, 5, 5)],
        [(2, 2, 3, 5, 5)],
        [(2, 3, 5, 5), (2, 3, 4, 4), (2, 3, 3, 3)],
        [(2, 3, 1, 5), (2, 3, 5, 5), (2, 3, 5, 5)],
    ],
)
def test_other_maps_do_not(shapes):
    with pytest.raises(ExplanationError, match="do not chain"):
        chained(made_of(*shapes), 2)


def test_no_attention_is_said_so():
    with pytest.raises(ExplanationError, match="No attention"):
        chained([], 2)
