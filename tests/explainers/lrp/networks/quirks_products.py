"""Products: with weights of every layout, of two activations, gates, and attention by hand."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.quirks import CHANNELS, FRAMES, Quirk, quirk


@quirk("einsum")
class Einsum(Quirk):
    """With a weight, with two activations, with three operands, with a repeated letter."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(0.4 * torch.randn(CHANNELS, CHANNELS))

    def quirk(self, h):
        mixed = torch.einsum("bct,cd->bdt", h, self.weight)
        likeness = torch.einsum("bct,bcs->bts", h, mixed) / CHANNELS
        heard = torch.einsum("bts,bcs->bct", likeness.softmax(dim=-1), h)
        three = torch.einsum("bct,cd,bdt->bdt", h, self.weight, h.sigmoid())
        own = torch.einsum("bii->bi", h[:, :, :CHANNELS])
        return mixed + heard + three + own[..., None] + torch.einsum("bct->bc", h)[..., None]


@quirk("matrix-products")
class MatrixProducts(Quirk):
    """The weight on the left and on the right, batched and not, added to a bias or not."""

    def __init__(self):
        super().__init__()
        self.square = nn.Parameter(0.4 * torch.randn(CHANNELS, CHANNELS))
        self.vector = nn.Parameter(torch.randn(CHANNELS))
        self.offset = nn.Parameter(torch.randn(CHANNELS))
        self.bilinear = nn.Bilinear(CHANNELS, CHANNELS, CHANNELS)

    def quirk(self, h):
        frames = h.transpose(1, 2)
        flat = frames.reshape(-1, CHANNELS)
        g = frames @ self.square + torch.matmul(self.square, h).mT
        g = g + F.linear(frames, self.square.t(), self.offset)
        g = g + torch.bmm(frames, self.square.expand(len(h), -1, -1))
        g = g + torch.addmm(self.offset, flat, self.square, alpha=0.5).view_as(frames)
        g = g + torch.baddbmm(self.offset, frames, self.square.expand(len(h), -1, -1), beta=0.3)
        g = (
            g
            + torch.mm(flat, self.square).view_as(frames)
            + torch.tensordot(frames, self.square, 1)
        )
        g = g + (frames @ self.vector)[..., None] + torch.mv(flat, self.vector).view(len(h), -1, 1)
        g = g + self.bilinear(frames, frames.tanh()) + F.linear(frames, self.square)
        return g.transpose(1, 2)


@quirk("second-order")
class SecondOrder(Quirk):
    """Covariance between channels by a product of the activations with themselves."""

    def __init__(self):
        super().__init__(CHANNELS * CHANNELS)

    def forward(self, waveform):
        h = self.conv(waveform.unsqueeze(1))
        h = h - h.mean(dim=2, keepdim=True)
        covariance = torch.bmm(h, h.transpose(1, 2)) / FRAMES
        return self.head(covariance.flatten(1))


@quirk("gates")
class Gates(Quirk):
    """Sigmoid, tanh times sigmoid, GLU, highway, a softmax over two branches."""

    def __init__(self):
        super().__init__()
        self.other = nn.Conv1d(CHANNELS, 2 * CHANNELS, 3, padding=1)
        self.squeeze = nn.Linear(CHANNELS, CHANNELS)

    def quirk(self, h):
        signal, gate = self.other(h).chunk(2, dim=1)
        wave = torch.tanh(signal) * torch.sigmoid(gate)
        highway = gate.sigmoid() * signal + (1 - gate.sigmoid()) * h
        mixed = torch.lerp(h, signal, gate.sigmoid())
        branches = torch.stack([h, signal], dim=1)
        chosen = (torch.stack([gate, -gate], dim=1).softmax(dim=1) * branches).sum(dim=1)
        excited = h * self.squeeze(h.mean(dim=2)).sigmoid()[:, :, None]
        gated = signal * F.hardsigmoid(gate) + signal.mul(F.gelu(gate)) + signal * torch.exp(-gate)
        return wave + highway + mixed + chosen + excited + gated + F.glu(self.other(h), dim=1)


@quirk("dynamic-weights")
class DynamicWeights(Quirk):
    """The weight of a linear layer is itself computed from the clip; another one is shared."""

    def __init__(self):
        super().__init__()
        self.generate = nn.Linear(CHANNELS, CHANNELS * CHANNELS)
        self.shared = nn.Linear(CHANNELS, CHANNELS)

    def quirk(self, h):
        weights = self.generate(h.mean(dim=2)).view(-1, CHANNELS, CHANNELS).tanh()
        h = torch.bmm(weights, h)
        h = self.shared(h.transpose(1, 2)).relu()
        return F.linear(h, self.shared.weight.t()).transpose(1, 2)


@quirk("scaled-dot-product", "attention", "mask")
class ScaledDotProduct(Quirk):
    """The fused call with no mask, a boolean one, an added one, a causal one, and a scale."""

    def __init__(self):
        super().__init__()
        self.queries = nn.Conv1d(CHANNELS, 3 * CHANNELS, 1)
        self.bias = nn.Parameter(torch.randn(2, FRAMES, FRAMES))

    def quirk(self, h):
        q, k, v = (
            part.unflatten(1, (2, 3)).transpose(2, 3) for part in self.queries(h).chunk(3, dim=1)
        )
        allowed = torch.ones(FRAMES, FRAMES, dtype=torch.bool, device=h.device).tril(3)
        heads = F.scaled_dot_product_attention(q, k, v)
        heads = heads + F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        heads = heads + F.scaled_dot_product_attention(q, k, v, self.bias, scale=0.7)
        heads = heads + F.scaled_dot_product_attention(q, k, v, is_causal=True)
        shared = F.scaled_dot_product_attention(q, k[:, :1], v[:, :1], enable_gqa=True)
        return (heads + shared).transpose(2, 3).flatten(1, 2)


@quirk("attention-by-hand", "attention", "mask")
class AttentionByHand(Quirk):
    """Rotary queries and keys, a relative position bias, masked by minus infinity."""

    def __init__(self):
        super().__init__()
        self.q = nn.Linear(CHANNELS, CHANNELS)
        self.k = nn.Linear(CHANNELS, CHANNELS)
        self.v = nn.Linear(CHANNELS, CHANNELS)
        self.relative = nn.Embedding(2 * FRAMES - 1, 1)
        angles = torch.outer(torch.arange(FRAMES), torch.tensor([1.0, 0.3, 0.1])).repeat(1, 2)
        self.register_buffer("cosines", angles.cos())
        self.register_buffer("sines", angles.sin())

    def quirk(self, h):
        h = h.transpose(1, 2)
        q, k = self._rotated(self.q(h)), self._rotated(self.k(h))
        steps = torch.arange(FRAMES, device=h.device)
        bias = self.relative(steps[:, None] - steps[None] + FRAMES - 1).squeeze(-1)
        scores = (q @ k.transpose(-2, -1)) * CHANNELS**-0.5 + bias
        scores = scores.masked_fill(steps > 16, -torch.inf)
        weights = F.dropout(F.softmax(scores, dim=-1), 0.1, self.training)
        return torch.matmul(weights, self.v(h)).transpose(1, 2)

    def _rotated(self, x):
        first, second = x.chunk(2, dim=-1)
        return x * self.cosines + torch.cat((-second, first), dim=-1) * self.sines


@quirk("multi-head-variants", "attention", "mask")
class MultiHeadVariants(Quirk):
    """torch's module with keys of another size, extra tokens, masks and weights per head."""

    def __init__(self):
        super().__init__()
        self.extra = nn.MultiheadAttention(
            CHANNELS, 2, kdim=4, vdim=2, add_bias_kv=True, add_zero_attn=True, batch_first=True
        )
        self.plain = nn.MultiheadAttention(CHANNELS, 3, bias=False)

    def quirk(self, h):
        x = h.transpose(1, 2)
        padding = torch.zeros(len(h), FRAMES, dtype=torch.bool, device=h.device)
        padding[:, 17:] = True
        y, weights = self.extra(
            x, x[..., :4], x[..., 4:], key_padding_mask=padding, average_attn_weights=False
        )
        z, _ = self.plain(*[x.transpose(0, 1)] * 3, need_weights=False)
        return y.transpose(1, 2) + z.permute(1, 2, 0) + weights[:, :, 0, :1, None].mean(1)


@quirk("convolutions")
class Convolutions(Quirk):
    """Transposed, dilated, depthwise, grouped, padded by words, in one to three dimensions."""

    def __init__(self):
        super().__init__()
        c = CHANNELS
        self.chain = nn.Sequential(
            nn.Conv1d(c, c, 3, padding="same", dilation=2, groups=3), nn.ReLU(),
            nn.Conv1d(c, 2 * c, 3, padding=1, padding_mode="reflect", groups=c), nn.ReLU(),
            nn.ConvTranspose1d(2 * c, c, 4, stride=2, padding=1, groups=2), nn.ReLU(),
            nn.Conv1d(c, c, 3, stride=2, padding=1, padding_mode="circular", bias=False), nn.ReLU(),
        )  # fmt: skip
        self.flat = nn.Conv2d(1, 2, (3, 3), padding=(0, 1))
        self.up = nn.ConvTranspose2d(2, 1, (3, 2), stride=(1, 2), output_padding=(0, 1))
        self.deep = nn.Conv3d(1, 1, 3, padding=1)

    def quirk(self, h):
        h = self.chain(h)
        h = self.up(self.flat(h[:, None]))[..., :FRAMES]
        return h.squeeze(1) + self.deep(h[:, None]).flatten(0, 1).squeeze(1)
