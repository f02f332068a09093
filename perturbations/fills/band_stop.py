"""The clip itself without the telephone band."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.errors import CorruptionError
from perturbations.fills.registry import Stretch, check_fill, fills
from perturbations.filters import fast_length

LOW_HZ, HIGH_HZ = 300.0, 3400.0
HIGHEST_SHARE_OF_NYQUIST = 0.95
STEEPNESS_HZ = 100.0
ATTENUATION_DB = 60.0


@fills.register("band-stop")
def band_stop(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
) -> Float[Tensor, "batch time"]:
    """The clip without 300 to 3400 Hz, the band of the telephone.

    A filter of linear phase and no delay: 60 dB down in the band, untouched outside it, 100 Hz from
    the one to the other. At low sample rates the band ends at 0.95 of half the rate.

    Raises:
        CorruptionError: At this sample rate there is nothing above 300 Hz.
    """
    check_fill(waveform, sample_rate, keys, stretches)
    high = min(HIGH_HZ, HIGHEST_SHARE_OF_NYQUIST * sample_rate / 2)
    if high < LOW_HZ + STEEPNESS_HZ:
        raise CorruptionError(
            f"The sample rate is {sample_rate} Hz; 'band-stop' takes away {LOW_HZ:g} Hz and more, "
            "which is not there. Take another fill, or clips at a higher rate."
        )
    taps = band_stop_taps(LOW_HZ, high, sample_rate).to(waveform)
    size = fast_length(waveform.shape[1] + len(taps) - 1)
    spectrum = torch.fft.rfft(waveform, n=size) * torch.fft.rfft(taps, n=size)
    delay = len(taps) // 2
    return torch.fft.irfft(spectrum, n=size)[:, delay : delay + waveform.shape[1]]


def band_stop_taps(low_hz: float, high_hz: float, sample_rate: int) -> Float[Tensor, " taps"]:
    """An odd number of symmetric taps (float64): a sinc under a Kaiser window."""
    from scipy.signal import firwin, kaiserord

    count, beta = kaiserord(ATTENUATION_DB, STEEPNESS_HZ / (sample_rate / 2))
    edges = (low_hz, high_hz)
    taps = firwin(count | 1, edges, window=("kaiser", beta), pass_zero="bandstop", fs=sample_rate)
    return torch.from_numpy(taps)
