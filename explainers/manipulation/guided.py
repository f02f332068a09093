"""Manipulating what an explanation calls most relevant (after Becker et al. 2018, AudioMNIST)."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from explainers.arrays import clip_digest
from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from explainers.manipulation.actions import Action
from explainers.manipulation.ranking import MAGNITUDE, Ranking, falling_order
from explainers.manipulation.units import Units
from perturbations.corruption import Key, generator


def manipulate(
    waveform: Float[Tensor, " time"],
    explanation: Explanation,
    action: Action,
    units: Units,
    count: int,
    ranking: Ranking = MAGNITUDE,
    seed: int = 0,
) -> Float[Tensor, " time"]:
    """A clip with its most relevant units manipulated.

    Args:
        waveform: The explained clip, at the explanation's sample rate.
        explanation: Of this clip, in any domain that knows of the units.
        action: What is done: `Remove()`, `Noise()`, `Keep()`, `Scale(decibels=...)`,
            `Move(hertz=...)`.
        units: What is chosen: `Samples()`, `Stretches(seconds=...)`, `Bands(edges=...)`.
        count: How many units; see `count_of_share`.
        ranking: Most relevant by `MAGNITUDE`, or for the target by `SUPPORT`.
        seed: Of the order of what is equally relevant, and of noise.

    Raises:
        ExplanationError: The clip is not the explained one, it has not as many units, or the
            explanation says nothing about them.
    """
    order = relevance_order(waveform, explanation, units, ranking, seed)
    if not 0 < count <= len(order):
        raise ExplanationError(f"{count} of {len(order)} units were asked for; give 1 to all.")
    chosen = first_of(order, count).to(waveform.device)
    key = Key(clip_digest(waveform), seed)
    return action.changed(waveform[None], chosen[None], units, explanation.sample_rate, key)[0]


def count_of_share(share: float, total: int) -> int:
    """How many of `total` units a share is, at least one.

    >>> count_of_share(0.25, 10), count_of_share(0.001, 10)
    (2, 1)
    """
    if not 0 < share <= 1:
        raise ExplanationError(f"A share of {share} was given; it must be above 0 and at most 1.")
    return max(1, round(share * total))


def relevance_order(
    waveform: Float[Tensor, " time"],
    explanation: Explanation,
    units: Units,
    ranking: Ranking,
    seed: int,
) -> Int[np.ndarray, " units"]:
    """The units of the explained clip, the most relevant first, as `manipulate` chooses them."""
    length = round(explanation.seconds * explanation.sample_rate)
    if len(waveform) != length:
        raise ExplanationError(
            f"A clip of {len(waveform)} samples was given with the explanation of one of {length}; "
            "give the clip that was explained, at its sample rate."
        )
    weights = ranking.weights(units.relevance(explanation))
    total = len(units.energy(waveform, explanation.sample_rate))
    if len(weights) != total:
        raise ExplanationError(f"The clip has {total} units and the explanation {len(weights)}.")
    return falling_order(weights, drawn_for(waveform, seed, "order of relevance"))


def energy_order(
    waveform: Float[Tensor, " time"], units: Units, sample_rate: int, seed: int
) -> Int[np.ndarray, " units"]:
    """The units of a clip, the loudest first."""
    energy = units.energy(waveform, sample_rate)
    return falling_order(energy, drawn_for(waveform, seed, "order of energy"))


def first_of(order: Int[np.ndarray, " units"], count: int) -> Bool[Tensor, " units"]:
    """Where the first `count` units of an order are."""
    chosen = torch.zeros(len(order), dtype=torch.bool)
    chosen[torch.from_numpy(order[:count].copy())] = True
    return chosen


def drawn_for(waveform: Float[Tensor, " time"], seed: int, purpose: str) -> np.random.Generator:
    """Random numbers of one clip for one purpose, the same in any batch."""
    return generator(f"manipulation {purpose}", 1, Key(clip_digest(waveform), seed))
