"""Other people, near and far."""

import numpy as np
from jaxtyping import Float
from torch import Tensor

from perturbations.ambience.kinds import ambiences, slow_walk
from perturbations.ambience.spectra import (
    HOP,
    frame_count,
    frequencies,
    noise_bins,
    resynthesise,
)
from perturbations.ambience.voices import mixed_voices


@ambiences.register("babble")
def babble(length: int, generator: np.random.Generator) -> Float[Tensor, "{length}"]:
    """Six voices around a table, speaking at once."""
    gains = loudnesses(6, 6.0, generator)
    return resynthesise(mixed_voices(gains, frame_count(length), generator), length)


@ambiences.register("crowd")
def crowd(length: int, generator: np.random.Generator) -> Float[Tensor, "{length}"]:
    """A hall full of people: a few voices over a murmur with the spectrum of speech."""
    frames = frame_count(length)
    near = mixed_voices(loudnesses(4, 9.0, generator), frames, generator)
    swell = 10 ** (0.1 * slow_walk(frames, 2.0, generator, step=HOP))
    murmur = noise_bins(frames, generator) * speech_spectrum(frequencies()) * swell[:, None]
    ratio = near.abs().square().mean().sqrt() / murmur.abs().square().mean().sqrt()
    return resynthesise(near + ratio * murmur, length)


def speech_spectrum(hertz: Float[Tensor, "frequency"]) -> Float[Tensor, "frequency"]:
    """About the long-term spectrum of speech (Byrne et al. 1994): flat, then -9 dB an octave."""
    return (hertz / 100).clamp(max=1.0) / (1 + (hertz / 500) ** 2) ** 0.75


def loudnesses(count: int, spread_db: float, generator: np.random.Generator) -> list[float]:
    """Gains of `count` voices, within so many dB of each other."""
    return [10 ** (level / 20) for level in generator.uniform(-spread_db, 0, count).tolist()]
