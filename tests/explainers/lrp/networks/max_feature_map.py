"""LCNNs: the project's own, and the one with recurrence over the frames, small.

Source of the second: Wang & Yamagishi, "A comparative study on recent neural spoofing
countermeasures for synthetic speech detection", Interspeech 2021, arXiv 2103.11326.
"""

import torch
from torch import nn

from tests.explainers.lrp.networks.catalogue import noise, reference_network
from xaudio.frontends import Framing, LinearFrequencyCepstrum
from xaudio.models.lcnn import LCNN, LCNNShape

SAMPLES = 3200


class MaxFeatureMap(nn.Module):
    """The larger of two halves, by a maximum over a dimension of size two."""

    def forward(self, x):
        halves = x.view(x.size(0), 2, x.size(1) // 2, *x.shape[2:])
        largest, _ = halves.max(1)
        return largest


class BidirectionalLSTM(nn.Module):
    """As many features out as in, so that the input can be added."""

    def __init__(self, features: int):
        super().__init__()
        self.blstm = nn.LSTM(features, features // 2, bidirectional=True)

    def forward(self, x):
        hidden, _ = self.blstm(x.permute(1, 0, 2))
        return hidden.permute(1, 0, 2)


class RecurrentLCNN(nn.Module):
    def __init__(self, coefficients: int = 16):
        super().__init__()
        self.frontend = LinearFrequencyCepstrum(
            bands=20, coefficients=coefficients, framing=Framing(transform=128, window=96, hop=64)
        )
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 5, 1, padding=2), MaxFeatureMap(), nn.MaxPool2d(2, 2),
            nn.Conv2d(4, 8, 1), MaxFeatureMap(), nn.BatchNorm2d(4, affine=False),
            nn.Conv2d(4, 12, 3, padding=1), MaxFeatureMap(), nn.MaxPool2d(2, 2),
            nn.BatchNorm2d(6, affine=False), nn.Dropout(0.7),
        )  # fmt: skip
        features = 6 * coefficients // 4
        self.recurrent = nn.Sequential(BidirectionalLSTM(features), BidirectionalLSTM(features))
        self.output = nn.Linear(features, 2)

    def forward(self, waveform):
        x = self.layers(self.frontend(waveform).transpose(1, 2).unsqueeze(1))
        x = x.permute(0, 2, 1, 3).contiguous()
        x = x.view(x.size(0), x.size(1), -1)
        return self.output((self.recurrent(x) + x).mean(1))


@reference_network("lcnn", noise(SAMPLES), "waveform", "spectrogram")
def lcnn():
    return LCNN(LCNNShape(bands=32, coefficients=24, channels=(4, 5, 6, 8), context=12))


@reference_network("lcnn-blstm", noise(SAMPLES), "recurrent", "waveform", "spectrogram")
def lcnn_blstm():
    return RecurrentLCNN()


class FeatureMapCompetition(nn.Module):
    """Max-feature-map over three thirds of the channels, the smallest one left out."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 12, 16, stride=8)
        self.head = nn.Linear(8, 2)

    def forward(self, waveform):
        x = self.conv(waveform.unsqueeze(1))
        x = x.view(x.size(0), 3, 4, -1)
        largest = x.max(dim=1)[0]
        middle = x.median(dim=1)[0]
        return self.head(torch.cat([largest, middle], dim=1).mean(-1))


@reference_network("max-feature-map-2-of-3", noise(200), "waveform")
def max_feature_map_2_of_3():
    return FeatureMapCompetition()
