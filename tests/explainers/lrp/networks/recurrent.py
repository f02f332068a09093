"""CRNNs: convolutions over a log-mel spectrogram, recurrence over its frames.

Source: Çakır et al., "Convolutional recurrent neural networks for polyphonic sound event
detection", IEEE/ACM TASLP 2017, arXiv 1702.06286.
"""

import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.catalogue import noise, reference_network
from tests.explainers.lrp.networks.frontends import (
    LogMel,
    squared_magnitude,
    squared_pairs,
    squared_parts,
)

BANDS = 16
FEATURES = 6 * BANDS // 4


class ConvolutionalFrames(nn.Module):
    """[batch, time] to [batch, frames, features]: a quarter of the bands, half of the frames."""

    def __init__(self, power):
        super().__init__()
        self.frontend = LogMel(power, BANDS)
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d((2, 2)),
            nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.AvgPool2d((2, 1)),
            nn.Dropout2d(0.2),
        )  # fmt: skip

    def forward(self, waveform):
        return self.convolutions(self.frontend(waveform)[:, None]).flatten(1, 2).transpose(1, 2)


class GatedCRNN(nn.Module):
    """Two bidirectional GRU layers and the frames' mean."""

    def __init__(self):
        super().__init__()
        self.frames = ConvolutionalFrames(squared_magnitude)
        self.gru = nn.GRU(FEATURES, 7, 2, batch_first=True, bidirectional=True, dropout=0.2)
        self.head = nn.Linear(14, 3)

    def forward(self, waveform):
        hidden, _ = self.gru(self.frames(waveform))
        return self.head(hidden.mean(dim=1))


class MemoryCRNN(nn.Module):
    """Two bidirectional LSTM layers, judged frame by frame, weighted by a softmax over time."""

    def __init__(self, projected: int = 0):
        super().__init__()
        self.frames = ConvolutionalFrames(squared_parts)
        self.lstm = nn.LSTM(
            FEATURES, 8, 2, batch_first=True, bidirectional=True, proj_size=projected
        )
        self.head = nn.Linear(2 * (projected or 8), 3)
        self.attention = nn.Linear(2 * (projected or 8), 3)

    def forward(self, waveform):
        hidden, _ = self.lstm(self.frames(waveform))
        weights = torch.softmax(self.attention(hidden).clamp(-10, 10), dim=1)
        return (self.head(hidden) * weights).sum(dim=1)


class LastStates(nn.Module):
    """Frames first, a learned initial state, no biases in the GRU; reads the last states only."""

    def __init__(self):
        super().__init__()
        self.frames = ConvolutionalFrames(squared_pairs)
        self.gru = nn.GRU(FEATURES, 6, bidirectional=True, bias=False)
        self.lstm = nn.LSTM(12, 5, num_layers=2)
        self.initial = nn.Parameter(torch.randn(2, 1, 6))
        self.head = nn.Linear(6 + 5 + 5, 2)

    def forward(self, waveform):
        frames = self.frames(waveform).transpose(0, 1)
        hidden, last = self.gru(frames, self.initial.repeat(1, frames.size(1), 1))
        _, (h_n, c_n) = self.lstm(hidden)
        return self.head(torch.cat((last[-1], h_n[-1], c_n[0]), dim=1))


class UnrolledCells(nn.Module):
    """A GRU cell feeds an LSTM cell in a Python loop; the states are collected and stacked."""

    def __init__(self):
        super().__init__()
        self.frames = ConvolutionalFrames(squared_magnitude)
        self.gru = nn.GRUCell(FEATURES, 6)
        self.lstm = nn.LSTMCell(6, 5)
        self.head = nn.Linear(5, 2)

    def forward(self, waveform):
        h, state, collected = None, None, []
        for frame in self.frames(waveform).unbind(1):
            h = self.gru(frame, h)
            state = self.lstm(h, state)
            collected.append(state[0])
        return self.head(F.relu(torch.stack(collected, dim=1)).amax(dim=1))


class PlainRecurrence(nn.Module):
    """The recurrence of Elman, with tanh below and ReLU above."""

    def __init__(self):
        super().__init__()
        self.frames = ConvolutionalFrames(squared_magnitude)
        self.below = nn.RNN(FEATURES, 6, batch_first=True, bidirectional=True)
        self.above = nn.RNN(12, 5, nonlinearity="relu", batch_first=True)
        self.head = nn.Linear(5, 2)

    def forward(self, waveform):
        hidden, _ = self.above(self.below(self.frames(waveform))[0])
        return self.head(hidden[:, -1])


@reference_network("crnn-gru", noise(1600), "recurrent", "waveform", "spectrogram")
def crnn_gru():
    return GatedCRNN()


@reference_network("crnn-lstm", noise(1600), "recurrent", "waveform", "spectrogram")
def crnn_lstm():
    return MemoryCRNN()


@reference_network("crnn-lstm-projected", noise(1600), "recurrent", "waveform", "spectrogram")
def crnn_lstm_projected():
    return MemoryCRNN(projected=5)


@reference_network("crnn-last-states", noise(1600), "recurrent", "waveform", "spectrogram")
def crnn_last_states():
    return LastStates()


@reference_network("crnn-cells", noise(1600), "recurrent", "waveform", "spectrogram", "cells")
def crnn_cells():
    return UnrolledCells()


@reference_network("crnn-elman", noise(1600), "recurrent", "waveform", "spectrogram", "elman")
def crnn_elman():
    return PlainRecurrence()
