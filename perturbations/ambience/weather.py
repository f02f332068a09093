"""Wind in a microphone, and rain around it. How they are made is ours."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.ambience.kinds import RATE, ambiences, slow_walk, unit
from perturbations.ambience.spectra import (
    HOP,
    frame_count,
    frequencies,
    noise_bins,
    resynthesise,
)

CALM_HZ, STORM_HZ = 40.0, 250.0
LOWEST_HZ = 20.0
DROPS_PER_SECOND = 60
DROP_SECONDS = 0.012
DROP_LOW_HZ, DROP_HIGH_HZ = 800.0, 5_000.0


@ambiences.register("wind")
def wind(length: int, generator: np.random.Generator) -> Float[Tensor, "{length}"]:
    """Gusts: turbulence that is louder and reaches higher the harder it blows.

    Above a corner of 40 Hz (calm) to 250 Hz (gust) it falls by 12 dB an octave: nearly all of wind
    noise lies below 500 Hz.
    """
    frames = frame_count(length)
    gusts = slow_walk(frames, 0.6, generator, step=HOP)
    flutter = slow_walk(frames, 6.0, generator, step=HOP)
    force = torch.sigmoid(1.5 * gusts + 0.5 * flutter)[:, None]
    corner = CALM_HZ * (STORM_HZ / CALM_HZ) ** force
    audible = (frequencies() / LOWEST_HZ).clamp(max=1.0)
    turbulence = audible * force.square() / (1 + (frequencies() / corner).square())
    return resynthesise(noise_bins(frames, generator) * turbulence, length)


@ambiences.register("rain")
def rain(length: int, generator: np.random.Generator) -> Float[Tensor, "{length}"]:
    """A hiss of drops beyond number, which swells a little, and those near by, one by one."""
    frames = frame_count(length)
    swell = 10 ** (0.1 * slow_walk(frames, 1.0, generator, step=HOP))
    far = noise_bins(frames, generator) * rain_spectrum(frequencies()) * swell[:, None]
    return unit(resynthesise(far, length)) + drops(length, generator)


def rain_spectrum(hertz: Float[Tensor, "frequency"]) -> Float[Tensor, "frequency"]:
    """A broad hiss that rises to 2 kHz and falls slowly above."""
    return (hertz / 2_000).clamp(max=1.0) / (1 + (hertz / 6_000) ** 2).sqrt()


def drops(length: int, generator: np.random.Generator) -> Float[Tensor, "{length}"]:
    """Some sixty drops a second at random instants, each a short ring of its own pitch and level.

    The levels are log-normal: most drops are lost in the hiss, a few stand out.
    """
    size = round(DROP_SECONDS * RATE)
    count = int(generator.poisson(DROPS_PER_SECOND * (length + size) / RATE))
    starts = generator.integers(0, length + size, count)
    pitches = generator.uniform(np.log(DROP_LOW_HZ), np.log(DROP_HIGH_HZ), count)
    levels = generator.lognormal(0, 0.7, count)
    seconds = np.arange(size) / RATE
    ring = np.sin(2 * np.pi * np.exp(pitches)[:, None] * seconds)
    rings = levels[:, None] * ring * np.exp(-6 * seconds / DROP_SECONDS)
    sound = np.zeros(length + 2 * size, dtype=np.float32)
    for start, drop in zip(starts.tolist(), rings, strict=True):
        sound[start : start + size] += drop
    return torch.from_numpy(sound[size : size + length])
