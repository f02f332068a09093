"""The plain rules one after another: relevance through a stored network, one clip at a time.

A network here is an `nn.Sequential` of affine layers, ReLUs, pooling and reshaping. A batch norm
behind an affine layer is one affine map with it, which is what folding it means.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from tests.explainers.lrp.oracles import plain, stored

AFFINE = (nn.Linear, nn.modules.conv._ConvNd, stored.Skip)
BATCH_NORM = nn.modules.batchnorm._BatchNorm
AVERAGE = (nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)
MAXIMUM = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
IDENTICAL = (nn.Flatten, nn.Dropout)


class Step(NamedTuple):
    """One layer, the same with the batch norm behind it folded in, and its input for this clip."""

    layer: nn.Module
    function: nn.Module
    x: torch.Tensor


def steps(network, x):
    """The network as steps for one clip x [1, ...], from the input up."""
    found = []
    layers = list(network)
    while layers:
        layer = layers.pop(0)
        function = layer
        if isinstance(layer, AFFINE) and layers and isinstance(layers[0], BATCH_NORM):
            function = nn.Sequential(layer, layers.pop(0))
        found.append(Step(layer, function, x))
        with torch.no_grad():
            x = function(x)
    return found


def relevance_at_input(network, x, relevance, rule_of):
    """Relevance at x [batch, ...], given that at the network's outputs.

    `rule_of(position, layer)` is the rule of an affine layer (the first has position 0): a function
    of weight, bias, x and relevance. Averages follow `rule_of(None, layer)`.
    """
    clips = zip(x.split(1), relevance.split(1), strict=True)
    return np.stack([_one_clip(network, clip, arriving, rule_of) for clip, arriving in clips])


def _one_clip(network, clip, arriving, rule_of):
    passed = arriving.flatten().numpy()
    walked = steps(network, clip)
    affine = [step.layer for step in walked if isinstance(step.layer, AFFINE)]
    for step in reversed(walked):
        x = step.x.flatten().numpy()
        shape = step.x.shape[1:]
        if isinstance(step.layer, AFFINE):
            rule = rule_of(affine.index(step.layer), step.layer)
            passed = rule(*plain.as_matrix(step.function, shape), x, passed).inputs
        elif isinstance(step.layer, AVERAGE):
            rule = rule_of(None, step.layer)
            passed = rule(*plain.as_matrix(step.function, shape), x, passed).inputs
        elif isinstance(step.layer, MAXIMUM):
            connections = plain.as_connections(step.function, shape)
            passed = plain.winner_take_all(connections, x, passed).inputs
        elif not isinstance(step.layer, (nn.ReLU, nn.Tanh, *IDENTICAL)):
            raise TypeError(f"no plain rule for {step.layer}")
    return passed.reshape(clip.shape[1:])


def guided_gradient(network, x, gradient):
    """Guided backpropagation (Springenberg 2015): negative gradients stop at every ReLU too."""
    clips = zip(x.split(1), gradient.split(1), strict=True)
    return np.stack([_guided_clip(network, clip, arriving) for clip, arriving in clips])


def _guided_clip(network, clip, arriving):
    passed = arriving.flatten().numpy()
    for step in reversed(steps(network, clip)):
        x = step.x.flatten().numpy()
        shape = step.x.shape[1:]
        if isinstance(step.layer, (*AFFINE, *AVERAGE)):
            weight, _ = plain.as_matrix(step.function, shape)
            passed = weight.T @ passed
        elif isinstance(step.layer, MAXIMUM):
            connections = plain.as_connections(step.function, shape)
            passed = plain.winner_take_all(connections, x, passed).inputs
        elif isinstance(step.layer, nn.ReLU):
            passed = plain.positive(passed) * (x > 0.0)
        elif not isinstance(step.layer, IDENTICAL):
            raise TypeError(f"no plain gradient for {step.layer}")
    return passed.reshape(clip.shape[1:])
