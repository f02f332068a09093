"""Each reference network runs, says something, and says it about its input."""

import subprocess
import sys

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

from tests.explainers.lrp.networks import get, names


@pytest.fixture(scope="module", params=names())
def network(request):
    if "huggingface" in get(request.param).tags:
        pytest.importorskip("transformers")
    return get(request.param)


@pytest.fixture(scope="module")
def module(network):
    return network.build().double()


@pytest.fixture(scope="module")
def clips(network):
    return network.example(2).double()


def test_logits_depend_on_every_clip(module, clips):
    clips = clips.clone().requires_grad_()
    logits = module(clips)
    assert logits.dtype == torch.float64
    assert logits.dim() == 2 and len(logits) == 2 and logits.shape[1] >= 2
    assert logits.isfinite().all()
    # Were the biases to say nearly everything, an error near the input would not be seen.
    assert (logits[0] - logits[1]).abs().max() > 1e-3 * logits.abs().max()
    (gradient,) = torch.autograd.grad(logits[:, 1].sum(), clips)
    assert gradient.isfinite().all()
    assert (gradient.flatten(1).abs().amax(dim=1) > 1e-4).all()


def test_clips_do_not_hear_each_other(module, clips):
    with torch.no_grad():
        alone = torch.cat([module(clips[:1]), module(clips[1:])])
        together = module(clips)
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-10)


def test_calling_changes_nothing(network, module, clips):
    before = clips.clone()
    with torch.no_grad():
        first, second = module(clips), module(clips)
    assert torch.equal(first, second)
    assert torch.equal(clips, before)
    _assert_same_weights(module, network.build().double())


def test_in_float32_the_logits_are_nearly_the_same(network, module, clips):
    with torch.no_grad():
        rough = network.build()(network.example(2))
        exact = module(clips).float()
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, exact, rtol=1e-3, atol=1e-3)


def test_same_weights_at_every_build_and_everything_evaluates(network):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(17)
        state = torch.get_rng_state()
        one = network.build()
        assert torch.equal(state, torch.get_rng_state())
        torch.rand(1)
        other = network.build()
    assert not any(part.training for part in one.modules())
    _assert_same_weights(one, other)


def test_nothing_is_left_trivial(module):
    for name, parameter in module.named_parameters():
        assert parameter.any(), name
        assert parameter.numel() == 1 or not (parameter == 1).all(), name
    for name, buffer in module.named_buffers():
        if name.endswith("running_var"):
            assert (buffer > 0).all() and not (buffer == 1).any(), name
        if name.endswith("running_mean"):
            assert buffer.any(), name


def test_examples_are_the_same_in_batches_of_any_size(network):
    assert torch.equal(network.example(3)[:2], network.example(2))


@pytest.mark.parametrize("name", names("sdpa") + names("eager"))
def test_attention_is_the_one_named(name):
    pytest.importorskip("transformers")
    network = get(name)
    module = network.build()
    assert module.model.config._attn_implementation in network.tags
    with _FusedAttention() as fused, torch.no_grad():
        module(network.example(1))
    assert (fused.calls > 0) == ("sdpa" in network.tags)


def test_every_audio_classifier_of_transformers_is_here_with_every_attention():
    auto = pytest.importorskip("transformers.models.auto.modeling_auto")
    classes = {type(get(name).build().model): set() for name in names("huggingface")}
    for name in names("huggingface"):
        model = get(name).build().model
        classes[type(model)].add(model.config._attn_implementation)
    here = {one.__name__ for one in classes}
    assert here >= set(auto.MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES.values())
    assert "ClapAudioModelWithProjection" in here
    for one, implementations in classes.items():
        assert implementations == ({"eager", "sdpa"} if one._supports_sdpa else {"eager"}), one


def test_names_are_told_without_transformers():
    told = "from tests.explainers.lrp.networks import names; import sys; names()"
    command = [sys.executable, "-c", f"{told}; sys.exit('transformers' in sys.modules)"]
    subprocess.run(command, check=True, timeout=120)


class _FusedAttention(TorchFunctionMode):
    """Counts the calls of torch's fused attention."""

    calls = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.calls += function is scaled_dot_product_attention
        return function(*args, **(kwargs or {}))


def _assert_same_weights(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
