"""ECAPA-TDNN with attentive statistics pooling, small.

Source: Desplanques et al., "ECAPA-TDNN: emphasized channel attention, propagation and aggregation
in TDNN based speaker verification", Interspeech 2020, arXiv 2005.07143.
"""

import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.catalogue import noise, reference_network
from tests.explainers.lrp.networks.frontends import LogMel, squared_magnitude

BANDS = 16
CHANNELS = 16


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, bottleneck: int = 6):
        super().__init__()
        self.se = nn.Sequential(
            nn.AdaptiveAvgPool1d(1), nn.Conv1d(channels, bottleneck, 1), nn.ReLU(),
            nn.Conv1d(bottleneck, channels, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        return x * self.se(x)


class Res2Convolution(nn.Module):
    """Channel groups in a row, each convolved together with the last one's result."""

    def __init__(self, channels: int, dilation: int, scale: int = 4):
        super().__init__()
        width = channels // scale
        self.scale = scale
        self.convs = nn.ModuleList(
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
            for _ in range(scale - 1)
        )
        self.bns = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(scale - 1))

    def forward(self, x):
        parts = torch.chunk(x, self.scale, dim=1)
        outputs = [parts[0]]
        for number, (conv, bn) in enumerate(zip(self.convs, self.bns, strict=True)):
            part = parts[number + 1]
            part = part if number == 0 else part + outputs[-1]
            outputs.append(bn(F.relu(conv(part))))
        return torch.cat(outputs, dim=1)


class SERes2Block(nn.Module):
    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.conv1 = nn.Conv1d(channels, channels, 1)
        self.bn1 = nn.BatchNorm1d(channels)
        self.res2 = Res2Convolution(channels, dilation)
        self.conv3 = nn.Conv1d(channels, channels, 1)
        self.bn3 = nn.BatchNorm1d(channels)
        self.relu = nn.ReLU()
        self.se = SqueezeExcitation(channels)

    def forward(self, x):
        residual = x
        out = self.bn1(self.relu(self.conv1(x)))
        out = self.bn3(self.relu(self.conv3(self.res2(out))))
        out = self.se(out)
        out += residual
        return out


class AttentiveStatistics(nn.Module):
    """Mean and deviation under weights that also see the whole clip's mean and deviation."""

    def __init__(self, channels: int, bottleneck: int = 8):
        super().__init__()
        self.attention = nn.Sequential(
            nn.Conv1d(3 * channels, bottleneck, 1), nn.ReLU(), nn.BatchNorm1d(bottleneck),
            nn.Tanh(), nn.Conv1d(bottleneck, channels, 1), nn.Softmax(dim=2),
        )  # fmt: skip

    def forward(self, x):
        frames = x.size(-1)
        everywhere = torch.cat(
            (
                x,
                torch.mean(x, dim=2, keepdim=True).repeat(1, 1, frames),
                torch.sqrt(torch.var(x, dim=2, keepdim=True).clamp(min=1e-4)).repeat(1, 1, frames),
            ),
            dim=1,
        )
        w = self.attention(everywhere)
        mean = torch.sum(x * w, dim=2)
        deviation = torch.sqrt((torch.sum((x**2) * w, dim=2) - mean**2).clamp(min=1e-4))
        return torch.cat((mean, deviation), dim=1)


class ECAPA(nn.Module):
    def __init__(self):
        super().__init__()
        self.frontend = LogMel(squared_magnitude, BANDS)
        self.conv1 = nn.Conv1d(BANDS, CHANNELS, 5, padding=2)
        self.bn1 = nn.BatchNorm1d(CHANNELS)
        self.relu = nn.ReLU()
        self.layer1 = SERes2Block(CHANNELS, dilation=2)
        self.layer2 = SERes2Block(CHANNELS, dilation=3)
        self.layer3 = SERes2Block(CHANNELS, dilation=4)
        self.layer4 = nn.Conv1d(3 * CHANNELS, 24, 1)
        self.pooling = AttentiveStatistics(24)
        self.bn5 = nn.BatchNorm1d(48)
        self.fc6 = nn.Linear(48, 12)
        self.bn6 = nn.BatchNorm1d(12)
        self.head = nn.Linear(12, 3)

    def forward(self, waveform):
        x = self.frontend(waveform)
        x = x - torch.mean(x, dim=-1, keepdim=True)
        x = self.bn1(self.relu(self.conv1(x)))
        x1 = self.layer1(x)
        x2 = self.layer2(x + x1)
        x3 = self.layer3(x + x1 + x2)
        x = self.relu(self.layer4(torch.cat((x1, x2, x3), dim=1)))
        x = self.bn5(self.pooling(x))
        return self.head(self.bn6(self.fc6(x)))


class CentredECAPA(ECAPA):
    """The deviation taken of centred features, and cosines with unit vectors for logits."""

    def forward(self, waveform):
        x = self.bn1(self.relu(self.conv1(self.frontend(waveform))))
        x = self.relu(self.layer4(torch.cat([self.layer1(x), self.layer2(x), self.layer3(x)], 1)))
        statistics = [x, x.mean(2, keepdim=True).expand_as(x), x.std(2, keepdim=True).expand_as(x)]
        w = self.pooling.attention(torch.cat(statistics, dim=1))
        mean = (x * w).sum(2, keepdim=True)
        deviation = (w * (x - mean).pow(2)).sum(2).clamp(min=1e-6).sqrt()
        embedding = self.fc6(self.bn5(torch.cat([mean.squeeze(2), deviation], dim=1)))
        return 10 * F.linear(F.normalize(embedding), F.normalize(self.head.weight))


@reference_network("ecapa", noise(2400), "waveform", "spectrogram", "pooled-attention")
def ecapa():
    return ECAPA()


@reference_network("ecapa-centred", noise(2400), "waveform", "spectrogram", "pooled-attention")
def ecapa_centred():
    return CentredECAPA()
