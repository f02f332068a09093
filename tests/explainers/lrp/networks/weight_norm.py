"""Convolutions whose weight is computed from a direction and a length, by either of torch's ways.

Source: Salimans & Kingma, "Weight normalization", NeurIPS 2016, arXiv 1602.07868.
"""

import warnings

from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, weight_norm

from tests.explainers.lrp.networks.catalogue import noise, reference_network


def by_hook(layer: nn.Module, **settings) -> nn.Module:
    """The old way: a hook before forward sets the weight as a plain attribute."""
    nn.init.kaiming_normal_(layer.weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return weight_norm(layer, **settings)


def by_parametrization(layer: nn.Module, **settings) -> nn.Module:
    """The new way: the weight is a property."""
    nn.init.kaiming_normal_(layer.weight)
    return parametrizations.weight_norm(layer, **settings)


class NormedConvolutions(nn.Module):
    """A positional convolution as wav2vec 2.0 has, one of its samples too many cut off."""

    def __init__(self, normed):
        super().__init__()
        self.first = normed(nn.Conv1d(1, 8, 10, stride=5))
        self.positional = normed(nn.Conv1d(8, 8, 6, padding=3, groups=2), dim=2)
        self.down = normed(nn.Conv1d(8, 6, 4, stride=2))
        self.up = normed(nn.ConvTranspose1d(6, 4, 4, stride=2), dim=1)
        self.head = normed(nn.Linear(4, 2), dim=None)

    def forward(self, waveform):
        x = F.leaky_relu(self.first(waveform.unsqueeze(1)), 0.1)
        x = x + F.gelu(self.positional(x)[:, :, :-1])
        x = F.leaky_relu(self.up(F.relu(self.down(x))), 0.1)
        return self.head(x.mean(dim=2))


@reference_network("weight-norm-old", noise(300), "waveform", "weight-norm")
def weight_norm_old():
    return NormedConvolutions(by_hook)


@reference_network("weight-norm-new", noise(300), "waveform", "weight-norm")
def weight_norm_new():
    return NormedConvolutions(by_parametrization)
