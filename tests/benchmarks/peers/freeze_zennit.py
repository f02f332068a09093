"""Ask zennit, once, what its rules and composites answer; the tests read the answers.

Run from the project's root in the peers' environment (make_environment.sh):
`PEERS/bin/python -m tests.benchmarks.peers.freeze_zennit`
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import torch

from tests.benchmarks.peers.zennit_beside import torchvision_stood_in_for
from tests.explainers.lrp.oracles import stored

with torchvision_stood_in_for():
    from zennit import canonizers, composites, rules

FIXTURE = Path("tests/explainers/lrp/oracles/zennit.json")

# name -> (zennit's rule, its settings); every other setting is zennit's default.
RULES = {
    "epsilon_1e-6": ("Epsilon", {"epsilon": 1e-6}),
    "epsilon_0.1": ("Epsilon", {"epsilon": 0.1}),
    "epsilon_1": ("Epsilon", {"epsilon": 1.0}),
    "z_plus": ("ZPlus", {}),
    "gamma_0.25": ("Gamma", {"gamma": 0.25}),
    "gamma_10": ("Gamma", {"gamma": 10.0}),
    "alpha2_beta1": ("AlphaBeta", {"alpha": 2.0, "beta": 1.0}),
    "alpha1_beta0": ("AlphaBeta", {"alpha": 1.0, "beta": 0.0}),
    "w_square": ("WSquare", {}),
    "flat": ("Flat", {}),
    "box": ("ZBox", {"low": -1.0, "high": 1.0}),
}
WITHOUT_BIAS = {  # asked of layers that have a bias only
    "epsilon_1e-6_without_bias": ("Epsilon", {"epsilon": 1e-6, "zero_params": "bias"}),
    "z_plus_without_bias": ("ZPlus", {"zero_params": "bias"}),
    "gamma_0.25_without_bias": ("Gamma", {"gamma": 0.25, "zero_params": "bias"}),
    "alpha2_beta1_without_bias": (
        "AlphaBeta",
        {"alpha": 2.0, "beta": 1.0, "zero_params": "bias"},
    ),
    "w_square_without_bias": ("WSquare", {"zero_params": "bias"}),
}

# name -> (module, arguments, input shape with the batch)
LAYERS = {
    "linear": ("Linear", {"in_features": 5, "out_features": 4}, (2, 5)),
    "conv1d": ("Conv1d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3}, (2, 2, 5)),
    "conv1d_strided_padded": (
        "Conv1d",
        {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": 2, "padding": 1},
        (1, 2, 7),
    ),
    "conv1d_dilated": (
        "Conv1d",
        {"in_channels": 2, "out_channels": 2, "kernel_size": 2, "dilation": 3, "padding": 2},
        (1, 2, 6),
    ),
    "conv1d_grouped": (
        "Conv1d",
        {"in_channels": 4, "out_channels": 6, "kernel_size": 2, "groups": 2},
        (1, 4, 3),
    ),
    "conv1d_depthwise": (
        "Conv1d",
        {"in_channels": 3, "out_channels": 3, "kernel_size": 3, "groups": 3, "padding": 1},
        (1, 3, 4),
    ),
    "conv2d": ("Conv2d", {"in_channels": 1, "out_channels": 3, "kernel_size": 2}, (1, 1, 3, 4)),
    "conv2d_strided_padded_dilated": (
        "Conv2d",
        {
            "in_channels": 1,
            "out_channels": 2,
            "kernel_size": [3, 2],
            "stride": [1, 2],
            "padding": [2, 1],
            "dilation": [2, 1],
        },
        (1, 1, 3, 4),
    ),
    "conv2d_grouped": (
        "Conv2d",
        {"in_channels": 2, "out_channels": 4, "kernel_size": 2, "groups": 2},
        (1, 2, 2, 3),
    ),
    "conv2d_depthwise": (
        "Conv2d",
        {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "groups": 2, "padding": 1},
        (1, 2, 2, 3),
    ),
    "conv_transpose1d": (
        "ConvTranspose1d",
        {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "stride": 2},
        (1, 2, 4),
    ),
    "conv_transpose1d_grouped_padded": (
        "ConvTranspose1d",
        {
            "in_channels": 4,
            "out_channels": 2,
            "kernel_size": 3,
            "stride": 2,
            "padding": 1,
            "output_padding": 1,
            "dilation": 2,
            "groups": 2,
        },
        (1, 4, 3),
    ),
    "conv_transpose2d": (
        "ConvTranspose2d",
        {
            "in_channels": 2,
            "out_channels": 1,
            "kernel_size": 2,
            "stride": [2, 1],
            "padding": [1, 0],
        },
        (1, 2, 2, 3),
    ),
}

NETWORKS = {
    "waveform": (
        [
            ["Conv1d", {"in_channels": 1, "out_channels": 3, "kernel_size": 4, "stride": 2}],
            ["BatchNorm1d", {"num_features": 3}],
            ["ReLU", {}],
            ["Conv1d", {"in_channels": 3, "out_channels": 4, "kernel_size": 3, "padding": 1}],
            ["ReLU", {}],
            ["AdaptiveAvgPool1d", {"output_size": 1}],
            ["Flatten", {}],
            ["Linear", {"in_features": 4, "out_features": 2}],
        ],
        (2, 1, 16),
    ),
    "picture": (
        [
            ["Conv2d", {"in_channels": 1, "out_channels": 3, "kernel_size": 3, "padding": 1}],
            ["BatchNorm2d", {"num_features": 3}],
            ["ReLU", {}],
            ["MaxPool2d", {"kernel_size": 2}],
            ["Conv2d", {"in_channels": 3, "out_channels": 4, "kernel_size": 2, "bias": False}],
            ["BatchNorm2d", {"num_features": 4}],
            ["ReLU", {}],
            ["Flatten", {}],
            ["Linear", {"in_features": 24, "out_features": 6}],
            ["ReLU", {}],
            ["Linear", {"in_features": 6, "out_features": 2}],
        ],
        (2, 1, 6, 8),
    ),
}

COMPOSITES = {
    "epsilon_plus": ("EpsilonPlus", {}),
    "epsilon_gamma_box": ("EpsilonGammaBox", {"low": -1.0, "high": 1.0}),
    "epsilon_alpha2_beta1": ("EpsilonAlpha2Beta1", {}),
    "epsilon_plus_flat": ("EpsilonPlusFlat", {}),
    "excitation_backprop": ("ExcitationBackprop", {}),
    "guided_backprop": ("GuidedBackprop", {}),
}
STABILISERS = {"default": 1e-6, "small": 1e-12}


class MergeBatchNormWholly(canonizers.SequentialMergeBatchNorm):
    """Zennit 0.5.1 leaves `eps` in the batch norm it has merged; here it is zero meanwhile."""

    def register(self, linears, batch_norm):
        """Merge, then leave an exact identity behind."""
        super().register(linears, batch_norm)
        self.eps = batch_norm.eps
        batch_norm.eps = 0.0

    def remove(self):
        """Put the batch norm back as it was."""
        super().remove()
        self.batch_norm.eps = self.eps


def short(values):
    """Three decimals, so that the fixture holds them exactly in few characters."""
    return (values * 1000).round() / 1000


def normal(generator, shape):
    return short(torch.randn(*shape, generator=generator, dtype=torch.float64))


INPUTS = {
    "signed": lambda uniform: short(2 * uniform - 1),
    "non_negative": lambda uniform: torch.relu(short(2 * uniform - 1)),
    "silent": torch.zeros_like,
}


def randomise(module, generator):
    """Short random weights of either sign; variances stay positive."""
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if name.endswith("running_var"):
                uniform = torch.rand(value.shape, generator=generator, dtype=torch.float64)
                value.copy_(short(0.5 + uniform))
            elif value.is_floating_point():
                value.copy_(normal(generator, value.shape))


def layer_case(name, bias, kind, seed):
    generator = torch.Generator().manual_seed(seed)
    module_name, arguments, shape = LAYERS[name]
    arguments = arguments | {"bias": bias}
    layer = stored.module(module_name, arguments)
    randomise(layer, generator)
    x = INPUTS[kind](torch.rand(*shape, generator=generator, dtype=torch.float64))
    relevance = normal(generator, layer(x).shape)
    identity = {
        "name": f"{name}-{'bias' if bias else 'no_bias'}-{kind}",
        "module": module_name,
        "arguments": arguments,
    }
    return identity | answers(layer, x, relevance)


def cancelling_case():
    """Contributions that cancel exactly: the stabiliser alone decides, and it decides upwards."""
    arguments = {"in_features": 2, "out_features": 2, "bias": False}
    layer = stored.module("Linear", arguments)
    stored.load(layer, {"weight": [[1.0, -1.0], [0.5, 0.25]]})
    identity = {"name": "linear-no_bias-cancelling", "module": "Linear", "arguments": arguments}
    return identity | answers(layer, stored.tensor([[0.5, 0.5]]), stored.tensor([[1.0, -2.0]]))


def answers(layer, x, relevance):
    """A layer's parameters, what it was given, and what every rule hands to its input."""
    asked = RULES if layer.bias is None else RULES | WITHOUT_BIAS
    return {
        "weight": layer.weight.tolist(),
        "bias": None if layer.bias is None else layer.bias.tolist(),
        "input": x.tolist(),
        "relevance_out": relevance.tolist(),
        "relevance_in": {rule: answer(layer, x, relevance, *asked[rule]) for rule in asked},
    }


def answer(layer, x, relevance, rule, settings):
    """What one rule of zennit's hands to the layer's input."""
    x = x.clone().requires_grad_()
    hook = getattr(rules, rule)(**settings)
    handles = hook.register(layer)
    try:
        (found,) = torch.autograd.grad(layer(x), x, relevance)
    finally:
        handles.remove()
    return found.tolist()


def network_case(name, seed):
    generator = torch.Generator().manual_seed(seed)
    modules, shape = NETWORKS[name]
    network = torch.nn.Sequential(*(stored.module(*module) for module in modules))
    randomise(network, generator)
    x = short(2 * torch.rand(*shape, generator=generator, dtype=torch.float64) - 1)
    with torch.no_grad():
        output = network(x)
    one_hot = torch.zeros_like(output)
    one_hot[:, 1] = 1.0
    return {
        "name": name,
        "modules": modules,
        "state": stored.state_as_lists(network),
        "input": x.tolist(),
        "output": output.tolist(),
        "relevance_out": (output * one_hot).tolist(),
        "relevance_in": {
            stabiliser: {
                composite: through(network, x, output * one_hot, composite, epsilon)
                for composite in COMPOSITES
                if composite != "guided_backprop"
            }
            for stabiliser, epsilon in STABILISERS.items()
        },
        "gradient_out": one_hot.tolist(),
        "gradient_in": {"guided_backprop": through(network, x, one_hot, "guided_backprop", None)},
    }


def through(network, x, arriving, composite, epsilon):
    """What one composite of zennit's hands to the network's input."""
    name, settings = COMPOSITES[composite]
    if composite != "guided_backprop":
        settings = settings | {"stabilizer": epsilon}
    if name.startswith("Epsilon"):
        settings = settings | {"epsilon": epsilon}
    x = x.clone().requires_grad_()
    asked = getattr(composites, name)(canonizers=[MergeBatchNormWholly()], **settings)
    with asked.context(network) as hooked:
        (found,) = torch.autograd.grad(hooked(x), x, arriving)
    if not found.flatten(1).any(dim=1).all():
        raise ValueError(
            f"{composite}: nothing reaches the input, so the answer would test nothing."
        )
    return found.tolist()


def layer_cases():
    """Every layer with and without bias on either kind of input; two on silence as well."""
    wanted = [
        (name, bias, kind)
        for name in LAYERS
        for bias in (True, False)
        for kind in INPUTS
        if kind != "silent" or name in ("linear", "conv1d_strided_padded")
    ]
    return [layer_case(*case, seed) for seed, case in enumerate(wanted)] + [cancelling_case()]


def main():
    frozen = {
        "made_by": {name: version(name) for name in ("zennit", "torch", "numpy")}
        | {"python": platform.python_version()},
        "rules": {
            name: {"zennit": rule, "settings": settings}
            for name, (rule, settings) in (RULES | WITHOUT_BIAS).items()
        },
        "composites": {
            name: {"zennit": composite, "settings": settings}
            for name, (composite, settings) in COMPOSITES.items()
        },
        "stabilisers": STABILISERS,
        "layers": layer_cases(),
        "networks": [network_case("waveform", seed=109), network_case("picture", seed=103)],
    }
    FIXTURE.write_text(json.dumps(frozen, separators=(",", ":")) + "\n")
    print(f"{FIXTURE}: {FIXTURE.stat().st_size / 1000:.0f} kB, {len(frozen['layers'])} layers")


if __name__ == "__main__":
    main()
