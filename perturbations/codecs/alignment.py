"""Codecs come late and end late; this puts their signal back where it was, by measurement."""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.ambience import RATE, voices
from perturbations.codecs.coder import Coded, Coder
from perturbations.waveform import resample, within_full_scale

LARGEST_DELAY_SECONDS = 0.5
VOICE_SECONDS = 2


def in_place(coder: Coder, samples: Float[np.ndarray, " time"]) -> Coded:
    """Encoded and decoded, without the delay and as long as before, at the decoder's rate."""
    coded = coder.round_trip(samples)
    delay = measured_delay(coder)
    length = max(1, round(len(samples) * coded.sample_rate / coder.sample_rate))
    early = coded.samples[delay:] if delay >= 0 else np.pad(coded.samples, (-delay, 0))
    missing = length - len(early)
    whole = np.pad(early, (0, missing)) if missing > 0 else early[:length]
    return Coded(whole, coded.sample_rate, coded.bits)


@lru_cache(maxsize=1024)
def measured_delay(coder: Coder) -> int:
    """Samples, at the decoder's rate, by which a coder is late; negative where it is early.

    Measured where the cross-correlation of a synthesised voice with its coded self is highest.
    """
    voice = 0.1 * voices(1, VOICE_SECONDS * RATE, np.random.default_rng(0))
    given = within_full_scale(resample(voice, RATE, coder.sample_rate))
    coded = coder.round_trip(given[0].numpy())
    reference = resample(given, coder.sample_rate, coded.sample_rate)[0]
    return lag(reference, torch.from_numpy(coded.samples), coded.sample_rate)


def lag(reference: Float[Tensor, "time"], late: Float[Tensor, "later"], sample_rate: int) -> int:
    """Samples by which `late` follows `reference`, by cross-correlation, within half a second."""
    from scipy.fft import next_fast_len

    reach = round(LARGEST_DELAY_SECONDS * sample_rate)
    size = next_fast_len(max(len(reference), len(late)) + reach, real=True)
    spectra = torch.fft.rfft(late, n=size) * torch.fft.rfft(reference, n=size).conj()
    correlation = torch.fft.irfft(spectra, n=size)
    near = torch.cat([correlation[-reach:], correlation[: reach + 1]])
    return int(near.argmax()) - reach
