"""Tensors that change after they were made: in-place functions, views, slices, masks."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.quirks import CHANNELS, FRAMES, Quirk, quirk


@quirk("inplace-result-thrown-away", "inplace")
class ResultThrownAway(Quirk):
    def quirk(self, h):
        F.relu(h, inplace=True)
        g = 2 * h
        F.leaky_relu(g - 0.3, 0.2, inplace=True)
        torch.relu_(g)
        return g


@quirk("inplace-activations", "inplace")
class InplaceActivations(Quirk):
    """Each of them on its own channel pair of its own tensor."""

    def quirk(self, h):
        parts = [
            F.leaky_relu_(h[:, :2] + 0.1, 0.3),
            F.elu(h[:, 1:3] - 0.1, inplace=True),
            F.selu_(h[:, 2:4] + 0.2),
            F.silu(1.5 * h[:, 3:5], inplace=True),
            F.hardtanh_(3 * h[:, 4:6]),
            torch.tanh_(h[:, ::3] + 0.0),
            (h[:, 1::3] + 0.0).relu_(),
            F.mish(h[:, 2::3] + 0.05, inplace=True),
            F.hardswish(h[:, :2] * 4, inplace=True),
            F.relu6(h[:, 2:4] * 30, inplace=True),
        ]
        return torch.stack(parts).sum(dim=0).repeat(1, 3, 1)


@quirk("inplace-arithmetic", "inplace")
class InplaceArithmetic(Quirk):
    def quirk(self, h):
        skip = h.clone()
        h += 0.1 * skip
        h -= 0.05
        h *= 1.5
        h /= 2.0
        h.add_(skip, alpha=0.3).sub_(skip.flip(2), alpha=0.1).neg_().mul_(-1)
        h.clamp_(min=-0.4)
        return h


@quirk("inplace-on-view", "inplace", "view")
class AdditionOnView(Quirk):
    """Channels of a view, frames of another: the tensor below changes with them."""

    def quirk(self, h):
        view = h[:, 2:5]
        view.add_(h[:, :3].tanh())
        h.transpose(1, 2)[:, ::2].mul_(0.5)
        h.select(1, 5).sub_(0.2)
        h.view(len(h), -1)[:, 7:30].relu_()
        return h


@quirk("view-sees-the-change", "inplace", "view")
class ViewSeesTheChange(Quirk):
    """A view taken before the tensor below is rectified is rectified too; a clone is not."""

    def quirk(self, h):
        view, kept = h[:, :3], h[:, 3:].clone()
        h.relu_()
        return torch.cat((view, kept), dim=1)


@quirk("slices-assigned", "inplace", "setitem")
class SlicesAssigned(Quirk):
    """Values, constants and the tensor's own neighbours written over parts of it."""

    def quirk(self, h):
        g = torch.tanh(h)
        h[:, :2] = g[:, 1:3]
        h[:, 3] = 0.25
        h[..., 5:9] = g[..., :1]
        h[:, 4, ::2] *= 0.5
        h[:, :, 1:] -= 0.9 * h[:, :, :-1].clone()
        h[:, 5].zero_()
        h[:, [0, 2]] = h[:, [2, 0]] + 0.1
        return h


@quirk("collected-in-a-buffer", "inplace", "setitem")
class CollectedInBuffer(Quirk):
    """An empty tensor filled frame by frame, each frame seeing the last one."""

    def __init__(self):
        super().__init__()
        self.step = nn.Linear(CHANNELS, CHANNELS)

    def quirk(self, h):
        collected = h.new_zeros(len(h), FRAMES + 1, CHANNELS)
        for frame in range(FRAMES):
            last = collected[:, frame].clone()
            collected[:, frame + 1] = F.relu(self.step(last) + h[..., frame])
        return collected[:, 1:].transpose(1, 2)


@quirk("masked-fill", "inplace", "mask")
class MaskedFill(Quirk):
    def quirk(self, h):
        frames = torch.arange(FRAMES, device=h.device)
        h.masked_fill_(frames % 5 == 0, 0.3)
        h = h.masked_fill(h < -0.5, -0.5)
        h[h < -0.3] = -0.3
        weights = h.masked_fill(frames > 15, float("-inf")).softmax(dim=2)
        return h * weights


@quirk("scattered", "inplace", "setitem", "exotic")
class Scattered(Quirk):
    """Written to places named by indices."""

    def quirk(self, h):
        order = torch.tensor([3, 0, 5], device=h.device)
        h = h.index_add(1, order, h[:, :3].tanh())
        h = h.index_copy(1, order[:2], h[:, 4:] * 2)
        h = h.index_fill(2, order, 0.1)
        spread = torch.zeros_like(h)
        spread.scatter_(2, h.detach().topk(4, dim=2).indices, h[..., :4])
        spread.scatter_add_(1, torch.zeros_like(h, dtype=torch.long), h)
        spread[:, order, :] += h[:, :3]
        spread[:, 2].copy_(h[:, 1])
        return spread + h


@quirk("overwritten-input", "inplace", "frozen")
class OverwrittenInput(Quirk):
    """What a layer has read is overwritten: allowed, as frozen weights need it no more."""

    def __init__(self):
        super().__init__()
        self.second = nn.Linear(CHANNELS, CHANNELS)
        self.third = nn.Linear(CHANNELS, CHANNELS, bias=False)
        self.requires_grad_(False)

    def quirk(self, h):
        h = h.transpose(1, 2)
        g = self.second(h)
        h.mul_(0.5)
        g = g * self.second.bias + h
        n = self.third(g)
        g.sub_(0.3)
        doubled = n * 2 + g
        n.zero_()
        return (doubled + n).transpose(1, 2)


@quirk("dropouts", "inplace")
class Dropouts(Quirk):
    """Every kind, all of them idle in eval mode."""

    def __init__(self):
        super().__init__()
        self.drops = nn.Sequential(
            nn.Dropout(0.5), nn.Dropout(0.5, inplace=True), nn.AlphaDropout(0.2), nn.Dropout1d(0.5)
        )

    def quirk(self, h):
        h = self.drops(h).relu()
        return F.dropout(h, 0.3, training=self.training, inplace=True)


@quirk("shape-changed-in-place", "inplace", "view")
class ShapeChangedInPlace(Quirk):
    def quirk(self, h):
        h = h.clone()
        h.unsqueeze_(1)
        h.transpose_(2, 3)
        h = h + 0.1
        h.squeeze_(1)
        return h.transpose(1, 2)
