"""Clips through filters given as samples, by FFT and all at once."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

FAST_ROWS = 4
SOFTEST = 1e-30


def convolve(
    waveform: Float[Tensor, "batch time"], responses: Float[Tensor, "rows taps"], lead: int = 0
) -> Float[Tensor, "batch time"]:
    """Each clip through an impulse response; what rings on after the clip is cut.

    Overlap-save. A clip alone is cut into pieces, and a response alone goes twice: the FFT of one
    row takes longer than that of two.

    Args:
        waveform: ``[batch, time]``, on any device.
        responses: One per clip, or a single one for all.
        lead: The sample of the responses that is time zero, so that nothing comes late.
    """
    batch, length = waveform.shape
    heard = responses[:, : length + lead].to(waveform)
    before = heard.shape[1] - 1
    hop = -(-length // max(1, FAST_ROWS // batch))
    pieces = -(-length // hop)
    size = transform_length(hop + before)
    padded = pad(waveform, (before - lead, pieces * hop - length + lead))
    spectra = torch.fft.rfft(padded.unfold(1, hop + before, hop), n=size)
    filters = torch.fft.rfft(heard.expand(max(2, len(heard)), -1), n=size)[: len(heard)]
    through = torch.fft.irfft(spectra.mul_(filters[:, None]), n=size)
    return through[:, :, before : before + hop].reshape(batch, pieces * hop)[:, :length]


def transform_length(at_least: int) -> int:
    """The smallest even number from `at_least` on with no prime factor above five.

    Closer than `filters.fast_length`, whose next step may be a third further: a batch of long
    responses pays for every sample of it (32 clips of 4 s take 20 ms with that one, 11 with this).

    >>> transform_length(64_001)
    64800
    """
    best = 1 << max(1, (at_least - 1).bit_length())
    for fives in range(math.ceil(math.log(best, 5)) + 1):
        for threes in range(math.ceil(math.log(best, 3)) + 1):
            odd = 5**fives * 3**threes
            twos = max(1, (-(-at_least // odd) - 1).bit_length())
            best = min(best, odd << twos)
    return best


def at_level_of(
    waveform: Float[Tensor, "batch time"], original: Float[Tensor, "batch time"]
) -> Float[Tensor, "batch time"]:
    """`waveform` with each clip's RMS as in `original`; what is silent stays silent."""
    before, after = (
        torch.linalg.vector_norm(each, dim=1, keepdim=True) for each in (original, waveform)
    )
    return waveform * (before / after.clamp(min=SOFTEST))
