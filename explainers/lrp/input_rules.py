"""Rules for the layer that meets the input: they give relevance where the input is zero, too."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.lrp.rules import LinearRule, Passage, check_epsilon, part, share_out


@dataclass(frozen=True)
class _ByWeights(LinearRule):
    """A rule that does not look at the input.

    Attributes:
        epsilon: Stabiliser.
    """

    epsilon: float = 1e-6

    gives_relevance: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_epsilon(self.epsilon)

    @property
    def keeps_input(self) -> bool:
        """Never."""
        return False


@dataclass(frozen=True)
class WSquare(_ByWeights):
    """``R_i = sum_j w_ij^2 R_j / sum_i w_ij^2``: by the weights alone, whatever the input is."""

    def propagate(self, at: Passage) -> Tensor:
        """Relevance of the input."""
        layer = at.layer
        bias = None if layer.bias is None else layer.bias.square()
        return _by_weights(at, layer.weight.square(), bias, self.epsilon)


@dataclass(frozen=True)
class Flat(_ByWeights):
    """``R_i = sum_j R_j / n``: every input that an output sees takes the same."""

    def propagate(self, at: Passage) -> Tensor:
        """Relevance of the input."""
        return _by_weights(at, torch.ones_like(at.layer.weight), None, self.epsilon)


def _by_weights(at: Passage, weight: Tensor, bias: Tensor | None, epsilon: float) -> Tensor:
    """Relevance shared out by non-negative weights, the padding taking no part."""
    layer = at.layer
    whole = layer.forward(at.grad.new_ones(()).expand(at.shape), weight)
    if bias is not None:
        whole = whole + layer.on_outputs(bias)
    share = share_out(at, whole, epsilon)
    if bias is not None:
        at.absorb("bias", lambda: layer.on_outputs(bias) * share)
    return at.back(share, weight)


@dataclass(frozen=True)
class Box(LinearRule):
    """For inputs within bounds (z^B): ``x_i w_ij - low w_ij^+ - high w_ij^-`` of every output.

    Attributes:
        low: Least value of the input.
        high: Greatest value of the input.
        epsilon: Stabiliser.
    """

    low: float = -1.0
    high: float = 1.0
    epsilon: float = 1e-6

    gives_relevance: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_epsilon(self.epsilon)
        if not self.low <= 0 <= self.high or self.low == self.high:
            raise ExplanationError(
                f"Bounds of {self.low} and {self.high} were given; zero must lie between them."
            )

    def propagate(self, at: Passage) -> Tensor:
        """Relevance of the input."""
        layer, x = at.layer, at.input
        rising, falling = part(layer.weight, 1), part(layer.weight, -1)
        ones = torch.ones_like(x)
        lowest = self.low * layer.forward(ones, rising)
        highest = self.high * layer.forward(ones, falling)
        whole = at.bare_output() - lowest - highest
        share = share_out(at, whole, self.epsilon)
        return (
            x * at.back(share, layer.weight)
            - self.low * at.back(share, rising)
            - self.high * at.back(share, falling)
        )
