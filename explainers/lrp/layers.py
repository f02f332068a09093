"""Layers that are linear in their input, run forwards and backwards with whatever weights."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class LinearLayer(ABC):
    """An operation with weights: ``z = f(x, weight) + bias``.

    Attributes:
        weight: Of the operation, without gradients.
        bias: One value per output channel, or none.
        channels_last: Whether channels are the last axis of the outputs, else the second.
    """

    channels_last: ClassVar[bool] = False

    weight: Tensor
    bias: Tensor | None

    @property
    @abstractmethod
    def channels(self) -> int:
        """Outputs with a weight of their own."""

    @abstractmethod
    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        """The outputs for an input and weights, without a bias."""

    @abstractmethod
    def backward(self, grad: Tensor, weight: Tensor, shape: torch.Size) -> Tensor:
        """The transposed map: from the outputs to an input of that shape."""

    @abstractmethod
    def on_outputs(self, vector: Float[Tensor, " channels"]) -> Tensor:
        """A value per channel, shaped to be added to the outputs."""

    @abstractmethod
    def bias_share(self, bias: Float[Tensor, " channels"], share: Tensor) -> Tensor:
        """``bias x share``, summed over whatever is cheap to sum over but the first axis."""

    @abstractmethod
    def products(self, one: Tensor, other: Tensor) -> Tensor:
        """Products of two values per output, summed as in `bias_share`."""

    @abstractmethod
    def scaled(
        self, scale: Float[Tensor, " channels"], shift: Float[Tensor, " channels"]
    ) -> "LinearLayer":
        """The layer followed by ``scale z + shift``, as one layer."""

    def _bias_scaled(self, scale: Tensor, shift: Tensor) -> Tensor:
        return shift if self.bias is None else self.bias * scale + shift


@dataclass(frozen=True)
class Dense(LinearLayer):
    """A fully connected layer over the last axis; the weight is ``[out, in]``."""

    channels_last: ClassVar[bool] = True

    @property
    def channels(self) -> int:
        """Rows of the weight."""
        return len(self.weight)

    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        """Outputs ``[..., out]``."""
        return F.linear(x, weight)

    def backward(self, grad: Tensor, weight: Tensor, shape: torch.Size) -> Tensor:
        """Inputs ``[..., in]``."""
        return (grad @ weight).reshape(shape)

    def on_outputs(self, vector: Float[Tensor, " channels"]) -> Tensor:
        """As it is: channels are the last axis."""
        return vector

    def bias_share(self, bias: Float[Tensor, " channels"], share: Tensor) -> Tensor:
        """One value per row."""
        return share @ bias

    def products(self, one: Tensor, other: Tensor) -> Tensor:
        """One value per row."""
        rows = one.reshape(-1, 1, one.shape[-1]) @ other.reshape(-1, other.shape[-1], 1)
        return rows.reshape(one.shape[:-1])

    def scaled(
        self, scale: Float[Tensor, " channels"], shift: Float[Tensor, " channels"]
    ) -> "Dense":
        """Rows of the weight scaled."""
        return Dense(self.weight * scale[:, None], self._bias_scaled(scale, shift))


@dataclass(frozen=True)
class Convolution(LinearLayer):
    """A convolution or transposed convolution of any dimension, dilation and grouping."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    transposed: bool
    output_padding: tuple[int, ...]
    groups: int

    @property
    def channels(self) -> int:
        """Kernels; those of a transposed convolution lie along its second axis."""
        return self.weight.shape[1] * self.groups if self.transposed else len(self.weight)

    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        """Outputs ``[batch, out, ...]``."""
        return torch.convolution(
            x,
            weight,
            None,
            self.stride,
            self.padding,
            self.dilation,
            self.transposed,
            self.output_padding,
            self.groups,
        )

    def backward(self, grad: Tensor, weight: Tensor, shape: torch.Size) -> Tensor:
        """Inputs ``[batch, in, ...]``."""
        # The transpose of a convolution is a convolution, and needs the input's shape only.
        return torch.convolution(
            grad,
            weight,
            None,
            self.stride,
            self.padding,
            self.dilation,
            not self.transposed,
            [0] * len(self.stride) if self.transposed else self._left_over(grad, weight, shape),
            self.groups,
        )

    def _left_over(self, grad: Tensor, weight: Tensor, shape: torch.Size) -> list[int]:
        """How many of the input's last values no kernel reached, per axis."""
        return [
            length - ((outputs - 1) * step - 2 * beyond + spread * (reach - 1) + 1)
            for length, outputs, step, beyond, spread, reach in zip(
                shape[2:],
                grad.shape[2:],
                self.stride,
                self.padding,
                self.dilation,
                weight.shape[2:],
                strict=True,
            )
        ]

    def on_outputs(self, vector: Float[Tensor, " channels"]) -> Tensor:
        """Channels are the second axis."""
        return vector.reshape(-1, *[1] * len(self.stride))

    def bias_share(self, bias: Float[Tensor, " channels"], share: Tensor) -> Tensor:
        """One value per clip and channel."""
        return share.flatten(2).sum(dim=2) * bias

    def products(self, one: Tensor, other: Tensor) -> Tensor:
        """One value per clip."""
        rows = one.reshape(len(one), 1, -1) @ other.reshape(len(other), -1, 1)
        return rows.flatten()

    def scaled(
        self, scale: Float[Tensor, " channels"], shift: Float[Tensor, " channels"]
    ) -> "Convolution":
        """Kernels scaled; those of a transposed convolution lie along its second axis."""
        rest = [1] * len(self.stride)
        if self.transposed:
            grouped = self.weight.unflatten(0, (self.groups, -1))
            weight = (grouped * scale.reshape(self.groups, 1, -1, *rest)).flatten(0, 1)
        else:
            weight = self.weight * scale.reshape(-1, 1, *rest)
        return replace(self, weight=weight, bias=self._bias_scaled(scale, shift))
