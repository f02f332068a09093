"""How good it sounds and how well it is understood, by published measures, where installed."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from perturbations.waveform import resample

PESQ_RATE = 16_000
LOWEST_STOI_RATE = 10_000
LONGEST_PESQ_SECONDS = 20.0
STOI_OF_TOO_LITTLE = 1e-5  # what pystoi answers, beside a warning


def pesq_score(
    clean: Float[ndarray, " time"], result: Float[ndarray, " time"], sample_rate: int
) -> float | None:
    """Wide-band PESQ (ITU-T P.862.2) at 16 kHz, about 1 (bad) to 4.64 (the same).

    Returns:
        None without the package `pesq`, below 16 kHz, where PESQ finds no speech, and beyond 20 s,
        for which it is not made.
    """
    seconds = len(clean) / sample_rate
    if find_spec("pesq") is None or sample_rate < PESQ_RATE or seconds > LONGEST_PESQ_SECONDS:
        return None
    from pesq import PesqError, pesq

    pair = [_at(each, sample_rate, PESQ_RATE) for each in (clean, result)]
    if not all(each.any() for each in pair):
        return None
    with without_warnings():
        score = float(pesq(PESQ_RATE, *pair, "wb", on_error=PesqError.RETURN_VALUES))
    return score if math.isfinite(score) and score >= 0 else None


def stoi_score(
    clean: Float[ndarray, " time"], result: Float[ndarray, " time"], sample_rate: int
) -> float | None:
    """Short-time objective intelligibility (Taal et al. 2011), at 10 kHz, at most 1.

    Returns:
        None without the package `pystoi`, below 10 kHz, and where less than 0.4 s of speech is
        left to judge.
    """
    if find_spec("pystoi") is None or sample_rate < LOWEST_STOI_RATE:
        return None
    from pystoi import stoi

    pair = [_at(each, sample_rate, LOWEST_STOI_RATE) for each in (clean, result)]
    if not all(each.any() for each in pair):
        return None
    try:
        with without_warnings():
            score = float(stoi(*pair, LOWEST_STOI_RATE))
    except ValueError:
        return None
    return score if math.isfinite(score) and score != STOI_OF_TOO_LITTLE else None


@contextmanager
def without_warnings() -> Iterator[None]:
    """Numerical warnings of the packages, whose answers are looked at instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _at(samples: Float[ndarray, " time"], sample_rate: int, wanted: int) -> Float[ndarray, " new"]:
    waveform = torch.from_numpy(samples.astype(np.float32))[None]
    return resample(waveform, sample_rate, wanted)[0].numpy()
