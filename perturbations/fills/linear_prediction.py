"""A gap predicted from both of its sides by autoregressive models of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.fills.gaps import Gap, fill_gaps
from perturbations.fills.registry import Stretch, check_fill, fills

SHORTEST_CONTEXT_SECONDS, LONGEST_CONTEXT_SECONDS = 0.02, 0.08
CONTEXT_PER_GAP = 4
SAMPLES_PER_COEFFICIENT = 10
HIGHEST_ORDER = 128
UNEXPLAINED = 1e-9
MEMORY_SECONDS = 0.5


@fills.register("linear-prediction")
def linear_prediction(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
) -> Float[Tensor, "batch time"]:
    """Each stretch extrapolated forwards from before it and backwards from after it, cross-faded.

    Both sides, four times the stretch but 20 to 80 ms of each, get an autoregressive model by
    Burg's method, with a coefficient for every ten samples, 128 at most. The models go on by
    themselves, which carries tones across (Kauppinen and Roth 2002; Janssen et al. 1986 solve for
    both sides at once), and they are driven by noise as strong as what they could not predict,
    without which all but tones would die away: the fill is a draw from the models, and keeps the
    level and the spectrum of its surroundings.
    """
    check_fill(waveform, sample_rate, keys, stretches)
    shortest = max(1, round(SHORTEST_CONTEXT_SECONDS * sample_rate))
    longest = max(1, round(LONGEST_CONTEXT_SECONDS * sample_rate))
    fading = float(np.exp(-1 / (MEMORY_SECONDS * sample_rate)))

    def fill(gaps: Sequence[Gap]) -> list[Float[np.ndarray, " length"]]:
        sizes = [min(max(shortest, CONTEXT_PER_GAP * gap.length), longest) for gap in gaps]
        befores = [gap.before[-size:] for gap, size in zip(gaps, sizes, strict=True)]
        afters = [gap.after[:size][::-1] for gap, size in zip(gaps, sizes, strict=True)]
        models = [model.faded(fading) for model in fit([*befores, *afters])]
        forwards = zip(befores, models[: len(gaps)], strict=True)
        backwards = zip(afters, models[len(gaps) :], strict=True)
        return [bridge(*sides) for sides in zip(gaps, forwards, backwards, strict=True)]

    return fill_gaps("linear-prediction", waveform, keys, stretches, fill)


@dataclass(frozen=True, eq=False)
class Autoregression:
    """A signal that is ``deviation * noise[t] - sum over k > 0 of coefficients[k] * signal[t-k]``.

    Attributes:
        coefficients: The first belongs to the present and is one.
        deviation: Of the white noise that drives it.
    """

    coefficients: Float[np.ndarray, " coefficients"]
    deviation: float

    def faded(self, factor: float) -> "Autoregression":
        """With its poles nearer to zero by a factor, so that nothing rings for ever."""
        powers = factor ** np.arange(len(self.coefficients))
        return Autoregression(self.coefficients * powers, self.deviation)

    def go_on(
        self, past: Float[np.ndarray, " past"], length: int, random: np.random.Generator
    ) -> tuple[Float[np.ndarray, "{length}"], Float[np.ndarray, "{length}"]]:
        """What becomes of the past by itself, and what noise adds to that."""
        from scipy.signal import lfilter

        driving = np.stack([np.zeros(length), self.deviation * random.standard_normal(length)])
        if len(past) == 0:
            return driving[0], driving[0]
        order = len(self.coefficients) - 1
        # the filter's state after the past: as scipy's lfiltic, without its loop
        memory = -np.correlate(self.coefficients[1:], past[::-1][:order], "full")[order - 1 :]
        states = np.stack([memory, np.zeros_like(memory)])
        (by_itself, noise), _ = lfilter([1.0], self.coefficients, driving, zi=states)
        return by_itself, noise


Side = tuple[Float[np.ndarray, "..."], Autoregression]


def bridge(gap: Gap, forwards: Side, backwards: Side) -> Float[np.ndarray, " length"]:
    """A gap filled from two sides, each what leads to the gap, and a model of it.

    What the two sides predict is the same tone where it is good, so its shares add up to one; their
    noises have nothing in common, so the squares of theirs do.
    """
    (before, model), (after, model_backwards) = forwards, backwards
    tone, noise = model.go_on(before, gap.length, gap.random)
    tone_after, noise_after = (
        one[::-1] for one in model_backwards.go_on(after, gap.length, gap.random)
    )
    way = np.arange(1, gap.length + 1) / (gap.length + 1)
    if not (len(before) and len(after)):
        way = np.full(gap.length, float(len(before) == 0))
    here, there = np.cos(np.pi / 2 * way), np.sin(np.pi / 2 * way)
    filled = here**2 * tone + there**2 * tone_after + here * noise + there * noise_after
    loudest = np.abs(np.concatenate([before, after])).max()
    return np.clip(filled, -loudest, loudest)


def fit(pasts: Sequence[Float[np.ndarray, "..."]]) -> list[Autoregression]:
    """A model of each past, those of one length fitted at once; a lone sample just goes on."""
    models = [Autoregression(np.array([1.0, -1.0]), 0.0)] * len(pasts)
    for length in {len(past) for past in pasts if len(past) > 1}:
        rows = [row for row, past in enumerate(pasts) if len(past) == length]
        signals = np.stack([pasts[row] for row in rows])
        fitted = burg(signals, min(HIGHEST_ORDER, max(1, length // SAMPLES_PER_COEFFICIENT)))
        for row, coefficients, deviation in zip(rows, *fitted, strict=True):
            models[row] = Autoregression(coefficients, float(deviation))
    return models


def burg(
    signals: Float[np.ndarray, "rows time"], order: int
) -> tuple[Float[np.ndarray, "rows {order+1}"], Float[np.ndarray, " rows"]]:
    """Coefficients and driving noise's deviation of one autoregression per row (Burg 1975).

    A row's order stops where all but a billionth of its power is explained. Silence and pure tones
    have nothing left to divide by then, and the coefficients of a signal with hardly anything above
    some frequency would be stable only if they were exact.
    """
    forward = backward = signals
    coefficients = np.zeros((len(signals), order + 1))
    coefficients[:, 0] = 1.0
    enough = UNEXPLAINED * 2 * _dot(signals, signals)
    for step in range(1, order + 1):
        ahead, behind = forward[:, 1:], backward[:, :-1]
        power, common = _dot(ahead, ahead) + _dot(behind, behind), _dot(ahead, behind)
        unexplained = power > enough
        reflection = -2 * np.divide(common, power, out=np.zeros_like(power), where=unexplained)
        reflection = reflection[:, None]
        forward, backward = ahead + reflection * behind, behind + reflection * ahead
        coefficients[:, 1 : step + 1] += reflection * coefficients[:, step - 1 :: -1]
    left = _dot(forward, forward) + _dot(backward, backward)
    return coefficients, np.sqrt(left / 2 / forward.shape[1])


def _dot(
    one: Float[np.ndarray, "rows time"], other: Float[np.ndarray, "rows time"]
) -> Float[np.ndarray, " rows"]:
    return np.einsum("ij,ij->i", one, other)
