"""Classifiers from torch's own transformer layers, with a class token and learned positions.

Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv 1706.03762.
"""

import torch
from torch import nn

from tests.explainers.lrp.networks.catalogue import noise, reference_network

WIDTH = 12
PATCH = 40
PATCHES = 12


class Classifier(nn.Module):
    """Patches of samples, a class token before them, what the encoder makes of that token."""

    def __init__(self, **layer):
        super().__init__()
        self.patches = nn.Conv1d(1, WIDTH, PATCH, stride=PATCH)
        self.class_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.randn(1, PATCHES + 1, WIDTH))
        block = nn.TransformerEncoderLayer(WIDTH, 3, 20, dropout=0.1, **layer)
        self.encoder = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, 3)

    def tokens(self, waveform):
        x = self.patches(waveform.unsqueeze(1)).transpose(1, 2)
        return torch.cat((self.class_token.expand(len(x), -1, -1), x), dim=1) + self.positions

    def forward(self, waveform):
        return self.head(self.norm(self.encoder(self.tokens(waveform))[:, 0]))


class TimeFirst(Classifier):
    """The same with time before the batch."""

    def forward(self, waveform):
        encoded = self.encoder(self.tokens(waveform).transpose(0, 1))
        return self.head(self.norm(encoded[0]))


class Padded(Classifier):
    """The last three patches are padding: masked in the encoder, left out of the mean."""

    def forward(self, waveform):
        tokens = self.tokens(waveform)
        padding = torch.zeros(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        padding[:, -3:] = True
        encoded = self.encoder(tokens, src_key_padding_mask=padding)
        encoded = encoded.masked_fill(padding[..., None], 0.0)
        return self.head(encoded.sum(dim=1) / (~padding).sum(dim=1, keepdim=True))


class Causal(Classifier):
    """No token attends to a later one; the last one is read."""

    def forward(self, waveform):
        tokens = self.tokens(waveform)
        mask = nn.Transformer.generate_square_subsequent_mask(
            tokens.size(1), device=tokens.device, dtype=tokens.dtype
        )
        return self.head(self.encoder(tokens, mask=mask, is_causal=True)[:, -1])


class CrossAttention(nn.Module):
    """Learned queries attend to the patches by a decoder layer; queries are constants."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv1d(1, WIDTH, PATCH, stride=PATCH)
        self.queries = nn.Parameter(torch.randn(1, 3, WIDTH))
        self.decoder = nn.TransformerDecoderLayer(WIDTH, 2, 16, activation="gelu", batch_first=True)
        self.head = nn.Linear(3 * WIDTH, 2)

    def forward(self, waveform):
        memory = self.patches(waveform.unsqueeze(1)).transpose(1, 2)
        return self.head(self.decoder(self.queries.repeat(len(memory), 1, 1), memory).flatten(1))


SAMPLES = PATCH * PATCHES
TAGS = ("attention", "waveform")


@reference_network("transformer", noise(SAMPLES), *TAGS)
def transformer():
    return Classifier(batch_first=True)


@reference_network("transformer-pre-norm", noise(SAMPLES), *TAGS)
def transformer_pre_norm():
    return Classifier(batch_first=True, norm_first=True, activation="gelu")


@reference_network("transformer-time-first", noise(SAMPLES), *TAGS)
def transformer_time_first():
    return TimeFirst(batch_first=False)


@reference_network("transformer-padded", noise(SAMPLES), *TAGS, "mask")
def transformer_padded():
    return Padded(batch_first=True, norm_first=True)


@reference_network("transformer-causal", noise(SAMPLES), *TAGS, "mask")
def transformer_causal():
    return Causal(batch_first=True)


@reference_network("transformer-cross-attention", noise(SAMPLES), *TAGS)
def transformer_cross_attention():
    return CrossAttention()
