"""A layer as data does what torch's module does, forwards and backwards."""

import pytest
import torch
from torch import nn

from explainers.lrp import z_plus
from explainers.lrp.calls import Call
from explainers.lrp.layers import LinearLayer
from tests.explainers.lrp.linear_cases import LAYERS, clips, everywhere, layer
from tests.explainers.lrp.oracles import plain

PADDED_APART = ("conv1d_same_even", "conv1d_same_even_dilated", "conv2d_same_mixed")
BY_THEMSELVES = [name for name in LAYERS if name not in (*PADDED_APART, "conv1d_circular")]


def as_data(monkeypatch, module, x) -> LinearLayer:
    """The layer that the run makes of a module."""
    from explainers.lrp import lrp, propagation

    seen = []
    original = propagation.Propagate.forward

    def forward(ctx, x, shadow, value, layer, rule, call: Call):
        seen.append(layer)
        return original(ctx, x, shadow, value, layer, rule, call)

    monkeypatch.setattr(propagation.Propagate, "forward", staticmethod(forward))
    with lrp(everywhere(z_plus()), module):
        module(x.clone().requires_grad_())
    (found,) = seen
    return found


@pytest.mark.parametrize("name", BY_THEMSELVES)
def test_forward_is_the_module_without_its_bias(name, monkeypatch):
    module, x = layer(name), clips(name, "signed")
    found = as_data(monkeypatch, module, x)
    outputs = found.forward(x, found.weight)
    torch.testing.assert_close(outputs + found.on_outputs(found.bias), module(x).detach())


@pytest.mark.parametrize("name", BY_THEMSELVES)
def test_backward_is_the_transposed_map(name, monkeypatch):
    module, x = layer(name, bias=False), clips(name, "signed")
    found = as_data(monkeypatch, module, x)
    grad = torch.randn_like(module(x))
    matrix, _ = plain.as_matrix(module, x.shape[1:])
    expected = (grad.flatten(1) @ torch.from_numpy(matrix)).reshape(x.shape)
    torch.testing.assert_close(found.backward(grad, found.weight, x.shape), expected)


@pytest.mark.parametrize("name", BY_THEMSELVES)
def test_backward_takes_other_weights_than_its_own(name, monkeypatch):
    module, x = layer(name, bias=False), clips(name, "signed")
    found = as_data(monkeypatch, module, x)
    grad = torch.randn_like(module(x))
    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(found.forward(leaf, found.weight.abs()), leaf, grad)
    torch.testing.assert_close(found.backward(grad, found.weight.abs(), x.shape), expected)


@pytest.mark.parametrize("name", BY_THEMSELVES)
def test_the_biass_share_is_summed_per_clip(name, monkeypatch):
    module, x = layer(name), clips(name, "signed")
    found = as_data(monkeypatch, module, x)
    share = torch.randn_like(module(x))
    expected = (share * found.on_outputs(found.bias)).flatten(1).sum(dim=1)
    sums = found.bias_share(found.bias, share)
    torch.testing.assert_close(sums.reshape(len(x), -1).sum(dim=1), expected)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no_bias"])
@pytest.mark.parametrize("name", BY_THEMSELVES)
def test_scaled_is_the_layer_and_what_follows_it(name, bias, monkeypatch):
    module, x = layer(name, bias), clips(name, "signed")
    found = as_data(monkeypatch, module, x)
    channels = module.out_features if isinstance(module, nn.Linear) else module.out_channels
    scale, shift = torch.randn(2, channels, dtype=torch.float64)
    both = found.scaled(scale, shift)
    expected = module(x).detach() * found.on_outputs(scale) + found.on_outputs(shift)
    outputs = both.forward(x, both.weight) + both.on_outputs(both.bias)
    torch.testing.assert_close(outputs, expected)
    assert type(both) is type(found)
