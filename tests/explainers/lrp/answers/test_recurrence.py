"""Recurrent calls against the same layers written out step by step, their gates held constant."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.explainers.lrp.answers.operations import noise, plainly, through

BATCH, TIME, INPUTS, HIDDEN = 3, 5, 4, 6
KINDS = {
    "gru": nn.GRU,
    "lstm": nn.LSTM,
    "tanh": nn.RNN,
    "relu": lambda *args, **named: nn.RNN(*args, nonlinearity="relu", **named),
}


def identity(value, of):
    """A function's value with R_x = R_y for a gradient: its secant is held constant."""
    return of * (value / of).detach()


def gru_step(x, h, _, w, projection=None):
    a, b = x @ w[0].T + w[2], h @ w[1].T + w[3]
    reset = torch.sigmoid(a.chunk(3, -1)[0] + b.chunk(3, -1)[0]).detach()
    update = torch.sigmoid(a.chunk(3, -1)[1] + b.chunk(3, -1)[1]).detach()
    inner = a.chunk(3, -1)[2] + reset * b.chunk(3, -1)[2]
    return (1 - update) * identity(torch.tanh(inner), inner) + update * h, None


def lstm_step(x, h, c, w, projection=None):
    enter, forget, candidate, leave = (x @ w[0].T + w[2] + h @ w[1].T + w[3]).chunk(4, -1)
    enter, forget, leave = (torch.sigmoid(gate).detach() for gate in (enter, forget, leave))
    c = forget * c + enter * identity(torch.tanh(candidate), candidate)
    h = leave * identity(torch.tanh(c), c)
    return (h if projection is None else h @ projection.T), c


def tanh_step(x, h, _, w, projection=None):
    inner = x @ w[0].T + w[2] + h @ w[1].T + w[3]
    return identity(torch.tanh(inner), inner), None


def relu_step(x, h, _, w, projection=None):
    return torch.relu(x @ w[0].T + w[2] + h @ w[1].T + w[3]), None


STEPS = {"gru": gru_step, "lstm": lstm_step, "tanh": tanh_step, "relu": relu_step}


def weights_of(layer, number, direction):
    """Input, state, their biases (zero where there are none), and the projection or None."""
    suffix = f"_l{number}" + ("_reverse" if direction else "")
    w = [getattr(layer, f"weight_{part}{suffix}").detach() for part in ("ih", "hh")]
    if layer.bias:
        w += [getattr(layer, f"bias_{part}{suffix}").detach() for part in ("ih", "hh")]
    else:
        w += [torch.zeros(len(w[0]), dtype=w[0].dtype)] * 2
    projection = getattr(layer, f"weight_hr{suffix}", None)
    return w, None if projection is None else projection.detach()


def unrolled(kind, layer, x, states=None, lengths=None):
    """Outputs, last states and last cells of `layer` over [batch, time, inputs], step by step."""
    directions = 2 if layer.bidirectional else 1
    lengths = [x.shape[1]] * len(x) if lengths is None else lengths
    last, cells = [], []
    for number in range(layer.num_layers):
        found = []
        for direction in range(directions):
            w, projection = weights_of(layer, number, direction)
            place = number * directions + direction
            outputs, ends, cell_ends = [], [], []
            for clip, length in enumerate(lengths):
                size = layer.hidden_size if projection is None else len(projection)
                h = torch.zeros(size).double() if states is None else states[0][place, clip]
                c = torch.zeros(layer.hidden_size).double()
                if states is not None and len(states) > 1:
                    c = states[1][place, clip]
                steps = [x.new_zeros(size)] * x.shape[1]
                order = range(length - 1, -1, -1) if direction else range(length)
                for step in order:
                    h, c = STEPS[kind](x[clip, step], h, c, w, projection)
                    steps[step] = h
                outputs.append(torch.stack(steps))
                ends.append(h)
                cell_ends.append(c)
            found.append(torch.stack(outputs))
            last.append(torch.stack(ends))
            if kind == "lstm":
                cells.append(torch.stack(cell_ends))
        x = torch.cat(found, -1)
    return x, torch.stack(last), torch.stack(cells) if cells else None


def made(kind, layers=1, **settings):
    torch.manual_seed(0)
    layer = KINDS[kind](INPUTS, HIDDEN, layers, **settings).double()
    for weight in layer.parameters():
        nn.init.normal_(weight, std=0.5)
    return layer


X = noise(BATCH, TIME, INPUTS)
SETTINGS = {
    "plain": {},
    "without bias": {"bias": False},
    "both ways, two layers": {"bidirectional": True, "layers": 2},
    "projected": {"proj_size": 3, "bidirectional": True, "layers": 2},
}
CASES = [
    (kind, name) for kind in KINDS for name in SETTINGS if name != "projected" or kind == "lstm"
]


def hold(ours, reference, inputs, arriving):
    torch.testing.assert_close(ours.value, reference(*inputs))
    torch.testing.assert_close(ours.relevance, plainly(reference, *inputs, arriving=arriving))
    assert float(ours.total) == pytest.approx(float((ours.value * arriving).sum()))


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_outputs(kind, name, batch_first):
    layer = made(kind, batch_first=batch_first, **SETTINGS[name])

    def run(x):
        if batch_first:
            return layer(x)[0]
        return layer(x.transpose(0, 1))[0].transpose(0, 1)

    arriving = noise(*run(X).shape, seed=2)
    ours = through(run, X, arriving=arriving)
    hold(ours, lambda x: unrolled(kind, layer, x)[0], [X], arriving)
    assert ("bias" in ours.sinks) == layer.bias


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_last_states_and_cells(kind, name):
    layer = made(kind, batch_first=True, **SETTINGS[name])

    def ends(outputs, last, cells):
        found = [outputs.sum((1, 2)), last.sum((0, 2))]
        return torch.stack([*found, *([] if cells is None else [cells.sum((0, 2))])], 1)

    def run(x):
        outputs, last = layer(x)
        return ends(outputs, *(last if kind == "lstm" else (last, None)))

    arriving = noise(*run(X).shape, seed=3)
    ours = through(run, X, arriving=arriving)
    hold(ours, lambda x: ends(*unrolled(kind, layer, x)), [X], arriving)


@pytest.mark.parametrize("kind", KINDS)
def test_first_states_take_what_they_bring(kind):
    layer = made(kind, layers=2, batch_first=True, bidirectional=True)
    states = [noise(4, BATCH, HIDDEN, seed=4 + number) for number in range(2)]
    states = states if kind == "lstm" else states[:1]
    clips_first = [one.transpose(0, 1) for one in states]

    def run(x, *given):
        given = [one.transpose(0, 1).contiguous() for one in given]
        return layer(x, tuple(given) if kind == "lstm" else given[0])[0]

    def reference(x, *given):
        return unrolled(kind, layer, x, [one.transpose(0, 1) for one in given])[0]

    arriving = noise(BATCH, TIME, 2 * HIDDEN, seed=6)
    inputs = [X, *clips_first]
    ours = through(run, *inputs, arriving=arriving)
    hold(ours, reference, inputs, arriving)
    # As constants, they are a sink.
    constant = through(lambda x: run(x, *clips_first), X, arriving=arriving)
    torch.testing.assert_close(constant.relevance[0], ours.relevance[0])
    expected = sum(one.flatten(1).sum(1) for one in ours.relevance[1:])
    torch.testing.assert_close(constant.sinks["constants"], expected)


@pytest.mark.parametrize("enforce_sorted", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_packed_clips_of_several_lengths(kind, layers, enforce_sorted):
    layer = made(kind, layers=layers, batch_first=True, bidirectional=True)
    lengths = [5, 4, 2] if enforce_sorted else [2, 5, 4]

    def run(x):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=enforce_sorted)
        outputs, last = layer(packed)
        padded, told = pad_packed_sequence(outputs, batch_first=True)
        assert told.tolist() == lengths
        last = last[0] if kind == "lstm" else last
        return torch.cat([padded.flatten(1), last.transpose(0, 1).flatten(1)], 1)

    def reference(x):
        outputs, last, _ = unrolled(kind, layer, x, lengths=lengths)
        return torch.cat([outputs.flatten(1), last.transpose(0, 1).flatten(1)], 1)

    arriving = noise(*run(X).shape, seed=7)
    ours = through(run, X, arriving=arriving)
    hold(ours, reference, [X], arriving)
    beyond = torch.arange(TIME)[None] >= torch.tensor(lengths)[:, None]
    assert not ours.relevance[0][beyond].any()


@pytest.mark.parametrize("kind", ["gru", "lstm", "tanh", "relu"])
@pytest.mark.parametrize("bias", [True, False])
def test_cells_step_by_step_are_the_layer(kind, bias):
    layer = made(kind, batch_first=True, bias=bias)
    cell = {
        "gru": nn.GRUCell,
        "lstm": nn.LSTMCell,
        "tanh": nn.RNNCell,
        "relu": lambda *args, **named: nn.RNNCell(*args, nonlinearity="relu", **named),
    }[kind](INPUTS, HIDDEN, bias=bias).double()
    for name, weight in cell.named_parameters():
        weight.data.copy_(getattr(layer, f"{name}_l0"))

    def run(x):
        state, outputs = None, []
        for step in x.unbind(1):
            state = cell(step, state)
            outputs.append(state[0] if kind == "lstm" else state)
        return torch.stack(outputs, 1)

    arriving = noise(BATCH, TIME, HIDDEN, seed=8)
    ours = through(run, X, arriving=arriving, composite="cp")
    whole = through(lambda x: layer(x)[0], X, arriving=arriving)
    torch.testing.assert_close(ours.value, whole.value)
    torch.testing.assert_close(ours.relevance, whole.relevance)
    torch.testing.assert_close(sum(ours.sinks.values()), sum(whole.sinks.values()))


def test_a_lone_clip_without_a_batch():
    layer = made("gru")
    found = through(lambda x: layer(x[0])[0][None], X[:1])
    expected = through(lambda x: layer(x.transpose(0, 1))[0].transpose(0, 1), X[:1])
    torch.testing.assert_close(found.relevance, expected.relevance)


@pytest.mark.parametrize("padding", [0.0, 0.7])
def test_what_fills_the_gaps_is_a_constant(padding):
    lengths = [5, 4, 2]

    def run(x):
        packed = pack_padded_sequence(x, lengths, batch_first=True)
        return pad_packed_sequence(packed, batch_first=True, padding_value=padding)[0]

    found = through(run, X, arriving=noise(*X.shape, seed=9))
    beyond = (torch.arange(TIME)[None] >= torch.tensor(lengths)[:, None])[..., None]
    torch.testing.assert_close(found.value, X.masked_fill(beyond, padding))
    expected = (X * noise(*X.shape, seed=9)).masked_fill(beyond, 0.0)
    torch.testing.assert_close(found.relevance[0], expected)
    assert float(found.total) == pytest.approx(float((found.value * noise(*X.shape, seed=9)).sum()))
