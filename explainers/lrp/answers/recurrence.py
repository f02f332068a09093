"""Recurrent calls, one direction of one layer at a time; single cells by their parts."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.lrp.calls import Call
from explainers.lrp.recurrent import GRU, LSTM, Direction, Elman, Recurrence, Weights
from explainers.lrp.registry import answer
from explainers.lrp.values import Number, relevance_of

KINDS: dict[str, Recurrence] = {
    "gru": GRU(),
    "lstm": LSTM(),
    "rnn_tanh": Elman(rectified=False),
    "rnn_relu": Elman(rectified=True),
}


@answer("gru", "lstm", "rnn_tanh", "rnn_relu")
def recurrent(call: Call, input: Tensor, *args: Any) -> tuple[Tensor, ...]:
    """All layers and directions; clips of one length, or packed."""
    if call.composite.normalisation == "nothing":
        return call.native(input, *args)
    if isinstance(args[0], Tensor) and not args[0].is_floating_point():
        return _packed(call, input, *args)
    states, weights, biases, layers, _, _, both_ways, batch_first = args
    x = call.through(torch.transpose, input, 0, 1) if batch_first else input
    output, last, cells = _layers(call, x, states, weights, biases, layers, both_ways, None)
    output = call.through(torch.transpose, output, 0, 1) if batch_first else output
    return (output, last, cells) if call.name == "lstm" else (output, last)


def _packed(
    call: Call,
    data: Tensor,
    batch_sizes: Tensor,
    states: Any,
    weights: Sequence[Tensor],
    biases: bool,
    layers: int,
    _: Number,
    __: bool,
    both_ways: bool,
) -> tuple[Tensor, ...]:
    """Clips of several lengths: laid out side by side, run, and packed again."""
    steps, clips = len(batch_sizes), int(batch_sizes[0])
    active = torch.arange(clips)[None] < batch_sizes[:, None]
    lengths = active.sum(0)
    places = torch.zeros(steps, clips, dtype=torch.long)
    places[active] = torch.arange(len(data))
    places = places.to(data.device)
    x = call.through(torch.Tensor.__getitem__, data, places)
    output, last, cells = _layers(
        call, x, states, weights, biases, layers, both_ways, lengths.to(data.device)
    )
    repacked = call.through(torch.Tensor.__getitem__, output, active.to(data.device))
    return (repacked, last, cells) if call.name == "lstm" else (repacked, last)


def _layers(
    call: Call,
    x: Tensor,
    states: Any,
    weights: Sequence[Tensor],
    biases: bool,
    layers: int,
    both_ways: bool,
    lengths: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Layer upon layer over ``[time, batch, channels]``; outputs, last states, last cells."""
    first, first_cells = states if call.name == "lstm" else (states, None)
    directions = 2 if both_ways else 1
    each = len(weights) // (layers * directions)
    last, cells = [], []
    for layer in range(layers):
        outputs = []
        for direction in range(directions):
            place = layer * directions + direction
            own = _weights(weights[place * each : (place + 1) * each], biases)
            state = call.through(torch.select, first, 0, place)
            cell = None
            if first_cells is not None:
                cell = call.through(torch.select, first_cells, 0, place)
            heard = _turned(call, x, lengths) if direction else x
            output, end = _direction(call, heard, state, cell, own, lengths)
            last.append(_at_end(call, output, lengths))
            cells.append(end)
            outputs.append(_turned(call, output, lengths) if direction else output)
        x = call.through(torch.cat, outputs, -1) if both_ways else outputs[0]
    return x, call.through(torch.stack, last), call.through(torch.stack, cells)


def _direction(
    call: Call,
    x: Tensor,
    state: Tensor,
    cell: Tensor | None,
    weights: Weights,
    lengths: Tensor | None,
) -> tuple[Tensor, Tensor]:
    given = [x, state] if cell is None else [x, state, cell]
    output, end = call.step(
        lambda step, x, state, cell=None: Direction.apply(
            x, state, cell, KINDS[call.name], weights, step.absorb
        ),
        *given,
    )
    if lengths is not None and call.name == "lstm":
        # Cells past a clip's end are not its own; nobody should read relevance off them.
        end = end.detach()
    return output, end


def _weights(tensors: Sequence[Tensor], biases: bool) -> Weights:
    if biases:
        return Weights(*tensors)
    return Weights(tensors[0], tensors[1], None, None, *tensors[2:])


def _turned(call: Call, x: Tensor, lengths: Tensor | None) -> Tensor:
    """Each clip's own steps the other way round."""
    if lengths is None:
        result: Tensor = call.through(torch.flip, x, [0])
        return result
    steps = torch.arange(len(x), device=x.device)[:, None]
    places = torch.where(steps < lengths, lengths - 1 - steps, steps)
    clips = torch.arange(x.shape[1], device=x.device)[None].expand_as(places)
    return call.through(torch.Tensor.__getitem__, x, (places, clips))


def _at_end(call: Call, output: Tensor, lengths: Tensor | None) -> Tensor:
    """The state at each clip's last step."""
    if lengths is None:
        result: Tensor = call.through(torch.select, output, 0, -1)
        return result
    clips = torch.arange(output.shape[1], device=output.device)
    return call.through(torch.Tensor.__getitem__, output, (lengths - 1, clips))


@answer("_pad_packed_sequence")
def unpacked(
    call: Call,
    data: Tensor,
    batch_sizes: Tensor,
    batch_first: bool,
    padding: Number,
    steps: int,
) -> tuple[Tensor, Tensor]:
    """Clips of several lengths side by side; what fills the gaps is a constant."""
    result, lengths = call.native(data, batch_sizes, batch_first, padding, steps)
    if padding:
        silence = torch.zeros_like(data)
        gaps, _ = call.native(silence, batch_sizes, batch_first, padding, steps)
        call.watch(result, "constants", lambda grad: relevance_of(gaps, grad))
    return result, lengths


@answer("lstm_cell")
def lstm_cell(
    call: Call,
    input: Tensor,
    states: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step."""
    through = call.through
    gates = through(
        torch.add, through(F.linear, input, w_ih, b_ih), through(F.linear, states[0], w_hh, b_hh)
    )
    enter, forget, candidate, leave = through(torch.chunk, gates, 4, -1)
    kept = _gated(call, through(torch.sigmoid, forget), states[1])
    new = through(torch.mul, through(torch.sigmoid, enter), through(torch.tanh, candidate))
    cell = through(torch.add, kept, new)
    state = through(torch.mul, through(torch.sigmoid, leave), through(torch.tanh, cell))
    return state, cell


@answer("gru_cell")
def gru_cell(
    call: Call,
    input: Tensor,
    state: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Any:
    """One step."""
    through = call.through
    heard = through(torch.chunk, through(F.linear, input, w_ih, b_ih), 3, -1)
    kept = through(torch.chunk, through(F.linear, state, w_hh, b_hh), 3, -1)
    reset = through(torch.sigmoid, through(torch.add, heard[0], kept[0]))
    update = through(torch.sigmoid, through(torch.add, heard[1], kept[1]))
    inner = through(torch.add, heard[2], _gated(call, reset, kept[2]))
    fresh = through(torch.mul, through(torch.rsub, update, 1.0), through(torch.tanh, inner))
    return through(torch.add, fresh, _gated(call, update, state))


def _gated(call: Call, gate: Tensor, signal: Tensor) -> Any:
    """What a gate lets through; where that is a constant, the gate is one as well."""
    return call.through(torch.mul, gate if signal.requires_grad else gate.detach(), signal)


@answer("rnn_tanh_cell", "rnn_relu_cell")
def elman_cell(
    call: Call,
    input: Tensor,
    state: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Any:
    """One step."""
    through = call.through
    inner = through(
        torch.add, through(F.linear, input, w_ih, b_ih), through(F.linear, state, w_hh, b_hh)
    )
    return through(torch.tanh if call.name == "rnn_tanh_cell" else torch.relu, inner)
