"""Taking parts of a clip away, stretches of time or patches of time and frequency.

Everything works on whole batches on the waveform's own device. A mask says what is taken away,
a fill (perturbations.fills) is a batch of clips that stand in for it, and nothing is ever moved in
time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from perturbations.errors import CorruptionError

SPECTRUM_SECONDS = 0.032
ROUNDING = 1e-9


def time_segments(
    length: int, sample_rate: int, seconds: float, hop: float | None = None
) -> list[tuple[int, int]]:
    """Windows that cover a clip, as (start, stop) in samples.

    Args:
        length: Samples in the clip.
        sample_rate: In hertz.
        seconds: Length of a window; the last one is shorter where it must be.
        hop: Seconds from one start to the next; `seconds`, side by side, if None.

    >>> time_segments(10, 10, seconds=0.4)
    [(0, 4), (4, 8), (8, 10)]
    >>> time_segments(10, 10, seconds=0.4, hop=0.3)
    [(0, 4), (3, 7), (6, 10)]
    """
    hop = seconds if hop is None else hop
    if length < 1 or not 0 < hop <= seconds:
        raise CorruptionError(
            f"Windows of {seconds} s every {hop} s over {length} samples do not cover a clip; "
            "give a clip of a sample or more, and 0 < hop <= seconds."
        )
    size, step = max(1, round(seconds * sample_rate)), max(1, round(hop * sample_rate))
    last = max(0, length - size)
    starts = range(0, last + step, step)
    return [(start, min(start + size, length)) for start in starts if start < length]


def fill_segments(
    waveform: Float[Tensor, "batch time"],
    masks: Bool[Tensor, "batch time"],
    fill: Float[Tensor, "batch time"],
) -> Float[Tensor, "batch time"]:
    """The clips with `fill` where `masks` are true, and untouched elsewhere, to the last bit."""
    return torch.where(masks, fill, waveform)


def cross_fade_segments(
    waveform: Float[Tensor, "batch time"],
    masks: Bool[Tensor, "batch time"],
    fill: Float[Tensor, "batch time"],
    joint: int,
) -> Float[Tensor, "batch time"]:
    """As `fill_segments`, with smooth joints of about `joint` samples next to every edge.

    What is masked is still filled entirely; the joints lie outside the mask.
    """
    if joint < 1:
        raise CorruptionError(f"A joint of {joint} samples is none; use fill_segments.")
    half = -(-joint // 2)
    widened = F.max_pool1d(masks.to(waveform.dtype), 2 * half + 1, stride=1, padding=half)
    bell = torch.hann_window(2 * half + 3, periodic=False)[1:-1].to(waveform)
    padded = F.pad(widened[:, None], (half, half), mode="replicate")
    share = F.conv1d(padded, (bell / bell.sum())[None, None])[:, 0]
    return torch.where(masks, fill, waveform + share * (fill - waveform))


@dataclass(frozen=True)
class Patch:
    """A rectangle of time and frequency: seconds `start` to `end`, hertz `low` to `high`."""

    start: float
    end: float
    low: float
    high: float


def mel_band_edges(count: int, low_hz: float, high_hz: float) -> list[float]:
    """Edges of `count` bands equally wide in mel (O'Shaughnessy 1987).

    >>> [round(edge) for edge in mel_band_edges(3, 0.0, 8000.0)]
    [0, 921, 3056, 8000]
    """
    low, high = (2595 * math.log10(1 + hertz / 700) for hertz in (low_hz, high_hz))
    mels = [low + (high - low) * edge / count for edge in range(1, count)]
    return [low_hz, *(700 * (10 ** (mel / 2595) - 1) for mel in mels), high_hz]


@dataclass(frozen=True)
class SpectrumGrid:
    """A short-time Fourier transform with a Hann window, as patches are cut on.

    Attributes:
        sample_rate: In hertz.
        size: Window in samples, even.
        hop: Samples from one window to the next, a whole fraction of `size`.
    """

    sample_rate: int
    size: int
    hop: int

    @classmethod
    def at(cls, sample_rate: int, seconds: float = SPECTRUM_SECONDS) -> "SpectrumGrid":
        """Windows of about `seconds`, each a quarter after the last."""
        hop = max(2, round(seconds * sample_rate / 4))
        return cls(sample_rate, 4 * hop, hop)

    def transform(self, waveform: Float[Tensor, "batch time"]) -> Tensor:
        """Complex bins ``[batch, frequency, frame]``; frame i lies around sample i * hop."""
        return torch.stft(
            waveform,
            self.size,
            self.hop,
            window=self._window(waveform),
            pad_mode="constant",
            return_complex=True,
        )

    def inverse(self, bins: Tensor, length: int) -> Float[Tensor, "batch {length}"]:
        """The clips whose transform is nearest to `bins`."""
        window = self._window(bins.real)
        return torch.istft(bins, self.size, self.hop, window=window, length=length)

    def _window(self, like: Tensor) -> Tensor:
        return torch.hann_window(self.size, device=like.device, dtype=like.dtype)


def patch_masks(
    patches: Sequence[Patch], length: int, grid: SpectrumGrid, device: torch.device | str = "cpu"
) -> Bool[Tensor, "patch frequency frame"]:
    """One mask per patch: true for the bins and frames whose centres it holds.

    The highest band takes the Nyquist bin where it reaches it, and a patch takes the frame at the
    clip's end where it reaches the end, so that tiles leave nothing out.
    """
    in_band, in_time = patch_extents(patches, length, grid)
    return in_band.to(device)[:, :, None] & in_time.to(device)[:, None, :]


def patch_extents(
    patches: Sequence[Patch], length: int, grid: SpectrumGrid
) -> tuple[Bool[Tensor, "patch frequency"], Bool[Tensor, "patch frame"]]:
    """The bins and the frames of each patch, whose product is its mask; see `patch_masks`."""
    frame = torch.arange(length // grid.hop + 1, dtype=torch.float64) * grid.hop / grid.sample_rate
    hertz = torch.arange(grid.size // 2 + 1, dtype=torch.float64) * grid.sample_rate / grid.size
    nyquist, seconds = grid.sample_rate / 2, length / grid.sample_rate
    bounds = torch.tensor(
        [(patch.start, patch.end, patch.low, patch.high) for patch in patches], dtype=torch.float64
    ).reshape(-1, 4, 1)
    start, end, low, high = bounds.unbind(dim=1)
    in_time = (start <= frame) & ((frame < end) | (end >= seconds))
    in_band = (low <= hertz) & ((hertz < high) | (high >= nyquist))
    return in_band, in_time


def fill_patches(
    waveform: Float[Tensor, "batch time"],
    masks: Bool[Tensor, "batch frequency frame"],
    fill: Float[Tensor, "batch time"],
    grid: SpectrumGrid,
) -> Float[Tensor, "batch time"]:
    """The clips with `fill` in the masked part of their short-time spectrum.

    Only the masked difference goes through the transform: where nothing is masked the clip is
    untouched, and where all is masked it is `fill`.
    """
    difference = grid.transform(fill - waveform) * masks
    return waveform + grid.inverse(difference, waveform.shape[1])
