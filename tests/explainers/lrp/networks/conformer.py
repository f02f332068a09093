"""A Conformer over a log-mel spectrogram, small.

Source: Gulati et al., "Conformer: convolution-augmented transformer for speech recognition",
Interspeech 2020, arXiv 2005.08100.
"""

from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.catalogue import noise, reference_network
from tests.explainers.lrp.networks.frontends import LogMel, squared_parts

BANDS = 16
WIDTH = 12


class FeedForward(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.SiLU(), nn.Dropout(0.1),
            nn.Linear(2 * WIDTH, WIDTH), nn.Dropout(0.1),
        )  # fmt: skip


class Convolution(nn.Module):
    def __init__(self, kernel: int = 7):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.pointwise1 = nn.Conv1d(WIDTH, 2 * WIDTH, 1)
        self.depthwise = nn.Conv1d(WIDTH, WIDTH, kernel, padding=kernel // 2, groups=WIDTH)
        self.bn = nn.BatchNorm1d(WIDTH)
        self.activation = nn.SiLU()
        self.pointwise2 = nn.Conv1d(WIDTH, WIDTH, 1)

    def forward(self, x):
        x = self.norm(x).transpose(1, 2)
        x = F.glu(self.pointwise1(x), dim=1)
        x = self.activation(self.bn(self.depthwise(x)))
        return self.pointwise2(x).transpose(1, 2)


class Block(nn.Module):
    """Half a feed-forward step, attention, convolution, the other half."""

    def __init__(self, need_weights: bool):
        super().__init__()
        self.need_weights = need_weights
        self.before = FeedForward()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, 3, dropout=0.1, batch_first=True)
        self.convolution = Convolution()
        self.after = FeedForward()
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, x):
        x = x + 0.5 * self.before(x)
        y = self.attention_norm(x)
        y, _ = self.attention(y, y, y, need_weights=self.need_weights)
        x = x + y
        x = x + self.convolution(x)
        x = x + 0.5 * self.after(x)
        return self.norm(x)


class Conformer(nn.Module):
    def __init__(self, need_weights: bool):
        super().__init__()
        self.frontend = LogMel(squared_parts, BANDS)
        self.subsampling = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 4, 3, stride=1), nn.ReLU()
        )
        self.project = nn.Linear(4 * 5, WIDTH)
        self.blocks = nn.ModuleList(Block(need_weights) for _ in range(2))
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, waveform):
        x = self.subsampling(self.frontend(waveform).transpose(1, 2).unsqueeze(1))
        x = self.project(x.transpose(1, 2).flatten(2))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(dim=1))


@reference_network("conformer", noise(1600), "attention", "waveform", "spectrogram")
def conformer():
    return Conformer(need_weights=False)


@reference_network("conformer-weights", noise(1600), "attention", "waveform", "spectrogram")
def conformer_weights():
    return Conformer(need_weights=True)
