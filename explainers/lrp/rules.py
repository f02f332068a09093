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
    def propagate(
        self,
        layer: LinearLayer,
        x: Tensor | None,
        z: Tensor | None,
        grad: Tensor,
        shape: torch.Size,
        absorb: Absorb,
    ) -> Tensor:
        """Coefficient or relevance of the input.

        Args:
            layer: With its weights.
            x: The input, where it was kept.
            z: The output, where it was kept.
            grad: Of the output; its relevance is ``z * grad``.
            shape: Of the input.
            absorb: Enters a sink in the ledger.
        """


def _check_epsilon(epsilon: float) -> None:
    if not 0 <= epsilon < float("inf"):
        raise ExplanationError(f"An epsilon of {epsilon} was given; it must be zero or above.")


def _sign(tensor: Tensor) -> Tensor:
    """The sign, +1 at zero."""
    return torch.where(tensor < 0, -1.0, 1.0).to(tensor.dtype)


def _ratio(top: Tensor, bottom: Tensor, epsilon: float) -> Tensor:
    """Top over a bottom moved away from zero by epsilon; zero where the bottom is zero."""
    moved = bottom + epsilon * _sign(bottom)
    return torch.where(moved == 0, 0.0, top / torch.where(moved == 0, 1.0, moved)).to(top.dtype)


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
        _check_epsilon(self.epsilon)

    @property
    def keeps_input(self) -> bool:
        """Never."""
        return False

    @property
    def keeps_output(self) -> bool:
        """Only where something is divided by it."""
        return self.epsilon > 0 or not self.bias

    def propagate(
        self,
        layer: LinearLayer,
        x: Tensor | None,
        z: Tensor | None,
        grad: Tensor,
        shape: torch.Size,
        absorb: Absorb,
    ) -> Tensor:
        """Coefficient of the input."""
        share = grad
        if not self.bias and layer.bias is not None:
            assert z is not None
            bare = z - layer.on_outputs(layer.bias)
            share = _ratio(grad * z, bare, self.epsilon)
            if self.epsilon:
                absorb("epsilon", lambda: self.epsilon * _sign(bare) * share)
            return layer.backward(share, layer.weight, shape)
        if self.epsilon:
            assert z is not None
            share = torch.addcdiv(grad, grad, z.abs().add_(self.epsilon), value=-self.epsilon)
            absorb("epsilon", lambda: z.sign().mul_(share).mul_(self.epsilon))
        if layer.bias is not None:
            absorb("bias", lambda: layer.bias_share(layer.bias, share))
        return layer.backward(share, layer.weight, shape)


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
        _check_epsilon(self.epsilon)
        if not 0 <= self.gamma < float("inf"):
            raise ExplanationError(f"A gamma of {self.gamma} was given; it must be zero or above.")

    def propagate(
        self,
        layer: LinearLayer,
        x: Tensor | None,
        z: Tensor | None,
        grad: Tensor,
        shape: torch.Size,
        absorb: Absorb,
    ) -> Tensor:
        """Coefficient of the input: two passes back, however the signs lie."""
        assert x is not None and z is not None
        sizes = layer.weight.abs()
        # Sum of |c_ij|: with the sum of c_ij it gives the positive and the negative part.
        size = layer.forward(x.abs(), sizes)
        bare = z if layer.bias is None else z - layer.on_outputs(layer.bias)
        favoured = torch.where(z < 0, bare - size, bare + size) * (self.gamma / 2)
        whole = z + favoured
        if layer.bias is not None:
            bias = layer.on_outputs(layer.bias)
            taken = torch.where(z < 0, bias.clamp(max=0), bias.clamp(min=0)) * self.gamma + bias
            whole = whole + (taken - bias)
        share = _ratio(grad * z, whole, self.epsilon)
        if layer.bias is not None:
            absorb("bias", lambda: taken * share)
        if self.epsilon:
            absorb("epsilon", lambda: self.epsilon * _sign(whole) * share)
        plain = layer.backward(share, layer.weight, shape)
        signed = layer.backward(torch.where(z < 0, -share, share), sizes, shape)
        return (1 + self.gamma / 2) * plain + (self.gamma / 2) * x.sign() * signed


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
        _check_epsilon(self.epsilon)
        if self.beta < 0 or abs(self.alpha - self.beta - 1) > 1e-9:
            raise ExplanationError(
                f"Alpha {self.alpha} and beta {self.beta} were given; beta must be zero or above "
                "and alpha - beta must be 1, or relevance is not kept."
            )

    def propagate(
        self,
        layer: LinearLayer,
        x: Tensor | None,
        z: Tensor | None,
        grad: Tensor,
        shape: torch.Size,
        absorb: Absorb,
    ) -> Tensor:
        """Coefficient of the input."""
        assert x is not None and z is not None
        relevance = grad * z
        found = _signed_share(self, 1, layer, x, self.alpha * relevance, shape, absorb)
        if self.beta:
            found = found + _signed_share(
                self, -1, layer, x, -self.beta * relevance, shape, absorb
            )
        return found


def _signed_share(
    rule: AlphaBeta,
    sign: int,
    layer: LinearLayer,
    x: Tensor,
    relevance: Tensor,
    shape: torch.Size,
    absorb: Absorb,
) -> Tensor:
    """What the contributions of one sign hand back of the relevance, as a coefficient."""
    agreeing = _part(layer.weight, sign)
    non_negative = bool((x >= 0).all())
    if non_negative:
        whole = layer.forward(x, agreeing)
    else:
        opposing = layer.weight - agreeing
        whole = layer.forward(x.clamp(min=0), agreeing) + layer.forward(x.clamp(max=0), opposing)
    if layer.bias is not None:
        bias = _part(layer.on_outputs(layer.bias), sign)
        whole = whole + bias
    # A sum of one sign is moved away from zero to its own side.
    moved = whole + sign * rule.epsilon
    share = torch.where(moved == 0, 0.0, relevance / torch.where(moved == 0, 1.0, moved))
    if layer.bias is not None:
        absorb("bias", lambda: bias * share)
    if rule.epsilon:
        absorb("epsilon", lambda: sign * rule.epsilon * share)
    absorb("no contribution", lambda: torch.where(moved == 0, relevance, 0.0))
    found = layer.backward(share, agreeing, shape)
    if non_negative:
        return found
    return torch.where(x < 0, layer.backward(share, opposing, shape), found)


def _part(tensor: Tensor, sign: int) -> Tensor:
    """The positive or the negative part."""
    return tensor.clamp(min=0) if sign > 0 else tensor.clamp(max=0)


def z_plus(epsilon: float = 1e-6) -> AlphaBeta:
    """Only contributions that raise an output share its relevance."""
    return AlphaBeta(alpha=1.0, beta=0.0, epsilon=epsilon)


@dataclass(frozen=True)
class WSquare(LinearRule):
    """``R_i = sum_j w_ij^2 R_j / sum_i w_ij^2``: by the weights alone, whatever the input is.

    Attributes:
        epsilon: Stabiliser.
    """

    epsilon: float = 1e-6

    gives_relevance: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_epsilon(self.epsilon)

    @property
    def keeps_input(self) -> bool:
        """Never."""
        return False

    def propagate(
        self,
        layer: LinearLayer,
        x: Tensor | None,
        z: Tensor | None,
        grad: Tensor,
        shape: torch.Size,
        absorb: Absorb,
    ) -> Tensor:
        """Relevance of the input."""
        assert z is not None
        bias = None if layer.bias is None else layer.bias.square()
        return _by_weights(layer, layer.weight.square(), bias, z, grad, shape, self.epsilon, absorb)


@dataclass(frozen=True)
class Flat(LinearRule):
    """``R_i = sum_j R_j / n``: every input that an output sees takes the same.

    Attributes:
        epsilon: Stabiliser.
    """

    epsilon: float = 1e-6

    gives_relevance: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_epsilon(self.epsilon)

    @property
    def keeps_input(self) -> bool:
        """Never."""
        return False

    def propagate(
        self,
        layer: LinearLayer,
        x: Tensor | None,
        z: Tensor | None,
        grad: Tensor,
        shape: torch.Size,
        absorb: Absorb,
    ) -> Tensor:
        """Relevance of the input."""
        assert z is not None
        ones = torch.ones_like(layer.weight)
        return _by_weights(layer, ones, None, z, grad, shape, self.epsilon, absorb)


def _by_weights(
    layer: LinearLayer,
    weight: Tensor,
    bias: Tensor | None,
    z: Tensor,
    grad: Tensor,
    shape: torch.Size,
    epsilon: float,
    absorb: Absorb,
) -> Tensor:
    """Relevance shared out by non-negative weights, the padding taking no part."""
    one = layer.forward(grad.new_ones(1, *shape[1:]).expand(shape), weight)
    if bias is not None:
        one = one + layer.on_outputs(bias)
    share = _ratio(grad * z, one, epsilon)
    if bias is not None:
        absorb("bias", lambda: layer.on_outputs(bias) * share)
    if epsilon:
        absorb("epsilon", lambda: epsilon * share)
    return layer.backward(share, weight, shape)


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
        _check_epsilon(self.epsilon)
        if not self.low <= 0 <= self.high or self.low == self.high:
            raise ExplanationError(
                f"Bounds of {self.low} and {self.high} were given; zero must lie between them."
            )

    def propagate(
        self,
        layer: LinearLayer,
        x: Tensor | None,
        z: Tensor | None,
        grad: Tensor,
        shape: torch.Size,
        absorb: Absorb,
    ) -> Tensor:
        """Relevance of the input."""
        assert x is not None and z is not None
        rising, falling = _part(layer.weight, 1), _part(layer.weight, -1)
        ones = torch.ones_like(x)
        bare = z if layer.bias is None else z - layer.on_outputs(layer.bias)
        whole = (
            bare
            - self.low * layer.forward(ones, rising)
            - self.high * layer.forward(ones, falling)
        )
        share = _ratio(grad * z, whole, self.epsilon)
        if self.epsilon:
            absorb("epsilon", lambda: self.epsilon * _sign(whole) * share)
        return (
            x * layer.backward(share, layer.weight, shape)
            - self.low * layer.backward(share, rising, shape)
            - self.high * layer.backward(share, falling, shape)
        )
