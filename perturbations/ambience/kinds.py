"""Which background noises there are, and how one is made at the length and rate wanted."""

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.errors import CorruptionError
from perturbations.registry import Registry
from perturbations.waveform import resample

RATE = 16_000
SPARE = 256

Ambience = Callable[[int, np.random.Generator], Float[Tensor, "time"]]
ambiences: Registry[Ambience] = Registry(
    "ambience",
    "xaudio.ambiences",
    (
        "perturbations.ambience.people",
        "perturbations.ambience.places",
        "perturbations.ambience.weather",
    ),
    CorruptionError,
)


def synthesise(
    name: str, length: int, sample_rate: int, generator: np.random.Generator
) -> Float[Tensor, "length"]:
    """Background noise of a registered kind, with an RMS of one.

    Args:
        name: One of ``ambiences.names()``.
        length: Samples wanted.
        sample_rate: In hertz.
        generator: Where all the chance in it comes from.
    """
    make = ambiences.get(name)
    noise = make(math.ceil(length * RATE / sample_rate) + SPARE, generator)
    return unit(resample(noise[None], RATE, sample_rate)[0, :length])


def slow_walk(
    length: int, turns_per_second: float, generator: np.random.Generator, step: int = 1
) -> Float[Tensor, "{length}"]:
    """A smooth random curve of about unit variance that turns so many times a second.

    Args:
        length: Points wanted.
        turns_per_second: How often a new random value is headed for.
        generator: Where the values come from.
        step: Samples (at 16 kHz) from one point to the next.
    """
    at = np.arange(length) * (step / RATE * turns_per_second)
    knots = generator.standard_normal(math.ceil(at[-1]) + 2)
    return torch.from_numpy(np.interp(at, np.arange(len(knots)), knots).astype(np.float32))


def unit(sound: Float[Tensor, "time"]) -> Float[Tensor, "time"]:
    """The sound with an RMS of one."""
    return sound / sound.square().mean().sqrt()
