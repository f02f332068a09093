"""Small transformers whose attention is written in every way there is, and one in plain numpy."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS, FRAME = 6, 2, 10


def split(x):
    return x.unflatten(-1, (HEADS, -1)).transpose(1, 2)


def by_softmax(q, k, v):
    return torch.matmul(torch.softmax(q @ k.transpose(-2, -1) / 3**0.5, dim=-1), v)


def by_batched_products(q, k, v):
    heads = [one.flatten(0, 1) for one in (q, k, v)]
    logits = torch.bmm(heads[0], heads[1].transpose(1, 2)) / 3**0.5
    weights = F.dropout(F.softmax(logits, dim=-1), 0.1, training=False)
    return torch.bmm(weights, heads[2]).unflatten(0, (len(q), HEADS))


def by_letters(q, k, v):
    weights = (torch.einsum("bhid, bhjd -> bhij", q, k) / 3**0.5).softmax(-1)
    return torch.einsum("bhij, bhjd -> bhid", weights, v)


def by_letters_in_another_order(q, k, v):
    weights = (torch.einsum("bhid,bhjd->bhij", q, k) / 3**0.5).softmax(-1)
    return torch.einsum("bhij,bjhd->bihd", weights, v.transpose(1, 2)).transpose(1, 2)


def fused(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


def in_half_precision_and_back(q, k, v):
    weights = torch.softmax(q @ k.mT / 3**0.5, dim=-1, dtype=torch.float64).to(q.dtype)
    return weights @ v


SPELLINGS = {
    one.__name__: one
    for one in (
        by_softmax,
        by_batched_products,
        by_letters,
        by_letters_in_another_order,
        fused,
        in_half_precision_and_back,
    )
}


class Looking(nn.Module):
    """Frames of 10 samples, two layers of attention with residuals, a head on what is read."""

    def __init__(self, attend=by_softmax, class_token=False, seed=0):
        super().__init__()
        self.attend = attend
        self.embed = nn.Linear(FRAME, WIDTH)
        self.layers = nn.ModuleList(
            nn.ModuleDict({name: nn.Linear(WIDTH, WIDTH) for name in "qkvo"}) for _ in range(2)
        )
        self.head = nn.Linear(WIDTH, 2)
        self.class_token = nn.Parameter(torch.zeros(WIDTH)) if class_token else None
        random = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            parameter.data = 0.5 * torch.randn(parameter.shape, generator=random)
        self.double().eval()

    def forward(self, waveform):
        tokens = self.embed(waveform.unfold(1, FRAME, FRAME))
        if self.class_token is not None:
            front = self.class_token.expand(len(tokens), 1, -1)
            tokens = torch.cat([front, tokens], dim=1)
        for layer in self.layers:
            q, k, v = (split(layer[name](tokens)) for name in "qkv")
            tokens = tokens + layer["o"](self.attend(q, k, v).transpose(1, 2).flatten(2))
        read = tokens.tanh()
        return self.head(read[:, 0] if self.class_token is not None else read.mean(dim=1))


class ByModules(nn.Module):
    """`Looking` with torch's own attention modules."""

    def __init__(self, looking, need_weights):
        super().__init__()
        self.looking, self.need_weights = looking, need_weights
        self.attentions = nn.ModuleList()
        for layer in looking.layers:
            module = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True).double()
            module.in_proj_weight.data = torch.cat([layer[name].weight for name in "qkv"])
            module.in_proj_bias.data = torch.cat([layer[name].bias for name in "qkv"])
            module.out_proj.load_state_dict(layer["o"].state_dict())
            self.attentions.append(module)
        self.eval()

    def forward(self, waveform):
        tokens = self.looking.embed(waveform.unfold(1, FRAME, FRAME))
        for attention in self.attentions:
            given, weights = attention(tokens, tokens, tokens, need_weights=self.need_weights)
            assert (weights is not None) == self.need_weights
            tokens = tokens + given
        return self.looking.head(tokens.tanh().mean(dim=1))


class Plain:
    """`Looking` for one clip with loops, its attention weights open to small changes."""

    def __init__(self, module):
        self.state = {name: value.numpy() for name, value in module.state_dict().items()}

    def affine(self, name, x):
        return x @ self.state[f"{name}.weight"].T + self.state[f"{name}.bias"]

    def run(self, clip, nudge=None):
        """Logits and the weights of both layers; a nudge (layer, place, amount) is added."""
        tokens = self.affine("embed", clip.reshape(-1, FRAME))
        if "class_token" in self.state:
            tokens = np.concatenate([self.state["class_token"][None], tokens])
        maps = []
        for number in range(2):
            q, k, v = (self.affine(f"layers.{number}.{name}", tokens) for name in "qkv")
            weights, given = [], []
            for head in range(HEADS):
                part = slice(3 * head, 3 * head + 3)
                exponential = np.exp(q[:, part] @ k[:, part].T / 3**0.5)
                weights.append(exponential / exponential.sum(axis=1, keepdims=True))
            weights = np.stack(weights)
            if nudge is not None and nudge[0] == number:
                weights[nudge[1]] += nudge[2]
            given = [weights[head] @ v[:, 3 * head : 3 * head + 3] for head in range(HEADS)]
            given = np.concatenate(given, axis=1)
            maps.append(weights)
            tokens = tokens + self.affine(f"layers.{number}.o", given)
        read = np.tanh(tokens)
        read = read[0] if "class_token" in self.state else read.mean(axis=0)
        return self.affine("head", read), maps

    def slope(self, clip, layer, shape, step=1e-5):
        """Of logit 1 less logit 0, by central differences."""
        found = np.zeros(shape)
        for index in np.ndindex(*shape):
            ahead, _ = self.run(clip, (layer, index, step))
            behind, _ = self.run(clip, (layer, index, -step))
            found[index] = ((ahead - behind) @ [-1, 1]) / (2 * step)
        return found
