"""What a click sounds like somewhere: put together, recorded or synthesised, and measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.convolution import at_level_of, convolve
from perturbations.errors import CorruptionError
from perturbations.waveform import resample

BETWEEN_SAMPLES = 20
"""Samples that an impulse between two samples rings on either side, under a Hann window."""

DIRECT_SECONDS = 0.0025
"""How far around its largest sample a recorded response counts as direct sound."""

LOWEST_HZ = 20.0
SIXTY_DB = 6 * float(np.log(10))
KEPT_RECORDINGS = 64


@dataclass(frozen=True, eq=False)
class Response:
    """An impulse response.

    Attributes:
        samples: What is heard; not empty.
        lead: The sample at which the direct sound arrives: time zero.
    """

    samples: Float[np.ndarray, " taps"]
    lead: int


def reverberate(
    waveform: Float[Tensor, "batch time"], responses: Sequence[Response]
) -> Float[Tensor, "batch time"]:
    """Each clip through its response, at the level (RMS) it had, the direct sound in its place."""
    lead = max(response.lead for response in responses)
    taps = max(lead - response.lead + len(response.samples) for response in responses)
    stacked = np.zeros((len(responses), taps), np.float32)
    for row, response in zip(stacked, responses, strict=True):
        begin = lead - response.lead
        row[begin : begin + len(response.samples)] = response.samples
    return at_level_of(convolve(waveform, torch.from_numpy(stacked), lead), waveform)


def place_impulses(
    delays: Float[np.ndarray, " impulses"], amplitudes: Float[np.ndarray, " impulses"], length: int
) -> Response:
    """Impulses at any instants, also between two samples (a sinc under a Hann window).

    Args:
        delays: In samples, zero or more; an impulse at or beyond `length` is left out.
        amplitudes: One each.
        length: Samples from time zero on.
    """
    there = delays < length
    delays, amplitudes = delays[there], amplitudes[there]
    whole = np.floor(delays).astype(np.int64)
    offsets = np.arange(1 - BETWEEN_SAMPLES, BETWEEN_SAMPLES + 1)
    away = offsets - (delays - whole)[:, None]
    window = 0.5 + 0.5 * np.cos(np.pi * away / (BETWEEN_SAMPLES + 1))
    weights = amplitudes[:, None] * np.sinc(away) * window
    places = whole[:, None] + offsets + BETWEEN_SAMPLES
    total = length + 2 * BETWEEN_SAMPLES
    placed = np.bincount(places.ravel(), weights.ravel(), minlength=total)
    return Response(placed[: length + BETWEEN_SAMPLES], BETWEEN_SAMPLES)


def decaying_noise(
    random: np.random.Generator, rt60_seconds: float, sample_rate: int, length: int
) -> Float[np.ndarray, "{length}"]:
    """`length` samples of Gaussian noise of power one that falls by 60 dB in `rt60_seconds`."""
    decay = np.exp(-SIXTY_DB / 2 / rt60_seconds / sample_rate * np.arange(length))
    return decay * random.standard_normal(length)


def with_direct_sound(response: Response) -> Response:
    """The same response with one more impulse, of height one, at time zero."""
    samples = response.samples.copy()
    samples[response.lead] += 1
    return Response(samples, response.lead)


def without_lows(response: Response, sample_rate: int) -> Response:
    """The same response without what is below 20 Hz (Butterworth, order 2)."""
    from scipy.signal import butter, sosfilt

    sections = butter(2, LOWEST_HZ, "highpass", fs=sample_rate, output="sos")
    return Response(sosfilt(sections, response.samples), response.lead)


def reverberation_seconds(response: Response, sample_rate: int) -> float:
    """RT60 by Schroeder's backward integration (JASA 37, 1965).

    A line is fitted to the decay from -5 to -35 dB (T30, ISO 3382) and drawn on to -60 dB.

    Returns:
        Seconds from the direct sound on; 0 where nothing rings, so that there is no decay to fit.
    """
    energy = np.square(response.samples[response.lead :].astype(np.float64))
    left = np.cumsum(energy[::-1])[::-1]
    decay = 10 * np.log10(np.maximum(left / left[0], 1e-12))
    fitted = np.flatnonzero((decay <= -5) & (decay >= -35))
    if len(fitted) < 2:
        return 0.0
    instants = (fitted - fitted.mean()) / sample_rate
    return float(-60 * (instants @ instants) / (instants @ decay[fitted]))


def split(response: Response, sample_rate: int) -> tuple[Response, Response]:
    """The direct sound (up to 2.5 ms from the largest sample) and what follows it."""
    end = response.lead + round(DIRECT_SECONDS * sample_rate) + 1
    follows = np.arange(len(response.samples)) >= end
    return (
        Response(np.where(follows, 0, response.samples), response.lead),
        Response(np.where(follows, response.samples, 0), response.lead),
    )


def direct_to_reverberant_db(response: Response, sample_rate: int) -> float:
    """Energy of the direct sound over that of what follows it, in dB."""
    direct, rest = (np.square(part.samples).sum() for part in split(response, sample_rate))
    return float(10 * np.log10(direct / rest))


def with_direct_to_reverberant(response: Response, sample_rate: int, ratio_db: float) -> Response:
    """The same response with what follows the direct sound so much louder or softer.

    Raises:
        CorruptionError: Nothing follows the direct sound.
    """
    direct, rest = split(response, sample_rate)
    if not rest.samples.any():
        raise CorruptionError(
            "An impulse response ends with its direct sound: there is no reverberation in it to "
            "turn up or down. Take it out of the folder."
        )
    gain = 10 ** ((direct_to_reverberant_db(response, sample_rate) - ratio_db) / 20)
    return Response(direct.samples + gain * rest.samples, response.lead)


def modified(file: Path) -> int:
    """When a file was last changed, in nanoseconds; what was read of it holds no longer.

    Raises:
        CorruptionError: It is gone.
    """
    try:
        return file.stat().st_mtime_ns
    except OSError as fault:
        raise CorruptionError(f"'{file}' cannot be read: {fault}") from fault


@lru_cache(maxsize=KEPT_RECORDINGS)
def recorded_response(file: Path, modified_ns: int, sample_rate: int) -> Response:  # noqa: ARG001
    """A recording of an impulse response (its first channel) at another rate.

    It begins 2.5 ms before its largest sample, which is made one: the direct sound comes neither
    late nor upside down.

    Raises:
        CorruptionError: It cannot be read or is silent.
    """
    import soundfile

    try:
        samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as fault:
        raise CorruptionError(f"'{file}' cannot be read as audio: {fault}") from fault
    if not len(samples) or not np.isfinite(samples).all() or not samples[:, 0].any():
        raise CorruptionError(f"'{file}' is no impulse response: silent, empty or not finite.")
    first = torch.from_numpy(samples[:, 0].copy())[None]
    resampled = resample(first, rate, sample_rate)[0].double().numpy()
    largest = int(np.abs(resampled).argmax())
    begin = max(0, largest - round(DIRECT_SECONDS * sample_rate))
    return Response(resampled[begin:] / resampled[largest], largest - begin)
