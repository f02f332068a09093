"""Winners, chosen elements, moved elements: operations that only pick or arrange."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.quirks import CHANNELS, FRAMES, Quirk, quirk


@quirk("gather-topk")
class GatherTopK(Quirk):
    """The best frames by one channel's score, gathered; the best values of each channel."""

    def quirk(self, h):
        best = h[:, :1].topk(5, dim=2).indices
        chosen = h.gather(2, best.expand(-1, CHANNELS, -1))
        values, _ = torch.topk(h, 5, dim=2)
        ordered, order = h.sort(dim=2, descending=True)
        along = torch.take_along_dim(h, order[:, :, -5:], dim=2)
        return chosen + values + ordered[..., 5:10] + along


@quirk("indexed")
class Indexed(Quirk):
    """Lists, tensors, masks, steps, ellipses and None between the brackets."""

    def quirk(self, h):
        even = torch.arange(FRAMES, device=h.device) % 2 == 0
        picked = h[..., even]
        listed = h[:, :, [0, 0, 3, 5, 7, 11, 13, 17, 18, 19]]
        selected = h.index_select(2, torch.arange(10, device=h.device))
        paired = h[:, torch.arange(CHANNELS), torch.arange(CHANNELS)][..., None]
        strongest = h.detach().square().sum(dim=1).argmax(dim=1)
        frame = h[torch.arange(len(h)), :, strongest][:, :, None]
        return picked + listed + selected + paired + frame + h[:, :, ::2] + h[:, -1:, :10]


@quirk("maxima")
class Maxima(Quirk):
    def quirk(self, h):
        g = h.flip(2) * 1.1
        larger = torch.max(h, g) + torch.maximum(h, 0.5 * g) + h.max(g.tanh())
        smaller = torch.min(h, g) + torch.minimum(h, 0.3 * g) + torch.fmax(h, g)
        over_time, _ = h.max(dim=2, keepdim=True)
        by_channel = h.max(1, keepdim=True).values + h.amin(dim=1, keepdim=True)
        return larger + smaller + over_time + by_channel + h.amax((1, 2), keepdim=True)


@quirk("ranks", "exotic")
class Ranks(Quirk):
    """The middle one, the third one, the largest one so far."""

    def quirk(self, h):
        middle = h.median(dim=2, keepdim=True).values + h.kthvalue(3, dim=2, keepdim=True)[0]
        return middle + h.cummax(dim=2).values


@quirk("clamp-where")
class ClampWhere(Quirk):
    def quirk(self, h):
        g = torch.where(h > 0, h, 0.1 * h.flip(2))
        g = g + torch.where(h.abs() < 0.2, torch.zeros_like(h), h)
        g = g + h.where(h > -0.2, torch.tensor(-0.2, dtype=h.dtype, device=h.device))
        g = g + h.clamp(-0.3, 0.4) + torch.clamp(h, min=-0.1) + h.clip(max=h.mean(2, keepdim=True))
        g = g + F.threshold(h, 0.1, 0.05) + F.hardshrink(h, 0.2) + F.softshrink(h, 0.1)
        return g + torch.nan_to_num(h)


@quirk("cat-chunk-split-stack")
class CatChunkSplitStack(Quirk):
    def quirk(self, h):
        a, b, c = h.chunk(3, dim=1)
        d, e = torch.split(h, [2, 4], dim=1)
        stacked = torch.stack([a, b.relu(), c.tanh()], dim=1).sum(dim=1)
        frames = torch.stack(h.unbind(dim=2)[::-1], dim=2)
        halves = torch.cat(h.tensor_split(2, dim=2)[::-1], dim=-1)
        joined = torch.cat((d, e[:, :2], stacked), dim=1)
        first, *rest = h.split(2, dim=1)
        return (
            torch.concat([joined[:, 1:], first[:, :1]], 1)
            + frames
            + halves
            + torch.hstack([rest[1], rest[0], first])
        )


@quirk("moved", "view")
class Moved(Quirk):
    """Rolled, flipped, repeated, folded, padded in every way."""

    def quirk(self, h):
        g = h.roll(2, dims=2) + torch.flip(h, [1]) + h.movedim(1, 2).swapaxes(1, 2)
        g = g + h.reshape(len(h), 2, 3, -1).permute(0, 2, 1, 3).flatten(1, 2)
        g = g + h.unflatten(2, (4, 5)).transpose(2, 3).contiguous().view_as(h)
        g = g + h[:, :, :10].repeat_interleave(2, dim=2) + h[:, :2].repeat(1, 3, 1)
        g = g + h.mean(2, keepdim=True).expand_as(h) + h.narrow(2, 0, 5).tile(1, 1, 4)
        g = g + h.as_strided(h.size(), h.stride()) + torch.ravel(h).reshape(h.shape)
        g = g + F.pad(h, (2, -2)) + F.pad(h[..., 2:], (1, 1), mode="reflect")
        g = g + F.pad(h[..., 2:], (2, 0), mode="replicate") + F.pad(h[..., 1:], (1, 0), value=0.3)
        g = g + F.pad(h[..., :-3], (0, 3), mode="circular")
        return g + h.squeeze().unsqueeze(0).reshape(h.shape) + h.mT.mT.clone().type_as(h)


@quirk("overlapping-frames", "view", "exotic")
class OverlappingFrames(Quirk):
    """Cut into overlapping pieces and put together again; resampled in time."""

    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(8))

    def quirk(self, h):
        pieces = h.unfold(2, 8, 4) * self.window
        columns = F.unfold(h.unsqueeze(2), (1, 8), stride=(1, 4))
        again = F.fold(columns * 0.5, (1, FRAMES), (1, 8), stride=(1, 4)).squeeze(2)
        stretched = F.interpolate(pieces.sum(dim=2), FRAMES, mode="linear", align_corners=False)
        nearest = F.interpolate(pieces.mean(dim=3), size=FRAMES)
        return (
            again
            + stretched
            + nearest
            + h.cumsum(dim=2) / FRAMES
            + h.diff(dim=2, prepend=h[..., :1])
        )


@quirk("poolings")
class Poolings(Quirk):
    def quirk(self, h):
        halves = [
            F.max_pool1d(h, 3, 2, padding=1),
            F.avg_pool1d(h, 3, 2, padding=1),
            F.avg_pool1d(h, 3, 2, padding=1, count_include_pad=False),
            F.max_pool1d(h, 2, 2, dilation=1, ceil_mode=True),
            F.adaptive_max_pool1d(h, 10),
            F.adaptive_avg_pool1d(h, 10),
            F.max_pool2d(h, (1, 2)),
            F.avg_pool2d(h[:, None], (3, 2), (1, 2), padding=(1, 0))[:, 0],
            F.max_pool1d(h, 2, return_indices=True)[0],
            F.adaptive_avg_pool2d(h, (CHANNELS, 10)),
            F.lp_pool1d(h.relu() + 0.1, 2, 2),
        ]
        return torch.stack(halves, dim=0).sum(dim=0)


@quirk("valid-frames-mean", "mask")
class ValidFramesMean(Quirk):
    """The mean of the frames before the padding, and the deviation of all of them."""

    def __init__(self):
        super().__init__(2 * CHANNELS)

    def forward(self, waveform):
        h = self.conv(waveform.unsqueeze(1)).relu()
        valid = (torch.arange(FRAMES, device=h.device) < 15).to(h.dtype)
        mean = (h * valid).sum(dim=2) / valid.sum()
        return self.head(torch.cat([mean, h.std(dim=2)], dim=1))


@quirk("evidence-pooled")
class EvidencePooled(Quirk):
    """Frames judged one by one; the clip's logit is a log-mean-exp of theirs."""

    def forward(self, waveform):
        evidence = self.head(self.conv(waveform.unsqueeze(1)).transpose(1, 2))
        return torch.logsumexp(4 * evidence, dim=1) / 4


@quirk("reused-modules")
class ReusedModules(Quirk):
    """One convolution, one norm and one activation, each called three times in one forward."""

    def __init__(self):
        super().__init__()
        self.again = nn.Conv1d(CHANNELS, CHANNELS, 3, padding=1)
        self.norm = nn.BatchNorm1d(CHANNELS)
        self.relu = nn.ReLU()

    def quirk(self, h):
        for _ in range(3):
            h = self.relu(self.norm(self.again(h))) + h
        return h


@quirk("dead-branches")
class DeadBranches(Quirk):
    """Computed and thrown away, or cut from the graph: nothing of it reaches the logits' path."""

    def __init__(self):
        super().__init__()
        self.unused = nn.LSTM(FRAMES, 3)
        self.norm = nn.BatchNorm1d(CHANNELS)
        self.gate = nn.Conv1d(CHANNELS, CHANNELS, 1)

    def quirk(self, h):
        self.norm(h).erfinv()
        self.unused(h)
        with torch.no_grad():
            scale = 1.0 + self.gate(h).sigmoid()
        steady = torch.special.bessel_j0(h.detach())
        finite = int(h[0, 0].isfinite().sum())
        return (h * scale + steady)[..., :finite]
