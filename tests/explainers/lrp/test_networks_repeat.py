"""A run says the same again, and nearly so in single precision; it leaves no trace."""

import hashlib

import pytest
import torch

from tests.explainers.lrp.accounts import account
from tests.explainers.lrp.networks import get, names

ONE_OF_EACH = [
    *names(without=("huggingface", "quirk")),
    "wav2vec2-sdpa", "hubert-padded-eager", "wavlm-eager", "sew-d-eager", "ast-eager",
    "whisper-sdpa", "wav2vec2-conformer-eager", "wav2vec2-bert-sdpa", "clap-fused-eager",
]  # fmt: skip
COMPOSITES = ("epsilon", "attnlrp", "flat_first")


@pytest.fixture(scope="module", params=ONE_OF_EACH + names("quirk"))
def network(request):
    if "huggingface" in get(request.param).tags:
        pytest.importorskip("transformers")
    return get(request.param)


def test_a_second_run_is_the_same_and_a_metered_one_nearly(network):
    module, clips = network.build(), network.example(2)
    first, second = account(module, clips), account(module, clips)
    assert torch.equal(first.relevance, second.relevance)
    assert torch.equal(first.outputs, second.outputs)
    assert all(torch.equal(amount, second.sinks()[key]) for key, amount in first.sinks().items())
    metered = account(module, clips, metered=True)
    assert torch.equal(first.outputs, metered.outputs)
    # A meter changes the order in which gradients are summed.
    torch.testing.assert_close(
        metered.relevance, first.relevance, rtol=0, atol=1e-5 * float(first.relevance.abs().max())
    )


def test_the_module_is_left_as_it_was(network):
    module, clips = network.build(), network.example(2)
    with torch.no_grad():
        module(clips)  # Those of transformers note things on themselves at the first call.
    before, given = _state(module), clips.clone()
    account(module, clips, COMPOSITES[len(network.name) % len(COMPOSITES)], metered=True)
    assert _state(module) == before
    assert torch.equal(clips, given)


@pytest.mark.parametrize("composite", ["epsilon", "cp", "epsilon_plus"])
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_single_precision_keeps_what_it_can(name, composite):
    if "huggingface" in get(name).tags:
        pytest.importorskip("transformers")
    module, clips = get(name).build(), get(name).example(2)
    found = account(module, clips, composite)
    with torch.no_grad():
        torch.testing.assert_close(found.outputs, module(clips), rtol=1e-5, atol=1e-5)
    flow = found.scores.abs() + found.relevance.flatten(1).abs().sum(dim=1)
    assert (found.missing() * found.scores.abs() <= 1e-4 * flow).all()


def _state(module):
    """All that a run must leave alone: weights, modes, flags, gradients, hooks, attributes."""
    digest = hashlib.sha256()
    for name, tensor in module.state_dict(keep_vars=True).items():
        known = (name, tensor.requires_grad, tensor.grad is None, tensor._version, id(tensor))
        digest.update(repr(known).encode())
        digest.update(tensor.detach().reshape(-1).view(torch.uint8).numpy().tobytes())
        digest.update(repr(sorted(vars(tensor))).encode())
    for name, part in module.named_modules():
        hooks = (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks)
        known = (name, part.training, [len(one) for one in hooks], sorted(vars(part)))
        digest.update(repr(known).encode())
    return digest.hexdigest()
