"""AudioNet on samples and AlexNet on spectrograms, small.

Source: Becker et al., "AudioMNIST: exploring explainable artificial intelligence for audio analysis
on a simple benchmark", J. Franklin Institute 2024, arXiv 1807.03418.
"""

from itertools import pairwise

from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.catalogue import noise, reference_network


class AudioNet(nn.Module):
    """Six blocks of convolution, ReLU and max pooling; no activation between the linear layers."""

    def __init__(self):
        super().__init__()
        channels = [1, 8, 6, 10, 10, 10, 10]
        blocks: list[nn.Module] = []
        for number, (a, b) in enumerate(pairwise(channels)):
            pool = nn.MaxPool1d(3, 2) if number == 0 else nn.MaxPool1d(2, 2)
            blocks += [nn.Conv1d(a, b, 3, padding=1), nn.ReLU(), pool]
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(10 * 31, 24), nn.Dropout(0.5),
            nn.Linear(24, 16), nn.Dropout(0.5), nn.Linear(16, 10),
        )  # fmt: skip

    def forward(self, waveform):
        return self.classifier(self.features(waveform.unsqueeze(1)))


class AlexNet(nn.Module):
    """Five convolutions, three of them in two groups, and three linear layers."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 11, stride=4), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(8, 12, 5, padding=2, groups=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(12, 16, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(16, 16, 3, padding=1, groups=2), nn.ReLU(inplace=True),
            nn.Conv2d(16, 12, 3, padding=1, groups=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        )  # fmt: skip
        self.fc6 = nn.Linear(12 * 3 * 3, 20)
        self.fc7 = nn.Linear(20, 20)
        self.fc8 = nn.Linear(20, 10)

    def forward(self, spectrogram):
        x = self.features(spectrogram).flatten(1)
        x = F.dropout(F.relu(self.fc6(x), inplace=True), 0.5, self.training)
        x = F.dropout(F.relu(self.fc7(x), inplace=True), 0.5, self.training, inplace=True)
        return self.fc8(x)


@reference_network("audionet", noise(2000), "waveform")
def audionet():
    return AudioNet()


@reference_network("alexnet", noise(1, 131, 131), "inplace", "features")
def alexnet():
    return AlexNet()
