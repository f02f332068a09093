"""Counterfactual curves: how the score answers when a property of the whole clip is changed.

After SpeechXAI (Pastor et al., EACL 2024, arXiv 2309.07733), which summarises the probability of a
class; here it is the target, a number that does not saturate.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import Progress, Scoring
from perturbations.corruption import Key
from perturbations.voice.properties import VoiceProperty

Place = tuple[int, str, int, float]
"""Of a score: the clip's row, the property's name, the repeat, the value."""


@dataclass(frozen=True, eq=False)
class ResponseCurve:
    """The target over one property of one clip, all else kept.

    Attributes:
        name: Of the property.
        unit: Of its values.
        values: That were tried, rising, without the neutral one.
        scores: The target at each value, one row per repeat; one row where nothing is drawn.
        neutral_value: Where the clip is as it was; infinite for a signal-to-noise ratio.
        neutral_score: The target there. The curve's origin: the clip has gone the same way as at
            the other values (for intonation, through a vocoder).
        clip_score: The target for the clip itself; ``neutral_score - clip_score`` is what the
            processing alone does.
    """

    name: str
    unit: str
    values: Float[np.ndarray, " values"]
    scores: Float[np.ndarray, "repeats values"]
    neutral_value: float
    neutral_score: float
    clip_score: float

    def __post_init__(self) -> None:
        if (
            self.scores.ndim != 2
            or self.scores.shape[1] != len(self.values)
            or not self.scores.size
        ):
            raise ExplanationError(
                f"A curve of {len(self.values)} values was given scores of shape "
                f"{self.scores.shape}; expected one per repeat and value."
            )

    @property
    def mean_scores(self) -> Float[np.ndarray, " values"]:
        """The target at each value, the mean over the repeats."""
        return self.scores.mean(axis=0)

    @property
    def standard_errors(self) -> Float[np.ndarray, " values"]:
        """Of the mean scores; zeros where nothing is drawn."""
        return _standard_error(self.scores)

    @property
    def changes(self) -> Float[np.ndarray, " values"]:
        """How far the score rises from neutral to each value."""
        return self.mean_scores - self.neutral_score

    @property
    def attribution(self) -> float:
        """The neutral score minus the mean over the values: positive where a change costs score."""
        return self.neutral_score - float(self.mean_scores.mean())

    @property
    def standard_error(self) -> float:
        """Of the attribution, over the repeats; zero where nothing is drawn."""
        return float(_standard_error(self.scores.mean(axis=1, keepdims=True))[0])

    @property
    def slope(self) -> float | None:
        """Score per unit about the neutral value, between its neighbours.

        To its one neighbour where it ends the axis; None where it is infinite.
        """
        if not math.isfinite(self.neutral_value):
            return None
        values, scores = self.points()
        place = int(np.searchsorted(values, self.neutral_value))
        first, last = max(place - 1, 0), min(place + 1, len(values) - 1)
        return float((scores[last] - scores[first]) / (values[last] - values[first]))

    def points(self) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
        """All values, the neutral one in its place, and the mean score at each."""
        place = int(np.searchsorted(self.values, self.neutral_value))
        values = np.insert(self.values, place, self.neutral_value)
        return values, np.insert(self.mean_scores, place, self.neutral_score)

    def flips(self, threshold: float = 0.0) -> tuple[float, ...]:
        """Where the score crosses the threshold, rising; a score at the threshold counts as above.

        Linear between two values. Between an infinite neutral value and its neighbour it is the
        neighbour, the mildest value tried at which the decision is another.
        """
        values, scores = self.points()
        return tuple(
            _crossing(*ends, threshold)
            for ends in pairwise(zip(values.tolist(), scores.tolist(), strict=True))
            if (ends[0][1] >= threshold) != (ends[1][1] >= threshold)
        )

    def to_plain(self) -> dict[str, Any]:
        """What JSON can hold; an infinite neutral value becomes None."""
        finite = math.isfinite(self.neutral_value)
        return {
            "name": self.name,
            "unit": self.unit,
            "values": self.values.tolist(),
            "scores": self.scores.tolist(),
            "neutral_value": self.neutral_value if finite else None,
            "neutral_score": self.neutral_score,
            "clip_score": self.clip_score,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "ResponseCurve":
        """The curve that `to_plain` wrote.

        Raises:
            ExplanationError: Something is missing or of another kind.
        """
        try:
            neutral = plain["neutral_value"]
            return cls(
                name=str(plain["name"]),
                unit=str(plain["unit"]),
                values=np.array(plain["values"], dtype=np.float64),
                scores=np.array(plain["scores"], dtype=np.float64),
                neutral_value=math.inf if neutral is None else float(neutral),
                neutral_score=float(plain["neutral_score"]),
                clip_score=float(plain["clip_score"]),
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise ExplanationError(f"This is no response curve: {fault!r}.") from fault


@dataclass(frozen=True)
class CurveSettings:
    """How curves are measured.

    Attributes:
        repeats: Draws for a property that is random, two or more; one draw says nothing about
            chance.
        seed: Of the draws.
        batch_size: Waveforms scored at once.
    """

    repeats: int = 3
    seed: int = 0
    batch_size: int = 16

    def __post_init__(self) -> None:
        if self.repeats < 2:
            raise ExplanationError(
                f"The setting 'repeats' is {self.repeats}; it must be 2 or more, or nothing tells "
                "how far a result depends on the draw."
            )
        if self.batch_size < 1:
            raise ExplanationError(
                f"The setting 'batch_size' is {self.batch_size}; it must be 1 or more."
            )


def response_curves(
    scoring: Scoring,
    waveform: Float[Tensor, "batch time"],
    properties: Sequence[VoiceProperty],
    settings: CurveSettings,
    progress: Progress,
) -> list[tuple[ResponseCurve, ...]]:
    """One curve per property for every clip.

    All clips share their draws, so a clip's curves do not depend on the batch it is in.

    Args:
        scoring: The target as a function of the waveform.
        waveform: Clips of one length, on the model's device.
        properties: With the values to try, each property once.
        settings: Repeats, seed, batch size.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        CorruptionError: A clip cannot be changed: its rate is below 4 kHz, or it has one sample.
        ExplanationError: A score is not finite.
    """
    per_clip = sum(_repeats(each, settings) * len(each.values) + 1 for each in properties)
    scores: dict[Place, float] = {}
    with torch.no_grad():
        clip_scores = scoring(waveform).tolist()
        variants = _variants(waveform, scoring.model.sample_rate, properties, settings)
        for found in _scored(scoring, variants, settings.batch_size):
            scores |= found
            progress(len(scores) / (len(waveform) * per_clip))
    return [
        tuple(_curve(each, row, scores, score, _repeats(each, settings)) for each in properties)
        for row, score in enumerate(clip_scores)
    ]


def _repeats(each: VoiceProperty, settings: CurveSettings) -> int:
    return settings.repeats if each.random else 1


def _variants(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    properties: Sequence[VoiceProperty],
    settings: CurveSettings,
) -> Iterator[tuple[Place, Tensor]]:
    """All that is to be scored, made one by one; the neutral value, where all draws agree, once."""
    for row, clip in enumerate(waveform):
        for each in properties:
            for repeat in range(_repeats(each, settings)):
                values = each.values if repeat else (each.neutral, *each.values)
                key = Key(f"voice {settings.seed}", repeat)
                changed = each.variants(clip, sample_rate, values, key)
                for value, one in zip(values, changed, strict=True):
                    yield (row, each.name, repeat, value), one


def _scored(
    scoring: Scoring, variants: Iterator[tuple[Place, Tensor]], batch_size: int
) -> Iterator[dict[Place, float]]:
    """The scores, batch by batch, each of clips of one length."""
    waiting: dict[int, list[tuple[Place, Tensor]]] = defaultdict(list)
    for place, changed in variants:
        waiting[len(changed)].append((place, changed))
        if len(waiting[len(changed)]) == batch_size:
            yield _score(scoring, waiting.pop(len(changed)))
    for left in waiting.values():
        yield _score(scoring, left)


def _score(scoring: Scoring, batch: Sequence[tuple[Place, Tensor]]) -> dict[Place, float]:
    places = [place for place, _ in batch]
    scores = scoring(torch.stack([changed for _, changed in batch])).tolist()
    return dict(zip(places, scores, strict=True))


def _curve(
    each: VoiceProperty,
    row: int,
    scores: Mapping[Place, float],
    clip_score: float,
    repeats: int,
) -> ResponseCurve:
    table = [
        [scores[row, each.name, repeat, value] for value in each.values]
        for repeat in range(repeats)
    ]
    return ResponseCurve(
        name=each.name,
        unit=each.unit,
        values=np.array(each.values, dtype=np.float64),
        scores=np.array(table, dtype=np.float64),
        neutral_value=each.neutral,
        neutral_score=scores[row, each.name, 0, each.neutral],
        clip_score=clip_score,
    )


def _standard_error(scores: Float[np.ndarray, "repeats values"]) -> Float[np.ndarray, " values"]:
    if len(scores) < 2:
        return np.zeros(scores.shape[1])
    return scores.std(axis=0, ddof=1) / math.sqrt(len(scores))


def _crossing(one: tuple[float, float], other: tuple[float, float], threshold: float) -> float:
    """The value between two points at which the line through them meets the threshold."""
    (value, score), (next_value, next_score) = one, other
    if not math.isfinite(next_value):
        return value
    return value + (next_value - value) * (threshold - score) / (next_score - score)
