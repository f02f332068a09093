"""Recurrent layers, one direction of one layer at a time: gates held constant, tanh by identity.

The forward pass is torch's own kernel. Its outputs are the states, so the gates of all steps follow
from them at once; only the way back runs step by step, and it needs one small product a step.

Source: Arras et al. 2017 and 2019 (LSTM, signal-take-all).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.lrp.answers.activations import secant

Absorb = Callable[[str, Callable[[], Tensor]], None]


@dataclass(frozen=True)
class Weights:
    """Of one direction of one layer; rows are the gates, one after another."""

    input: Float[Tensor, "gates inputs"]
    state: Float[Tensor, "gates outputs"]
    input_bias: Float[Tensor, " gates"] | None
    state_bias: Float[Tensor, " gates"] | None
    projection: Float[Tensor, "outputs hidden"] | None = None

    def listed(self) -> list[Tensor]:
        """As torch's kernels take them."""
        every = (self.input, self.state, self.input_bias, self.state_bias, self.projection)
        return [one for one in every if one is not None]

    @property
    def has_biases(self) -> bool:
        """Whether there are biases."""
        return self.input_bias is not None


@dataclass(frozen=True)
class Given:
    """What one direction is given: the input and the first states."""

    x: Float[Tensor, "time batch inputs"]
    state: Float[Tensor, "batch outputs"]
    cell: Float[Tensor, "batch hidden"] | None = None


@dataclass(frozen=True)
class Back:
    """What comes back from one direction: coefficients of the input and of the first states."""

    x: Float[Tensor, "time batch inputs"]
    state: Float[Tensor, "batch outputs"]
    cell: Float[Tensor, "batch hidden"] | None = None


class Recurrence(ABC):
    """A kind of recurrent layer."""

    @abstractmethod
    def forward(self, weights: Weights, given: Given) -> tuple[Tensor, Tensor]:
        """States of all steps ``[time, batch, outputs]`` and the last cell (or state)."""

    @abstractmethod
    def backward(
        self,
        weights: Weights,
        given: Given,
        outputs: Tensor,
        grads: tuple[Tensor, Tensor],
        absorb: Absorb,
    ) -> Back:
        """Coefficients of the input and the first states."""


def _affine(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return torch.nn.functional.linear(x, weight, bias)


def _before(state: Tensor, outputs: Tensor) -> Tensor:
    """The state that each step began with."""
    return torch.cat([state[None], outputs[:-1]])


def _by_clip(amounts: Tensor) -> Tensor:
    """Clips first, for the ledger."""
    return amounts.transpose(0, 1)


@dataclass(frozen=True)
class GRU(Recurrence):
    """``h = (1 - z) tanh(W x + b + r (U h + c)) + z h``."""

    def forward(self, weights: Weights, given: Given) -> tuple[Tensor, Tensor]:
        """Torch's own."""
        outputs, last = torch.gru(
            given.x,
            given.state[None],
            weights.listed(),
            weights.has_biases,
            1,
            0.0,
            False,
            False,
            False,
        )
        return outputs, last[0]

    def backward(
        self,
        weights: Weights,
        given: Given,
        outputs: Tensor,
        grads: tuple[Tensor, Tensor],
        absorb: Absorb,
    ) -> Back:
        """Through the candidate and the kept state; reset and update gates are constants."""
        from_input = _affine(given.x, weights.input, weights.input_bias).chunk(3, -1)
        from_state = _affine(
            _before(given.state, outputs), weights.state, weights.state_bias
        ).chunk(3, -1)
        reset = torch.sigmoid(from_input[0] + from_state[0])
        update = torch.sigmoid(from_input[1] + from_state[1])
        slope = secant(from_input[2] + reset * from_state[2], torch.tanh, 1.0) * (1 - update)
        matrix = weights.state.chunk(3)[2]
        inner = torch.empty_like(slope)
        carried = grads[1]
        for step in range(len(outputs) - 1, -1, -1):
            arrived = grads[0][step] + carried
            torch.mul(arrived, slope[step], out=inner[step])
            carried = torch.addmm(arrived * update[step], inner[step] * reset[step], matrix)
        if weights.input_bias is not None and weights.state_bias is not None:
            biases = weights.input_bias.chunk(3)[2], weights.state_bias.chunk(3)[2]
            absorb("bias", lambda: _by_clip(inner * (biases[0] + reset * biases[1])))
        return Back(inner @ weights.input.chunk(3)[2], carried)


@dataclass(frozen=True)
class LSTM(Recurrence):
    """``c = f c + i tanh(W x + U h + b)``, ``h = o tanh(c)``, projected where there is one."""

    def forward(self, weights: Weights, given: Given) -> tuple[Tensor, Tensor]:
        """Torch's own."""
        x, cell = given.x, given.cell
        assert cell is not None
        outputs, _, last = torch.lstm(
            x,
            (given.state[None], cell[None]),
            weights.listed(),
            weights.has_biases,
            1,
            0.0,
            False,
            False,
            False,
        )
        return outputs, last[0]

    def backward(
        self,
        weights: Weights,
        given: Given,
        outputs: Tensor,
        grads: tuple[Tensor, Tensor],
        absorb: Absorb,
    ) -> Back:
        """Through the cell; input, forget and output gates are constants."""
        _x, cell = given.x, given.cell
        assert cell is not None
        before = _before(given.state, outputs)
        gates = _affine(given.x, weights.input, weights.input_bias)
        gates = gates + _affine(before, weights.state, weights.state_bias)
        enter, forget, candidate, leave = gates.chunk(4, -1)
        enter, forget, leave = torch.sigmoid(enter), torch.sigmoid(forget), torch.sigmoid(leave)
        added = enter * torch.tanh(candidate)
        cells = torch.empty_like(added)
        now = cell
        for step in range(len(outputs)):
            now = torch.addcmul(added[step], forget[step], now)
            cells[step] = now
        leaving = leave * secant(cells, torch.tanh, 1.0)
        slope = enter * secant(candidate, torch.tanh, 1.0)
        matrix = weights.state.chunk(4)[2]
        inner = torch.empty_like(slope)
        carried, carried_cell = torch.zeros_like(grads[0][0]), grads[1]
        for step in range(len(outputs) - 1, -1, -1):
            arrived = grads[0][step] + carried
            if weights.projection is not None:
                arrived = arrived @ weights.projection
            at_cell = torch.addcmul(carried_cell, arrived, leaving[step])
            torch.mul(at_cell, slope[step], out=inner[step])
            carried_cell = at_cell * forget[step]
            carried = inner[step] @ matrix
        if weights.input_bias is not None and weights.state_bias is not None:
            bias = weights.input_bias.chunk(4)[2] + weights.state_bias.chunk(4)[2]
            absorb("bias", lambda: _by_clip(inner * bias))
        return Back(inner @ weights.input.chunk(4)[2], carried, carried_cell)


@dataclass(frozen=True)
class Elman(Recurrence):
    """``h = f(W x + U h + b)`` with tanh or a rectifier.

    Attributes:
        rectified: Whether f is a rectifier.
    """

    rectified: bool

    def forward(self, weights: Weights, given: Given) -> tuple[Tensor, Tensor]:
        """Torch's own."""
        run = torch.rnn_relu if self.rectified else torch.rnn_tanh
        outputs, last = run(
            given.x,
            given.state[None],
            weights.listed(),
            weights.has_biases,
            1,
            0.0,
            False,
            False,
            False,
        )
        return outputs, last[0]

    def backward(
        self,
        weights: Weights,
        given: Given,
        outputs: Tensor,
        grads: tuple[Tensor, Tensor],
        absorb: Absorb,
    ) -> Back:
        """Step by step."""
        inner_value = _affine(given.x, weights.input, weights.input_bias)
        inner_value = inner_value + _affine(
            _before(given.state, outputs), weights.state, weights.state_bias
        )
        if self.rectified:
            slope = (inner_value > 0).to(outputs.dtype)
        else:
            slope = secant(inner_value, torch.tanh, 1.0)
        inner = torch.empty_like(slope)
        carried = grads[1]
        for step in range(len(outputs) - 1, -1, -1):
            torch.mul(grads[0][step] + carried, slope[step], out=inner[step])
            carried = inner[step] @ weights.state
        if weights.input_bias is not None and weights.state_bias is not None:
            bias = weights.input_bias + weights.state_bias
            absorb("bias", lambda: _by_clip(inner * bias))
        return Back(inner @ weights.input, carried)


class Direction(torch.autograd.Function):
    """One direction of one recurrent layer."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        state: Tensor,
        cell: Tensor | None,
        kind: Recurrence,
        weights: Weights,
        absorb: Absorb,
    ) -> tuple[Tensor, Tensor]:
        """States of all steps, and the last cell (of a GRU or a plain layer, the last state)."""
        outputs, last = kind.forward(weights, Given(x, state, cell))
        ctx.save_for_backward(x, state, cell, outputs)
        ctx.kind, ctx.weights, ctx.absorb = kind, weights, absorb
        return outputs, last

    @staticmethod
    def backward(
        ctx: Any, *grads: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None, None, None, None]:
        """Coefficients of the input and of the first states."""
        x, state, cell, outputs = ctx.saved_tensors
        back = ctx.kind.backward(
            ctx.weights, Given(x, state, cell), outputs, (grads[0], grads[1]), ctx.absorb
        )
        if not ctx.needs_input_grad[1]:
            ctx.absorb("constants", lambda: state * back.state)
        if cell is not None and not ctx.needs_input_grad[2]:
            ctx.absorb("constants", lambda: cell * back.cell)
        return back.x, back.state, back.cell, None, None, None
