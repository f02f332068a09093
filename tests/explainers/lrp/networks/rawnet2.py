"""RawNet2 as an anti-spoofing detector, small.

Source: Tak et al., "End-to-end anti-spoofing with RawNet2", ICASSP 2021, arXiv 2011.01108.
"""

import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.catalogue import noise, reference_network
from tests.explainers.lrp.networks.frontends import FixedSinc, LearnedSinc

SAMPLES = 2000


class ResidualBlock(nn.Module):
    """The published quirk is kept: what bn1 and the activation compute is thrown away."""

    def __init__(self, incoming: int, outgoing: int, first: bool = False):
        super().__init__()
        self.first = first
        if not first:
            self.bn1 = nn.BatchNorm1d(incoming)
        self.lrelu = nn.LeakyReLU(negative_slope=0.3)
        self.conv1 = nn.Conv1d(incoming, outgoing, 3, padding=1)
        self.bn2 = nn.BatchNorm1d(outgoing)
        self.conv2 = nn.Conv1d(outgoing, outgoing, 3, padding=1)
        self.downsample = incoming != outgoing
        if self.downsample:
            self.conv_downsample = nn.Conv1d(incoming, outgoing, 1)
        self.mp = nn.MaxPool1d(3)

    def forward(self, x):
        identity = x
        if not self.first:
            out = self.bn1(x)
            out = self.lrelu(out)
        out = self.conv1(x)
        out = self.lrelu(self.bn2(out))
        out = self.conv2(out)
        if self.downsample:
            identity = self.conv_downsample(identity)
        out += identity
        return self.mp(out)


class FeatureMapScaling(nn.Module):
    """Every channel multiplied by a gate of its own mean, and the gate added."""

    def __init__(self, channels: int):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool1d(1)
        self.fc = nn.Linear(channels, channels)

    def forward(self, x):
        scale = torch.sigmoid(self.fc(self.pool(x).view(x.size(0), -1)))
        scale = scale.view(scale.size(0), scale.size(1), -1)
        return x * scale + scale


class RawNet2(nn.Module):
    def __init__(self, front_end: nn.Module, filters: int = 6, channels: int = 8, hidden: int = 10):
        super().__init__()
        self.sinc = front_end
        self.first_bn = nn.BatchNorm1d(filters)
        self.selu = nn.SELU(inplace=True)
        sizes = [(filters, filters), (filters, filters), (filters, channels), (channels, channels)]
        self.blocks = nn.ModuleList(
            nn.Sequential(ResidualBlock(*size, first=number == 0), FeatureMapScaling(size[1]))
            for number, size in enumerate(sizes)
        )
        self.bn_before_gru = nn.BatchNorm1d(channels)
        self.gru = nn.GRU(channels, hidden, num_layers=3, batch_first=True)
        self.fc1_gru = nn.Linear(hidden, hidden)
        self.fc2_gru = nn.Linear(hidden, 2)

    def forward(self, waveform):
        x = F.max_pool1d(torch.abs(self.sinc(waveform)), 3)
        x = self.selu(self.first_bn(x))
        for block in self.blocks:
            x = block(x)
        x = self.selu(self.bn_before_gru(x))
        x = x.permute(0, 2, 1)
        self.gru.flatten_parameters()
        x, _ = self.gru(x)
        return self.fc2_gru(self.fc1_gru(x[:, -1, :]))


@reference_network("rawnet2", noise(SAMPLES), "recurrent", "inplace", "waveform")
def rawnet2():
    return RawNet2(FixedSinc(6, 65))


@reference_network("rawnet2-learned-sinc", noise(SAMPLES), "recurrent", "inplace", "waveform")
def rawnet2_learned_sinc():
    return RawNet2(LearnedSinc(6, 65))
