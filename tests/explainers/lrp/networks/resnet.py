"""A ResNet18 over LFCC, small.

Source: He et al., "Deep residual learning for image recognition", CVPR 2016, arXiv 1512.03385.
"""

import torch
from torch import nn

from tests.explainers.lrp.networks.catalogue import noise, reference_network
from xaudio.frontends import Framing, LinearFrequencyCepstrum


class BasicBlock(nn.Module):
    """One in-place ReLU module serves twice; the skip is added in place."""

    def __init__(self, incoming: int, outgoing: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(incoming, outgoing, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outgoing)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outgoing, outgoing, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outgoing)
        self.downsample = None
        if stride != 1 or incoming != outgoing:
            self.downsample = nn.Sequential(
                nn.Conv2d(incoming, outgoing, 1, stride, bias=False), nn.BatchNorm2d(outgoing)
            )

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet18(nn.Module):
    def __init__(self, channels: tuple[int, ...] = (4, 6, 8, 10)):
        super().__init__()
        self.frontend = LinearFrequencyCepstrum(
            bands=40, coefficients=32, framing=Framing(transform=256, window=160, hop=80)
        )
        self.conv1 = nn.Conv2d(1, channels[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        pairs = zip((channels[0], *channels), channels, strict=False)
        self.stages = nn.Sequential(
            *(
                nn.Sequential(BasicBlock(a, b, 1 if number == 0 else 2), BasicBlock(b, b, 1))
                for number, (a, b) in enumerate(pairs)
            )
        )
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels[-1], 2)

    def forward(self, waveform):
        x = self.frontend(waveform).unsqueeze(1)
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(self.avgpool(self.stages(x)), 1))


@reference_network("resnet18-lfcc", noise(3200), "inplace", "waveform", "spectrogram")
def resnet18_lfcc():
    return ResNet18()
