"""How a linear layer shares relevance out: every rule one frozen dataclass.

A layer has outputs ``z_j = sum_i x_i w_ij + b_j``. All rules hand back ``s``-weighted sums; a rule
gives either a coefficient c (relevance of the input is ``x c``) or, where input that is zero still
takes part, relevance itself. ``sgn(0)`` is +1 throughout.

Sources: Bach et al. 2015 (epsilon, alpha-beta, flat), Montavon et al. 2017 (z-plus, w-square, box),
Montavon et al. 2019 and Andéol et al. 2021 (gamma, generalised to inputs and outputs of any sign).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.lrp.layers import LinearLayer

Absorb = Callable[[str, Callable[[], Tensor]], None]


@dataclass(frozen=True)
class Passage:
    """Relevance on its way back through a layer.

    Attributes:
        layer: With its weights.
        x: The input, where it was kept.
        z: The output, where it was kept.
        grad: Of the output; its relevance is ``z * grad``.
        shape: Of the input.
        absorb: Enters a sink in the ledger.
    """

    layer: LinearLayer
    x: Tensor | None
    z: Tensor | None
    grad: Tensor
    shape: torch.Size
    absorb: Absorb

    @property
    def input(self) -> Tensor:
        """The input, kept because the rule asked for it."""
        assert self.x is not None
        return self.x

    @property
    def output(self) -> Tensor:
        """The output, kept because the rule asked for it."""
        assert self.z is not None
        return self.z

    @property
    def relevance(self) -> Tensor:
        """Of the output."""
        return self.grad * self.output

    def bare_output(self) -> Tensor:
        """The output without its bias."""
        if self.layer.bias is None:
            return self.output
        return self.output - self.layer.on_outputs(self.layer.bias)

    def back(self, share: Tensor, weight: Tensor) -> Tensor:
        """A share of every output, carried to the inputs by a weight."""
        return self.layer.backward(share, weight, self.shape)


@dataclass(frozen=True)
class LinearRule(ABC):
    """How relevance goes through a layer that is linear in its input.

    Attributes:
        gives_relevance: Whether it gives relevance itself instead of a coefficient.
        splits_weights: Whether it treats weights by their sign, and so needs a following batch
            norm folded in.
    """

    gives_relevance: ClassVar[bool] = False
    splits_weights: ClassVar[bool] = True

    @property
    def keeps_input(self) -> bool:
        """Whether the backward pass needs the input."""
        return True

    @property
    def keeps_output(self) -> bool:
        """Whether the backward pass needs the output."""
        return True

    @abstractmethod
    def propagate(self, at: Passage) -> Tensor:
        """Coefficient or relevance of the input."""


def check_epsilon(epsilon: float) -> None:
    """Refuse a stabiliser below zero."""
    if not 0 <= epsilon < float("inf"):
        raise ExplanationError(f"An epsilon of {epsilon} was given; it must be zero or above.")


def sign_of(tensor: Tensor) -> Tensor:
    """The sign, +1 at zero (-1 at minus zero, which only comes of no contribution at all)."""
    return torch.copysign(tensor.new_ones(()), tensor)


def ratio(top: Tensor, bottom: Tensor, epsilon: float) -> Tensor:
    """Top over a bottom moved away from zero by epsilon; zero where the bottom is zero."""
    if epsilon:
        return top / torch.copysign(bottom.new_tensor(epsilon), bottom).add_(bottom)
    nothing = bottom == 0
    return (top / bottom.masked_fill(nothing, 1.0)).masked_fill_(nothing, 0.0)


def share_out(at: Passage, whole: Tensor, epsilon: float) -> Tensor:
    """Relevance for one unit of contribution, the contributions to an output being this whole.

    What epsilon takes, and what reaches outputs that nothing contributes to, is a sink.
    """
    share = ratio(at.relevance, whole, epsilon)
    if epsilon:
        at.absorb("epsilon", lambda: epsilon * sign_of(whole) * share)
    else:
        at.absorb("no contribution", lambda: torch.where(whole == 0, at.relevance, 0.0))
    return share


@dataclass(frozen=True)
class Epsilon(LinearRule):
    """``R_i = x_i sum_j w_ij R_j / (z_j + epsilon sgn z_j)``: each input by its contribution.

    Attributes:
        epsilon: Takes relevance from outputs near zero; 0 for none.
        bias: Whether the bias takes its share; without, the inputs share it among themselves.
    """

    epsilon: float = 1e-6
    bias: bool = True

    splits_weights: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_epsilon(self.epsilon)

    @property
    def keeps_input(self) -> bool:
        """Never."""
        return False

    @property
    def keeps_output(self) -> bool:
        """Only where something is divided by it."""
        return self.epsilon > 0 or not self.bias

    def propagate(self, at: Passage) -> Tensor:
        """Coefficient of the input."""
        layer, share = at.layer, at.grad
        if not self.bias and layer.bias is not None:
            return at.back(share_out(at, at.bare_output(), self.epsilon), layer.weight)
        if self.epsilon:
            unit = at.output.abs().add_(self.epsilon)
            torch.div(at.grad, unit, out=unit)
            # epsilon sgn(z) times the share, which is |z| times this unit.
            at.absorb("epsilon", lambda: self.epsilon * layer.products(unit, at.output))
            share = torch.sub(at.grad, unit, alpha=self.epsilon, out=unit)
        if layer.bias is not None:
            bias = layer.bias
            at.absorb("bias", lambda: layer.bias_share(bias, share))
        return at.back(share, layer.weight)


@dataclass(frozen=True)
class Gamma(LinearRule):
    """Epsilon with contributions that agree with the output's sign weighed ``1 + gamma``.

    ``R_i = sum_j (c_ij + gamma c_ij^+) R_j / sum_i (...)`` where ``z_j > 0``, with ``c_ij = x_i
    w_ij``; where ``z_j < 0`` the negative contributions are favoured instead.

    Attributes:
        gamma: 0 is epsilon, infinity is z-plus on what is positive.
        epsilon: Stabiliser.
    """

    gamma: float = 0.25
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        check_epsilon(self.epsilon)
        if not 0 <= self.gamma < float("inf"):
            raise ExplanationError(f"A gamma of {self.gamma} was given; it must be zero or above.")

    def propagate(self, at: Passage) -> Tensor:
        """Coefficient of the input: two passes back, however the signs lie."""
        layer, x, z = at.layer, at.input, at.output
        sizes = layer.weight.abs()
        # The sum of |c_ij|: with that of c_ij it gives the part of either sign, as in
        # c^+ = (c + |c|) / 2. A bias is one more contribution.
        size = layer.forward(x.abs(), sizes)
        if layer.bias is not None:
            size.add_(layer.on_outputs(layer.bias.abs()))
        plain_part, signed_part = 1 + self.gamma / 2, self.gamma / 2
        whole = torch.copysign(size, z).mul_(signed_part).add_(z, alpha=plain_part)
        share = share_out(at, whole, self.epsilon)
        turned = share * z.sign()
        if layer.bias is not None:
            bias = layer.bias
            at.absorb("bias", lambda: layer.bias_share(plain_part * bias, share))
            at.absorb("bias", lambda: layer.bias_share(signed_part * bias.abs(), turned))
        found = at.back(share, layer.weight).mul_(plain_part)
        return found.addcmul_(x.sign(), at.back(turned, sizes), value=signed_part)


@dataclass(frozen=True)
class AlphaBeta(LinearRule):
    """Positive contributions share alpha R, negative ones minus beta R; alpha - beta = 1.

    Attributes:
        alpha: Share of the positive contributions.
        beta: Share of the negative ones.
        epsilon: Stabiliser.
    """

    alpha: float = 2.0
    beta: float = 1.0
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        check_epsilon(self.epsilon)
        if self.beta < 0 or abs(self.alpha - self.beta - 1) > 1e-9:
            raise ExplanationError(
                f"Alpha {self.alpha} and beta {self.beta} were given; beta must be zero or above "
                "and alpha - beta must be 1, or relevance is not kept."
            )

    def propagate(self, at: Passage) -> Tensor:
        """Coefficient of the input."""
        parts = _Parts.of(at)
        found = parts.share(at, 1, at.relevance.mul_(self.alpha), self.epsilon)
        if self.beta:
            other = parts.share(at, -1, at.relevance.mul_(-self.beta), self.epsilon)
            found = tuple(one.add_(more) for one, more in zip(found, other, strict=True))
        return found[0] if len(found) == 1 else torch.where(at.input < 0, found[1], found[0])


@dataclass(frozen=True)
class _Parts:
    """An input and weights by their signs; input that is never negative has one part only."""

    inputs: tuple[Tensor, ...]
    rising: Tensor
    falling: Tensor

    @classmethod
    def of(cls, at: Passage) -> "_Parts":
        x, weight = at.input, at.layer.weight
        negative = bool(x.amin() < 0)
        inputs = (x.clamp(min=0), x.clamp(max=0)) if negative else (x,)
        return cls(inputs, part(weight, 1), part(weight, -1))

    def share(
        self, at: Passage, sign: int, relevance: Tensor, epsilon: float
    ) -> tuple[Tensor, ...]:
        """What the contributions of one sign hand back, as a coefficient of each part."""
        layer = at.layer
        both = (self.rising, self.falling) if sign > 0 else (self.falling, self.rising)
        weights = both[: len(self.inputs)]
        whole = layer.forward(self.inputs[0], weights[0])
        if len(self.inputs) > 1:
            whole.add_(layer.forward(self.inputs[1], weights[1]))
        if layer.bias is not None:
            bias = part(layer.bias, sign)
            whole.add_(layer.on_outputs(bias))
        if epsilon:
            # A sum of one sign is moved away from zero to its own side.
            share = torch.div(relevance, whole.add_(sign * epsilon), out=relevance)
            taken = layer.weight.new_full((layer.channels,), sign * epsilon)
            at.absorb("epsilon", lambda: layer.bias_share(taken, share))
        else:
            share = ratio(relevance, whole, 0.0)
            at.absorb("no contribution", lambda: torch.where(whole == 0, relevance, 0.0))
        if layer.bias is not None:
            at.absorb("bias", lambda: layer.bias_share(bias, share))
        return tuple(at.back(share, weight) for weight in weights)


def part(tensor: Tensor, sign: int) -> Tensor:
    """The positive or the negative part of every value."""
    return tensor.clamp(min=0) if sign > 0 else tensor.clamp(max=0)


def z_plus(epsilon: float = 1e-6) -> AlphaBeta:
    """Only contributions that raise an output share its relevance."""
    return AlphaBeta(alpha=1.0, beta=0.0, epsilon=epsilon)
