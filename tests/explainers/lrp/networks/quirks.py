"""What the networks of one quirk each share: a convolution before it, a linear layer after it."""

from torch import nn

from tests.explainers.lrp.networks.catalogue import noise, reference_network

CHANNELS = 6
FRAMES = 20
KERNEL = 8
STRIDE = 4
SAMPLES = KERNEL + STRIDE * (FRAMES - 1)


class Quirk(nn.Module):
    """[batch, time] to [batch, 6, 20] by a convolution, then the quirk, then the frames' mean."""

    def __init__(self, outgoing: int = CHANNELS):
        super().__init__()
        self.conv = nn.Conv1d(1, CHANNELS, KERNEL, stride=STRIDE)
        self.head = nn.Linear(outgoing, 2)

    def forward(self, waveform):
        return self.head(self.quirk(self.conv(waveform.unsqueeze(1))).mean(dim=2))

    def quirk(self, h):
        raise NotImplementedError


def quirk(name: str, *tags: str):
    """Lists the decorated network of one quirk."""
    return reference_network(name, noise(SAMPLES), "quirk", "waveform", *tags)
