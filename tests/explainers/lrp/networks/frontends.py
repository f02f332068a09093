"""Front ends that the small networks share: sinc filters and log-mel spectrograms."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RATE = 16000


def mel_edges(count: int) -> Tensor:
    """Frequencies in Hz, evenly spaced on the mel scale from 0 Hz to Nyquist."""
    top = 2595 * math.log10(1 + RATE / 2 / 700)
    return 700 * (10 ** (torch.linspace(0, top, count) / 2595) - 1)


def low_pass(cutoffs: Tensor, taps: int) -> Tensor:
    """Ideal low passes cut to an odd number of taps; cutoffs in Hz, one row each."""
    steps = torch.arange(taps, dtype=cutoffs.dtype, device=cutoffs.device) - taps // 2
    widths = 2 * cutoffs[..., None] / RATE
    return widths * torch.sinc(widths * steps)


class FixedSinc(nn.Module):
    """Band passes written row by row into an empty bank at every call, as RawNet2's are."""

    def __init__(self, filters: int, taps: int):
        super().__init__()
        self.taps = taps
        self.register_buffer("edges", mel_edges(filters + 1))

    def forward(self, waveform):
        like = {"dtype": waveform.dtype, "device": waveform.device}
        window = torch.hamming_window(self.taps, periodic=False, **like)
        bank = torch.zeros(len(self.edges) - 1, self.taps, **like)
        for row in range(len(bank)):
            high = low_pass(self.edges[row + 1], self.taps)
            bank[row, :] = window * (high - low_pass(self.edges[row], self.taps))
        return F.conv1d(waveform[:, None], bank[:, None])


class LearnedSinc(nn.Module):
    """SincNet's: cutoffs are parameters, half of each filter is computed and mirrored."""

    def __init__(self, filters: int, taps: int):
        super().__init__()
        edges = mel_edges(filters + 1)
        self.low_hz = nn.Parameter(edges[:-1, None].clone())
        self.band_hz = nn.Parameter(edges.diff()[:, None])
        half = taps // 2
        steps = torch.arange(-half, 0, dtype=torch.float32)
        self.register_buffer("angles", 2 * math.pi * steps / RATE)
        self.register_buffer("window", torch.hamming_window(taps, periodic=False)[:half])

    def forward(self, waveform):
        low = 30 + torch.abs(self.low_hz)
        high = torch.clamp(low + torch.abs(self.band_hz), 30, RATE / 2)
        band = (high - low)[:, 0]
        left = (torch.sin(high * self.angles) - torch.sin(low * self.angles)) / (self.angles / 2)
        left = left * self.window
        bank = torch.cat([left, 2 * band[:, None], torch.flip(left, dims=[1])], dim=1)
        bank = bank / (2 * band[:, None])
        return F.conv1d(waveform[:, None], bank[:, None])


class LogMel(nn.Module):
    """[batch, time] to [batch, bands, frames]; the power in one of the three usual ways."""

    def __init__(self, power, bands: int = 16, transform: int = 128, hop: int = 64):
        super().__init__()
        self.power = power
        self.transform, self.hop = transform, hop
        self.register_buffer("window", torch.hann_window(transform))
        self.register_buffer("bank", _triangles(bands, transform))

    def forward(self, waveform):
        spectrum = torch.stft(
            waveform,
            self.transform,
            hop_length=self.hop,
            window=self.window,
            center=True,
            pad_mode="reflect",
            return_complex=True,
        )
        return torch.log(self.bank @ self.power(spectrum) + 1e-6)


def squared_magnitude(spectrum):
    return spectrum.abs() ** 2


def squared_parts(spectrum):
    return spectrum.real.square() + spectrum.imag.square()


def squared_pairs(spectrum):
    return torch.view_as_real(spectrum).pow(2).sum(-1)


def _triangles(bands: int, transform: int) -> Tensor:
    bins = torch.linspace(0, RATE / 2, transform // 2 + 1)
    edges = mel_edges(bands + 2)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    # The floor keeps narrow low bands from falling between two bins.
    return torch.minimum(rising, falling).clamp(min=0.02)
