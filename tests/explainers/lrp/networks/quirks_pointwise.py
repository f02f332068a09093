"""Activations, arithmetic, normalisations and transforms that the bigger networks leave out."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.explainers.lrp.networks.quirks import CHANNELS, FRAMES, Quirk, quirk


@quirk("activations")
class Activations(Quirk):
    """Each module that is zero at zero, once."""

    def __init__(self):
        super().__init__()
        self.activations = nn.ModuleList(
            [
                nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.PReLU(CHANNELS), nn.RReLU(),
                nn.ELU(), nn.CELU(0.7), nn.SELU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(),
                nn.Mish(), nn.Tanh(), nn.Hardtanh(-0.5, 0.5), nn.Hardswish(), nn.Softsign(),
                nn.Tanhshrink(), nn.Softshrink(0.1), nn.Hardshrink(0.1), nn.Identity(),
                nn.Threshold(0.1, 0.0),
            ]
        )  # fmt: skip

    def quirk(self, h):
        return torch.stack([one(h) for one in self.activations]).sum(dim=0)


@quirk("activations-with-offset", "exotic")
class ActivationsWithOffset(Quirk):
    """Those that are something at zero, where the signal goes through them and is no gate."""

    def quirk(self, h):
        g = torch.sigmoid(h) + h.sigmoid() + F.softplus(h) + F.logsigmoid(h) + F.hardsigmoid(h)
        return g + F.softmax(h, dim=1) + h.log_softmax(dim=2) + F.softmin(h, dim=1) + torch.exp(h)


@quirk("swish-by-hand", "exotic")
class SwishByHand(Quirk):
    """What is a fused activation elsewhere, written out of elementary operations."""

    def quirk(self, h):
        swish = h * torch.sigmoid(1.7 * h)
        gelu = 0.5 * h * (1.0 + torch.tanh(0.7978845608 * (h + 0.044715 * h.pow(3))))
        exact = h * 0.5 * (1.0 + torch.erf(h / 2**0.5))
        snake = h + torch.sin(2 * h).square() / 2
        return swish + gelu + exact + snake + h / (1 + torch.exp(-h)) + h / (1 + h.abs())


@quirk("arithmetic")
class Arithmetic(Quirk):
    """Sums and multiples, with numbers on either side and constants of every shape."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(CHANNELS, 1) + 0.5)
        self.shift = nn.Parameter(torch.randn(CHANNELS, 1))

    def quirk(self, h):
        g = (1 - h) + 2 * h - h / 3 + (-h) * 0.5 + h.neg().mul(0.1) + (+h)
        g = g + torch.sub(h, 0.3, alpha=2) + torch.rsub(h, 1) + torch.add(h, h.flip(2), alpha=0.4)
        g = g + h * self.scale + self.shift + torch.addcmul(self.shift, h, self.scale, value=0.5)
        g = g + torch.addcdiv(h, h.flip(1), self.scale + 1) + torch.true_divide(h, self.scale)
        return g + (h + h) + h * h.detach() + sum([h, 0.5 * h]) - h.sum(dim=1, keepdim=True) / 9


@quirk("powers-and-roots", "exotic")
class PowersAndRoots(Quirk):
    """Powers, roots, logarithms, quotients and lengths of the activations."""

    def quirk(self, h):
        positive = h.abs() + 0.2
        g = h**2 + h.square() * 0.5 + torch.pow(h, 3) + h * h + torch.square(h.relu())
        g = g + positive.sqrt() + positive**0.3 + positive.log1p() + torch.log10(positive)
        g = g + positive.rsqrt() * h + h * positive.reciprocal() + 0.1 / positive
        g = g + torch.hypot(h, h.roll(1, 2)) + torch.expm1(h * 0.1) + h.sin() + torch.sign(h) * h
        return g + h.norm(dim=1, keepdim=True) + torch.linalg.vector_norm(h, dim=1, keepdim=True)


@quirk("normalisations")
class Normalisations(Quirk):
    def __init__(self):
        super().__init__()
        c = CHANNELS
        self.over_channels = nn.LayerNorm(c)
        self.rms = nn.RMSNorm(c)
        self.chain = nn.Sequential(
            nn.GroupNorm(2, c), nn.Conv1d(c, c, 1), nn.GroupNorm(c, c), nn.Conv1d(c, c, 1),
            nn.InstanceNorm1d(c), nn.Conv1d(c, c, 1), nn.InstanceNorm1d(c, affine=True),
            nn.Conv1d(c, c, 1), nn.InstanceNorm1d(c, affine=True, track_running_stats=True),
            nn.LocalResponseNorm(3),
        )  # fmt: skip

    def quirk(self, h):
        frames = h.transpose(1, 2)
        g = self.chain(h) + (self.over_channels(frames) + self.rms(frames)).transpose(1, 2)
        g = g + F.normalize(h, dim=1) + F.layer_norm(h, h.shape[1:]) + F.rms_norm(h, (FRAMES,))
        return g + F.group_norm(h, 3) + F.instance_norm(h)


@quirk("standardised-by-hand")
class StandardisedByHand(Quirk):
    """Mean and deviation over time, written in the ways one meets."""

    def quirk(self, h):
        mean, std = h.mean(dim=2, keepdim=True), h.std(dim=2, keepdim=True)
        variance, centre = torch.var_mean(h, dim=2, keepdim=True, correction=0)
        deviation, _ = torch.std_mean(h, dim=1, keepdim=True)
        g = (h - mean) / (std + 1e-5) + (h - centre) * torch.rsqrt(variance + 1e-5)
        g = g + h / deviation.clamp(min=1e-3) + (h - mean) / torch.sqrt(h.var(2, keepdim=True))
        g = g + h / h.abs().amax(dim=2, keepdim=True) + h / (h.norm(dim=1, keepdim=True) + 1e-6)
        return g + h / h.square().mean(dim=1, keepdim=True).add(1e-6).sqrt()


@quirk("batch-norm-positions")
class BatchNormPositions(Quirk):
    """Before a convolution with padding, after a fork, twice over, by function, after linear."""

    def __init__(self):
        super().__init__()
        c = CHANNELS
        self.first, self.second, self.shared = (nn.BatchNorm1d(c) for _ in range(3))
        self.bare = nn.BatchNorm1d(c, affine=False)
        self.conv1 = nn.Conv1d(c, c, 3, padding=1, bias=False)
        self.conv2 = nn.Conv1d(c, c, 3, padding=1)
        self.linear = nn.Linear(c, c)
        self.after_linear = nn.BatchNorm1d(c, eps=1e-3)

    def quirk(self, h):
        h = F.relu(self.conv1(self.first(h)))
        forked = self.conv2(h)
        h = self.shared(self.second(forked)) + forked + self.shared(self.conv1(h))
        h = self.bare(F.relu(h))
        norm = self.second
        h = F.batch_norm(h, norm.running_mean, norm.running_var, norm.weight, norm.bias)
        summed = self.after_linear(self.linear(h.mean(dim=2)))
        return h + summed[..., None]


@quirk("transforms", "spectrogram", "exotic")
class Transforms(Quirk):
    """The clip's spectrum in one piece and in frames; real signals, complex values, back again."""

    def forward(self, waveform):
        spectrum = torch.fft.rfft(waveform, norm="ortho")
        again = torch.fft.irfft(spectrum * 0.8, n=waveform.size(1), norm="ortho")
        window = torch.hann_window(16, dtype=waveform.dtype, device=waveform.device)
        frames = torch.stft(waveform, 16, 8, window=window, return_complex=True)
        level = 10 * torch.log10(frames.abs().pow(2).clamp(min=1e-8))
        level = torch.maximum(level, level.amax(dim=(1, 2), keepdim=True) - 80.0)
        magnitude = torch.sqrt(frames.real**2 + frames.imag**2 + 1e-9)
        whole = torch.view_as_real(spectrum).square().sum(dim=-1) + spectrum.abs()
        scale = level.mean(dim=(1, 2)) / 40 + magnitude.mean(dim=(1, 2)) + whole.mean(dim=1)
        return self.head(self.conv((waveform + again)[:, None]).mean(dim=2) + scale[:, None])


@quirk("prepared-waveform")
class PreparedWaveform(Quirk):
    """What happens to the samples themselves: centred, scaled, pre-emphasised, framed."""

    def forward(self, waveform):
        x = waveform - waveform.mean(dim=1, keepdim=True)
        x = x / torch.sqrt(x.var(dim=1, keepdim=True) + 1e-7)
        x = torch.cat([x[:, :1], x[:, 1:] - 0.97 * x[:, :-1]], dim=1)
        x = F.pad(x.unsqueeze(1), (4, 4), mode="reflect").squeeze(1) * 2**-3
        return self.head(F.relu(self.conv(x.unsqueeze(1))).mean(dim=2))
