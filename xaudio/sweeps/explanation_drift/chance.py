"""What the measures say of relevance that knows nothing of the clip: two kinds of chance.

Both keep every other trait of the map they are made from: its values, or its spectrum.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from perturbations.corruption import Key, generator
from xaudio.sweeps.explanation_drift.carrying import CarriedBack
from xaudio.sweeps.explanation_drift.maps import RelevanceMaps

VERSION = 1

Change = Callable[[np.ndarray], np.ndarray]


def shuffled(maps: RelevanceMaps, clip: str) -> RelevanceMaps:
    """The same values on other cells of time: chance for a map without any smoothness.

    All bands are shuffled alike, so each cell keeps its spectrum.

    Args:
        maps: Of the corrupted clip.
        clip: Digest of the clip, which decides the order: it is the same under every condition.
    """

    def changed(relevance: Float[np.ndarray, "*rows cells"]) -> Float[np.ndarray, "*rows cells"]:
        order = generator("shuffled-relevance", VERSION, Key(clip)).permutation(relevance.shape[-1])
        return relevance[..., order]

    return _each(maps, changed)


def phase_randomised(maps: RelevanceMaps, clip: str) -> RelevanceMaps:
    """The same power spectrum over time, other phases: chance for a map just as smooth.

    Smooth maps agree by chance more often than shuffled ones, and their strongest cells lie
    together. Surrogates of Theiler et al., Physica D 58, 1992. All bands are turned alike.

    Args:
        maps: Of the corrupted clip.
        clip: Digest of the clip, which decides the phases.
    """

    def changed(relevance: Float[np.ndarray, "*rows cells"]) -> Float[np.ndarray, "*rows cells"]:
        random = generator("phase-randomised-relevance", VERSION, Key(clip))
        return with_random_phases(relevance, random)

    return _each(maps, changed)


def with_random_phases(
    relevance: Float[np.ndarray, "*rows cells"], random: np.random.Generator
) -> Float[np.ndarray, "*rows cells"]:
    """Each row with all its Fourier components turned by random angles, its mean kept."""
    cells = relevance.shape[-1]
    spectrum = np.fft.rfft(relevance, axis=-1)
    turns = np.exp(2j * np.pi * random.random(spectrum.shape[-1]))
    # The mean, and the fastest component of an even number of cells, are real and stay so.
    turns[0] = 1.0
    if cells % 2 == 0:
        turns[-1] = random.choice([-1.0, 1.0])
    return np.fft.irfft(spectrum * turns, cells, axis=-1)


def _each(maps: RelevanceMaps, changed: Change) -> RelevanceMaps:
    """Both maps, changed where the corrupted clip still holds the original."""
    tiles = maps.over_tiles
    return RelevanceMaps(
        _changed(maps.over_time, changed), None if tiles is None else _changed(tiles, changed)
    )


def _changed(carried: CarriedBack, changed: Change) -> CarriedBack:
    relevance = np.zeros_like(carried.relevance)
    relevance[..., carried.there] = changed(carried.relevance[..., carried.there])
    return replace(carried, relevance=relevance)
