"""Models whose explanations can be written down."""

import torch
from torch import nn

from explainers.contract import ModuleModel

RATE = 1000


class Linear(nn.Module):
    """Logit 1 is a weighted sum of the samples plus a constant; logit 0 is nothing."""

    def __init__(self, weights, bias=0.0):
        super().__init__()
        self.weights = nn.Parameter(weights.clone())
        self.bias = bias
        self.eval()

    def forward(self, waveform):
        one = waveform @ self.weights + self.bias
        return torch.stack([torch.zeros_like(one), one], dim=1)


class Quadratic(nn.Module):
    """Logit 1 is the energy of the clip."""

    def __init__(self):
        super().__init__()
        self.eval()

    def forward(self, waveform):
        energy = waveform.square().sum(dim=1)
        return torch.stack([torch.zeros_like(energy), energy], dim=1)


class Frames(nn.Module):
    """Convolution to frames, rectified, weighted by channel, averaged over time."""

    def __init__(self, channels=3, hop=10, seed=0):
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.conv = nn.Conv1d(1, channels, hop, stride=hop)
        self.head = nn.Linear(channels, 2)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=random)
        self.eval()

    def forward(self, waveform):
        return self.head(self.conv(waveform[:, None]).relu().mean(dim=2))


class Picture(nn.Module):
    """A 2-D network over frames of 10 samples: [batch, channel, frequency, time] or transposed."""

    def __init__(self, time_last=True, seed=0):
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.time_last = time_last
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.head = nn.Linear(4, 2)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=random)
        self.eval()

    def forward(self, waveform):
        frames = waveform.unfold(1, 10, 10)
        picture = frames.transpose(1, 2) if self.time_last else frames
        return self.head(self.conv(picture[:, None]).tanh().mean(dim=(2, 3)))


def model_of(module):
    return ModuleModel(module, RATE)


class Function:
    """A model without a module: any function from waveform to logits."""

    module = None
    layers = ()
    sample_rate = RATE
    labels = ("bonafide", "spoof")
    default_target = "spoof - bonafide"

    def __init__(self, function):
        self._function = function

    def __call__(self, waveform):
        return self._function(waveform)

    def frame_evidence(self, waveform):
        return None


def noise(*shape, seed=0, scale=0.3):
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
