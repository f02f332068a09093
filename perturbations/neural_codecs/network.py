"""A small neural codec: spectral features, residual vector quantisation, a Fourier head."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from perturbations.neural_codecs.quantiser import ResidualQuantiser

FAINTEST = 1e-3
COMPRESSION = 0.3
LARGEST_LEVEL = 5.0


@dataclass(frozen=True)
class NetworkSettings:
    """The size of a `CodecNetwork`.

    Attributes:
        sample_rate: In hertz.
        hop: Samples per frame; a frame looks at two hops.
        bands: Of the mel spectrum that the encoder sees.
        bins: Lowest bins of the spectrum that it sees with their phase.
        width: Channels of every block.
        encoder_blocks: ConvNeXt blocks before the quantiser.
        decoder_blocks: ConvNeXt blocks after it.
        latent: Components of the vector that is quantised.
        codebooks: How many there are.
        entries: Of each codebook; a power of two.
    """

    sample_rate: int = 16_000
    hop: int = 320
    bands: int = 64
    bins: int = 80
    width: int = 96
    encoder_blocks: int = 2
    decoder_blocks: int = 3
    latent: int = 24
    codebooks: int = 8
    entries: int = 512

    @property
    def bits(self) -> int:
        """Bits of one index."""
        return (self.entries - 1).bit_length()

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop


class Features(nn.Module):
    """What the encoder sees of each frame: log mel spectrum, and the lowest bins with their phase.

    These bins are compressed, ``|X|^0.3 e^(i phase)``, so that faint ones count too.

    Learning to hear from raw samples, as the published codecs do, takes days; seeing a spectrum
    takes minutes.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, settings: NetworkSettings):
        super().__init__()
        self.hop, self.bins = settings.hop, settings.bins
        filters = mel_triangles(2 * settings.hop, settings.bands, settings.sample_rate)
        self.register_buffer("window", torch.hann_window(2 * settings.hop), persistent=False)
        self.register_buffer("filters", filters, persistent=False)
        self.mixed = nn.Linear(settings.bands + 2 * settings.bins, settings.width)

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch width frame"]:
        """One frame per hop, centred on it."""
        early = self.hop // 2
        padded = F.pad(waveform, (early, self.hop - early))
        pieces = padded.unfold(1, 2 * self.hop, self.hop) * self.window
        spectrum = torch.fft.rfft(pieces, norm="ortho")
        level = spectrum.abs().clamp(min=FAINTEST)
        bands = (level @ self.filters).log() / 2
        lowest = (spectrum * level ** (COMPRESSION - 1))[..., : self.bins]
        seen = torch.cat([bands, lowest.real, lowest.imag], dim=-1)
        return self.mixed(seen).transpose(1, 2)


def mel_triangles(size: int, bands: int, sample_rate: int) -> Float[Tensor, "bin {bands}"]:
    """Triangles of height one, evenly spaced in mel (O'Shaughnessy 1987) from 0 Hz to Nyquist.

    Args:
        size: Samples of the transform; there are half as many bins and one.
        bands: How many triangles.
        sample_rate: In hertz.
    """
    highest = 2595 * torch.tensor(1 + sample_rate / 1400, dtype=torch.float64).log10()
    mels = torch.linspace(0, float(highest), bands + 2, dtype=torch.float64)
    edges = 700 * (10 ** (mels / 2595) - 1)
    bins = torch.linspace(0, sample_rate / 2, size // 2 + 1, dtype=torch.float64)[:, None]
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return torch.minimum(rise, fall).clamp(min=0).float()


class Block(nn.Module):
    """A ConvNeXt block (Liu et al. 2022) over time: each channel by itself, then all together."""

    def __init__(self, channels: int):
        super().__init__()
        self.along = nn.Conv1d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 2 * channels)
        self.narrow = nn.Linear(2 * channels, channels)

    def forward(
        self, x: Float[Tensor, "batch channel frame"]
    ) -> Float[Tensor, "batch channel frame"]:
        """Add what the block finds."""
        found = self.norm(self.along(x).transpose(1, 2))
        return x + self.narrow(F.gelu(self.widen(found))).transpose(1, 2)


class FourierHead(nn.Module):
    """Frames of sound from their spectra, overlapped and added (after Vocos, Siuzdak 2023).

    Args:
        channels: Given per frame.
        hop: Samples per frame; what a frame sounds like is two hops long.
    """

    window: Tensor

    def __init__(self, channels: int, hop: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.spectrum = nn.Linear(channels, 2 * (hop + 1))
        self.register_buffer("window", torch.hann_window(2 * hop), persistent=False)

    def forward(self, x: Float[Tensor, "batch channel frame"]) -> Float[Tensor, "batch time"]:
        """Frame times hop samples."""
        level, phase = self.spectrum(self.norm(x.transpose(1, 2))).chunk(2, dim=-1)
        spectrum = torch.polar(level.clamp(max=LARGEST_LEVEL).exp(), phase)
        pieces = torch.fft.irfft(spectrum, norm="ortho") * self.window
        share = overlap_added(self.window.expand(1, x.shape[2], -1))
        return overlap_added(pieces) / share


def overlap_added(pieces: Float[Tensor, "batch frame span"]) -> Float[Tensor, "batch time"]:
    """Pieces of two hops, one hop apart, added; half a hop is cut off at either end."""
    frames, hop = pieces.shape[1], pieces.shape[2] // 2
    first, second = pieces.split(hop, dim=-1)
    added = F.pad(first, (0, 0, 0, 1)) + F.pad(second, (0, 0, 1, 0))
    return added.flatten(1)[:, hop // 2 : hop // 2 + frames * hop]


class CodecNetwork(nn.Module):
    """Encoder, residual quantiser and decoder, one latent vector per frame.

    The plan is SoundStream's (Zeghidour et al. 2021); frames instead of strided convolutions at
    both ends make it small and quick. Every frame is centred on the samples it stands for, so the
    codec is neither late nor early.
    """

    def __init__(self, settings: NetworkSettings):
        super().__init__()
        self.settings = settings
        self.encoder = nn.Sequential(
            Features(settings),
            *[Block(settings.width) for _ in range(settings.encoder_blocks)],
            nn.Conv1d(settings.width, settings.latent, 1),
        )
        self.quantiser = ResidualQuantiser(settings.codebooks, settings.entries, settings.latent)
        self.decoder = nn.Sequential(
            nn.Conv1d(settings.latent, settings.width, 3, padding=1),
            *[Block(settings.width) for _ in range(settings.decoder_blocks)],
            FourierHead(settings.width, settings.hop),
        )

    def encode(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch latent frame"]:
        """The latent vectors of whole frames; zeros fill the last."""
        missing = -waveform.shape[1] % self.settings.hop
        return self.encoder(F.pad(waveform, (0, missing)))

    def decode(self, latent: Float[Tensor, "batch latent frame"]) -> Float[Tensor, "batch time"]:
        """Frame times hop samples."""
        return self.decoder(latent)
