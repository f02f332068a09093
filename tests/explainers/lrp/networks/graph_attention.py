"""RawGAT-ST and the project's AASIST, small.

Source: Tak et al., "End-to-end spectro-temporal graph attention networks for speaker verification
anti-spoofing and speech deepfake detection", ASVspoof 2021 workshop, arXiv 2107.12710.
"""

import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.catalogue import noise, reference_network
from tests.explainers.lrp.networks.frontends import FixedSinc
from xaudio.models.aasist import AASIST, AASISTShape

BANDS = 18
SAMPLES = 3200


class ResidualBlock(nn.Module):
    def __init__(self, incoming: int, outgoing: int, first: bool = False):
        super().__init__()
        self.first = first
        if not first:
            self.bn1 = nn.BatchNorm2d(incoming)
        self.conv1 = nn.Conv2d(incoming, outgoing, (2, 3), padding=(1, 1))
        self.selu = nn.SELU(inplace=True)
        self.bn2 = nn.BatchNorm2d(outgoing)
        self.conv2 = nn.Conv2d(outgoing, outgoing, (2, 3), padding=(0, 1))
        self.downsample = incoming != outgoing
        if self.downsample:
            self.conv_downsample = nn.Conv2d(incoming, outgoing, (1, 3), padding=(0, 1))
        self.mp = nn.MaxPool2d((1, 3))

    def forward(self, x):
        identity = x
        out = x if self.first else self.selu(self.bn1(x))
        out = self.selu(self.bn2(self.conv1(out)))
        out = self.conv2(out)
        if self.downsample:
            identity = self.conv_downsample(identity)
        out += identity
        return self.mp(out)


class GraphAttentionLayer(nn.Module):
    def __init__(self, incoming: int, outgoing: int):
        super().__init__()
        self.att_proj = nn.Linear(incoming, outgoing)
        self.att_weight = nn.Parameter(torch.randn(outgoing, 1))
        self.proj_with_att = nn.Linear(incoming, outgoing)
        self.proj_without_att = nn.Linear(incoming, outgoing)
        self.bn = nn.BatchNorm1d(outgoing)
        self.input_drop = nn.Dropout(p=0.2)
        self.act = nn.SELU(inplace=True)

    def forward(self, x):
        x = self.input_drop(x)
        attention = self._attention(x)
        joined = self.proj_with_att(torch.matmul(attention.squeeze(-1), x))
        joined = joined + self.proj_without_att(x)
        shape = joined.size()
        return self.act(self.bn(joined.view(-1, shape[-1])).view(shape))

    def _attention(self, x):
        square = x.unsqueeze(2).expand(-1, -1, x.size(1), -1)
        pairs = torch.tanh(self.att_proj(square * square.transpose(1, 2)))
        return F.softmax(torch.matmul(pairs, self.att_weight), dim=-2)


class GraphPool(nn.Module):
    def __init__(self, features: int, kept: float):
        super().__init__()
        self.kept = kept
        self.proj = nn.Linear(features, 1)
        self.drop = nn.Dropout(p=0.3)

    def forward(self, h):
        scores = torch.sigmoid(self.proj(self.drop(h)))
        _, best = torch.topk(scores, max(int(h.size(1) * self.kept), 1), dim=1)
        return torch.gather(torch.mul(h, scores), 1, best.expand(-1, -1, h.size(2)))


class RawGATST(nn.Module):
    """Nodes from bands and from frames, each attended and pooled, multiplied, attended again."""

    def __init__(self, channels: int = 6, features: int = 5, nodes: int = 4):
        super().__init__()
        self.conv_time = FixedSinc(BANDS, 65)
        self.first_bn = nn.BatchNorm2d(1)
        self.selu = nn.SELU(inplace=True)
        self.encoder = nn.Sequential(
            ResidualBlock(1, 4, first=True), ResidualBlock(4, channels),
            ResidualBlock(channels, channels), ResidualBlock(channels, channels),
        )  # fmt: skip
        self.spectral = GraphAttentionLayer(channels, features)
        self.temporal = GraphAttentionLayer(channels, features)
        self.joint = GraphAttentionLayer(features, 2 * features)
        self.pool_spectral = GraphPool(features, 0.64)
        self.pool_temporal = GraphPool(features, 0.81)
        self.pool_joint = GraphPool(2 * features, 0.64)
        self.proj_spectral = nn.Linear(3, nodes)
        self.proj_temporal = nn.Linear(9, nodes)
        self.proj_joint = nn.Linear(2 * features, 1)
        self.out_layer = nn.Linear(int(0.64 * nodes), 2)

    def forward(self, waveform):
        x = self.conv_time(waveform).unsqueeze(dim=1)
        x = F.max_pool2d(torch.abs(x), (3, 3))
        x = self.encoder(self.selu(self.first_bn(x)))
        bands, _ = torch.max(torch.abs(x), dim=3)
        frames, _ = torch.max(torch.abs(x), dim=2)
        bands = self.pool_spectral(self.spectral(bands.transpose(1, 2)))
        frames = self.pool_temporal(self.temporal(frames.transpose(1, 2)))
        bands = self.proj_spectral(bands.transpose(1, 2))
        frames = self.proj_temporal(frames.transpose(1, 2))
        fused = torch.mul(bands, frames).transpose(1, 2)
        joint = self.proj_joint(self.pool_joint(self.joint(fused))).flatten(1)
        return self.out_layer(joint)


@reference_network("rawgat-st", noise(SAMPLES), "attention", "inplace", "waveform")
def rawgat_st():
    return RawGATST()


@reference_network("aasist", noise(3500), "attention", "waveform")
def aasist():
    shape = AASISTShape(channels=(4, 4, 6, 6, 6, 6), graph=(6, 4), filters=BANDS, taps=65)
    return AASIST(shape)
