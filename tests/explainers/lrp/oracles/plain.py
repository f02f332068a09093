"""Every rule of layer-wise relevance propagation, written plainly from the papers.

Slow and obvious on purpose: numpy, float64, dense matrices, one clip at a time. A layer is its
matrix `weight` [out, in] and its `bias` [out], so that z = weight @ x + bias; `as_matrix` finds
both for any affine torch function. `relevance` [out] is what arrives at the outputs.

Every rule says how the contribution q[j, i] of input i to output j is measured, and hands out
R[j] * q[j, i] / d[j]. d[j] is the sum of output j's contributions, its bias among them, pushed away
from zero by `epsilon` in its own direction. What the bias and epsilon take is returned too, so that
inputs + bias + epsilon = relevance for every rule.

A layer without bias, or a rule that is to ignore it (zennit: `zero_params="bias"`): pass zeros.
"""

from typing import NamedTuple

import numpy as np
import torch


class Shares(NamedTuple):
    """Where the relevance of a layer's outputs went.

    `inputs` [in] is the relevance of the inputs; `bias` [out] and `epsilon` [out] are what each
    output's bias and stabiliser absorbed.
    """

    inputs: np.ndarray
    bias: np.ndarray
    epsilon: np.ndarray


def positive(values):
    """The positive part, zero elsewhere."""
    return np.maximum(values, 0.0)


def negative(values):
    """The negative part, zero elsewhere."""
    return np.minimum(values, 0.0)


def away_from_zero(values, epsilon):
    """The stabiliser: epsilon in each value's own direction, upwards for zero."""
    return np.where(values >= 0.0, epsilon, -epsilon)


def divide(contributions, bias_contributions, relevance, epsilon):
    """Hand out each output's relevance in proportion to its contributions [out, in] and bias."""
    total = contributions.sum(axis=1) + bias_contributions
    pushed = away_from_zero(total, epsilon)
    stabilised = total + pushed
    inputs = np.zeros(contributions.shape[1])
    for output, row in enumerate(contributions):
        inputs += row * relevance[output] / stabilised[output]
    return Shares(
        inputs=inputs,
        bias=bias_contributions * relevance / stabilised,
        epsilon=pushed * relevance / stabilised,
    )


def epsilon_rule(weight, bias, x, relevance, *, epsilon):
    """LRP-epsilon: q[j, i] = w[j, i] x[i], the bias contributes b[j] (Bach 2015)."""
    return divide(weight * x, bias, relevance, epsilon)


def gamma(weight, bias, x, relevance, *, gamma, epsilon, outputs=None):
    """LRP-gamma for inputs and outputs of either sign (Montavon 2019; Andéol 2021).

    What speaks for an output's own sign counts 1 + gamma times: at a positive output the positive
    contributions, at a negative one the negative. Bias likewise. An output that is exactly zero has
    no sign and passes nothing on; its relevance is counted with epsilon.

    `outputs` [out] are the values whose signs decide, by default weight @ x + bias. Zennit decides
    by the layer's true outputs even where the rule itself is told to ignore the bias.
    """
    outputs = weight @ x + bias if outputs is None else outputs
    contributions = np.zeros_like(weight)
    bias_contributions = np.zeros_like(bias)
    for output, value in enumerate(outputs):
        favoured = positive if value > 0 else negative
        own = weight[output] * x
        contributions[output] = own + gamma * favoured(own)
        bias_contributions[output] = bias[output] + gamma * favoured(bias[output])
    silent = outputs == 0.0
    shares = divide(contributions, bias_contributions, np.where(silent, 0.0, relevance), epsilon)
    return shares._replace(epsilon=shares.epsilon + np.where(silent, relevance, 0.0))


def alpha_beta(weight, bias, x, relevance, *, alpha, beta, epsilon):
    """LRP-alpha-beta: alpha of the positive contributions, less beta of the negative ones.

    The bias is one contribution more (Bach 2015). alpha - beta = 1 keeps the total.
    """
    contributions = weight * x
    supporting = divide(positive(contributions), positive(bias), alpha * relevance, epsilon)
    opposing = divide(negative(contributions), negative(bias), -beta * relevance, epsilon)
    return Shares(*(left + right for left, right in zip(supporting, opposing, strict=True)))


def z_plus(weight, bias, x, relevance, *, epsilon):
    """LRP-z-plus: only positive contributions, of inputs of either sign (Montavon 2017)."""
    return divide(positive(weight * x), positive(bias), relevance, epsilon)


def w_square(weight, bias, relevance, *, epsilon):
    """LRP-w-square: q[j, i] = w[j, i]^2, whatever the input (Montavon 2017).

    The paper has no bias. Zennit counts b[j]^2; pass zeros for the paper's rule.
    """
    return divide(weight**2, bias**2, relevance, epsilon)


def flat(connections, relevance, *, epsilon):
    """LRP-flat: the same to every connected input, none to the bias (Lapuschkin 2019).

    `connections` [out, in] says which inputs an output sees: `weight != 0` unless a weight happens
    to be zero, else `as_connections` of a layer of ones.
    """
    return divide(connections.astype(float), np.zeros(len(connections)), relevance, epsilon)


def box(weight, x, relevance, *, low, high, epsilon):
    """LRP-z-box, for inputs known to lie between low and high (Montavon 2017).

    q[j, i] = w x - w+ low - w- high, never negative within the box. The bias cancels.
    """
    contributions = weight * x - positive(weight) * low - negative(weight) * high
    return divide(contributions, np.zeros(len(weight)), relevance, epsilon)


def winner_take_all(weight, x, relevance):
    """All of an output's relevance to the input that contributes most; of equals, the first.

    For max pooling and its like `weight` is `as_connections` of it: every input within the window
    contributes itself. An input with weight zero is not connected.
    """
    inputs = np.zeros(weight.shape[1])
    for output, row in enumerate(weight):
        connected = np.flatnonzero(row)
        winner = connected[np.argmax(row[connected] * x[connected])]
        inputs[winner] += relevance[output]
    nothing = np.zeros(len(weight))
    return Shares(inputs=inputs, bias=nothing, epsilon=nothing)


def as_matrix(function, input_shape):
    """An affine torch function as (weight [out, in], bias [out]), both flattened.

    `function` takes a batch of inputs of `input_shape` (the batch itself not counted), in float64.
    It is shown zero and every unit vector. Raises ValueError if it is not affine.
    """
    answers, at_zero = _probe(function, input_shape)
    weight = (answers - at_zero).T
    trial = np.linspace(-1.0, 2.0, weight.shape[1])
    expected = weight @ trial + at_zero
    with torch.no_grad():
        found = function(torch.from_numpy(trial).reshape(1, *input_shape)).flatten().numpy()
    if not np.allclose(found, expected, rtol=1e-9, atol=1e-9):
        raise ValueError("The function is not affine: a matrix and a bias do not describe it.")
    return weight, at_zero


def as_connections(function, input_shape):
    """Which inputs each output sees [out, in]: those that move it when raised from zero to one."""
    answers, at_zero = _probe(function, input_shape)
    return (answers != at_zero).T


def _probe(function, input_shape):
    """Answers to every unit vector [in, out], and to zero [out]."""
    count = int(np.prod(input_shape))
    units = torch.eye(count, dtype=torch.float64).reshape(count, *input_shape)
    with torch.no_grad():
        answers = function(units).reshape(count, -1).numpy()
        at_zero = function(torch.zeros_like(units[:1])).flatten().numpy()
    return answers, at_zero
