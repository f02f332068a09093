"""The game every estimator plays: it names coalitions of parts and is told the model's score.

An estimator never sees a model or a clip. It is a generator that yields coalitions, is sent their
scores, and returns what each part is worth; so it can be driven by a model, by a thousand clips at
once, or by a plain function whose answer is known.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

Coalitions: TypeAlias = Bool[np.ndarray, "rows players"] | Float[np.ndarray, "rows players"]
"""One row per question: whether each part is there, or which share of it is, from 0 to 1."""

Scores: TypeAlias = Float[np.ndarray, " rows"]
"""The model's answer to each row."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """What each part is worth, and how sure that is.

    Attributes:
        values: One per part.
        standard_errors: Of the values, from sampling; zeros where nothing is drawn.
        fit: Share of the scores' variance that the surrogate explains on the rows it was fitted
            to, where there is a surrogate.
        covariance: Of the values' errors, where it is known.
        settled: Whether the ranking settled before the evaluations ran out; None if nobody asked.
        findings: What else is worth knowing, as JSON can hold it.
    """

    values: Float[np.ndarray, " players"]
    standard_errors: Float[np.ndarray, " players"]
    fit: float | None = None
    covariance: Float[np.ndarray, "players players"] | None = None
    settled: bool | None = None
    findings: Mapping[str, Any] = field(default_factory=dict)


Play: TypeAlias = Generator[Coalitions, Scores, Estimates]


class Estimator(ABC):
    """A way to value parts by asking about coalitions; subclasses are frozen dataclasses."""

    @abstractmethod
    def play(self, players: int, random: np.random.Generator) -> Play:
        """Yield coalitions, be sent their scores, return the estimates.

        Args:
            players: How many parts there are, at least one.
            random: Where all chance comes from.
        """


class Memory:
    """Scores of one clip's coalitions that were asked before: asking twice costs nothing.

    Only whole coalitions are remembered; shares of parts hardly ever come twice.
    """

    def __init__(self) -> None:
        self._scores: dict[bytes, float] = {}

    def unasked(self, coalitions: Coalitions) -> Int[np.ndarray, " unasked"]:
        """The rows that must be scored, each coalition once."""
        if coalitions.dtype != bool:
            return np.arange(len(coalitions))
        first = {key: row for row, key in reversed([*enumerate(_packed(coalitions))])}
        return np.array(
            sorted(row for key, row in first.items() if key not in self._scores), dtype=int
        )

    def answer(
        self,
        coalitions: Coalitions,
        rows: Int[np.ndarray, " unasked"],
        scores: Float[np.ndarray, " unasked"],
    ) -> Scores:
        """Every row's score, given those of the rows that were `unasked`."""
        if coalitions.dtype != bool:
            return scores
        keys = _packed(coalitions)
        self._scores.update((keys[row], score) for row, score in zip(rows, scores, strict=True))
        return np.array([self._scores[key] for key in keys], dtype=np.float64)


def play_against(
    estimator: Estimator,
    value: Callable[[Coalitions], Scores],
    players: int,
    random: np.random.Generator,
) -> Estimates:
    """Drive an estimator with a plain function of coalitions.

    Args:
        estimator: The way to value parts.
        value: The score of every row of coalitions.
        players: Parts.
        random: Where all chance comes from.

    Returns:
        What the estimator finds.
    """
    play, memory = estimator.play(players, random), Memory()
    try:
        coalitions = next(play)
        while True:
            rows = memory.unasked(coalitions)
            scores = value(coalitions[rows]) if len(rows) else np.empty(0)
            coalitions = play.send(memory.answer(coalitions, rows, np.asarray(scores, dtype=float)))
    except StopIteration as finished:
        estimates: Estimates = finished.value
        return estimates


def _packed(coalitions: Bool[np.ndarray, "rows players"]) -> list[bytes]:
    return [row.tobytes() for row in np.packbits(coalitions, axis=1)]
