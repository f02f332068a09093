"""Differentiable front ends: from samples to what a network looks at, gradients included."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from xaudio.errors import ModelError


@dataclass(frozen=True)
class Framing:
    """How samples are cut into frames: all in samples, the window centred in the transform."""

    transform: int = 512
    window: int = 320
    hop: int = 160


def power_spectrogram(
    waveform: Float[Tensor, "batch time"], framing: Framing
) -> Float[Tensor, "batch bins frames"]:
    """Squared magnitude of the Hann-windowed short-time Fourier transform, frames centred.

    Frame `i` is centred on sample `i * hop`; the ends are zero-padded.
    """
    window = torch.hann_window(framing.window, device=waveform.device, dtype=waveform.dtype)
    spectrum = torch.stft(
        waveform,
        n_fft=framing.transform,
        hop_length=framing.hop,
        win_length=framing.window,
        window=window,
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    return spectrum.real**2 + spectrum.imag**2


def linear_filter_bank(
    bands: int, transform: int, sample_rate: int, low_hz: float = 0.0, high_hz: float | None = None
) -> Float[Tensor, "bands bins"]:
    """Triangles of equal width on a linear frequency axis, each of sum one.

    Raises:
        ModelError: The range does not lie within zero and half the sample rate.
    """
    high_hz = sample_rate / 2 if high_hz is None else high_hz
    if not 0 <= low_hz < high_hz <= sample_rate / 2:
        raise ModelError(
            f"A filter bank from {low_hz} to {high_hz} Hz does not fit below half the sample rate "
            f"of {sample_rate} Hz."
        )
    corners = torch.linspace(low_hz, high_hz, bands + 2, dtype=torch.float64)
    bins = torch.linspace(0, sample_rate / 2, transform // 2 + 1, dtype=torch.float64)
    spacing = corners[1] - corners[0]
    distance = (bins[None, :] - corners[1:-1, None]).abs() / spacing
    triangles = (1.0 - distance).clamp(min=0.0)
    return (triangles / triangles.sum(dim=1, keepdim=True).clamp(min=1e-12)).float()


def cosine_transform(coefficients: int, bands: int) -> Float[Tensor, "coefficients bands"]:
    """The first rows of the orthonormal discrete cosine transform of type II.

    Example:
        >>> matrix = cosine_transform(4, 4)
        >>> bool(torch.allclose(matrix @ matrix.T, torch.eye(4), atol=1e-6))
        True
    """
    rows = torch.arange(coefficients, dtype=torch.float64)[:, None]
    columns = torch.arange(bands, dtype=torch.float64)[None, :]
    matrix = torch.cos(math.pi * rows * (2 * columns + 1) / (2 * bands)) * math.sqrt(2 / bands)
    matrix[0] /= math.sqrt(2)
    return matrix.float()


class LinearFrequencyCepstrum(nn.Module):
    """LFCC: log energies of linear bands, their mean over time removed, then a cosine transform.

    Removing each band's mean makes the features blind to a constant colouring of the channel and to
    loudness. Source: Sahidullah, Kinnunen, Hanilçi, "A comparison of features for synthetic speech
    detection", Interspeech 2015.

    Args:
        sample_rate: Of the waveform, in Hz.
        bands: Triangular filters between 0 Hz and half the sample rate.
        coefficients: Rows of the cosine transform that are kept, at most `bands`.
        framing: Window and hop in samples.
        floor: Added to the energies before the logarithm (full scale is 1).
    """

    bank: Tensor
    cosines: Tensor

    def __init__(
        self,
        sample_rate: int = 16000,
        bands: int = 64,
        coefficients: int = 60,
        framing: Framing = Framing(),
        floor: float = 1e-8,
    ):
        super().__init__()
        self.framing = framing
        self.floor = floor
        bank = linear_filter_bank(bands, framing.transform, sample_rate)
        self.register_buffer("bank", bank, persistent=False)
        self.register_buffer("cosines", cosine_transform(coefficients, bands), persistent=False)

    def forward(
        self, waveform: Float[Tensor, "batch time"]
    ) -> Float[Tensor, "batch coefficients frames"]:
        """One column per hop, centred on multiples of the hop."""
        energies = self.bank @ power_spectrogram(waveform, self.framing)
        logarithms = torch.log(energies + self.floor)
        return self.cosines @ (logarithms - logarithms.mean(dim=-1, keepdim=True))
