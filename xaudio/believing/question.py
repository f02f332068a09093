"""The map that is asked about, and how more maps of its kind are made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.explainer import Explainer, Scoring
from explainers.explanation import Explanation
from explainers.targets import Target, parse_target
from perturbations.corruption import Key, generator
from xaudio.believing.settings import BeliefSettings
from xaudio.classifiers import Classifier
from xaudio.explained import ExplainedClip

SHORTEST_STEP = 0.02

Tell = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Question:
    """A map, what it was made of, and the settings of the checks.

    Attributes:
        explained: The clip and its map.
        classifier: What was explained.
        explainer: The method, with its settings.
        settings: Of the checks.
    """

    explained: ExplainedClip
    classifier: Classifier
    explainer: Explainer
    settings: BeliefSettings

    @property
    def explanation(self) -> Explanation:
        """The map."""
        return self.explained.explanation

    @property
    def waveform(self) -> Float[Tensor, "1 time"]:
        """The clip as the model hears it."""
        return self.explained.clip.waveform

    @property
    def target(self) -> Target:
        """The number that is explained."""
        return parse_target(self.explanation.target, self.classifier.labels)

    @property
    def scoring(self) -> Scoring:
        """That number as a function of the waveform."""
        return Scoring(self.classifier, self.target)

    @property
    def step(self) -> float:
        """Seconds of a stretch in which maps are compared."""
        return max(SHORTEST_STEP, self.explanation.seconds / self.settings.steps)

    def over_time(self, explanation: Explanation) -> Float[np.ndarray, " stretches"]:
        """A map's relevance in stretches of `step` seconds."""
        return explanation.over_time(self.step).relevance.astype(np.float64)

    def explained_again(
        self, classifier: Classifier, waveform: Float[Tensor, "batch time"], tell: Tell
    ) -> list[Float[np.ndarray, " stretches"]]:
        """Maps by the same method of another model or other clips."""
        found = self.explainer.explain(classifier, waveform, self.target, tell)
        return [self.over_time(one) for one in found]

    def random(self, purpose: str) -> np.random.Generator:
        """Random numbers of this clip for one purpose."""
        return generator(
            f"belief {purpose}", 1, Key(self.explained.clip.digest, self.settings.seed)
        )


def steps_told(tell: Tell, planned: int) -> list[Tell]:
    """One teller for each of so many equal steps, which share out 0 to 1 between them.

    >>> told = []
    >>> steps_told(told.append, 4)[1](0.5)
    >>> told
    [0.375]
    """
    return [_part(tell, step / planned, 1 / planned) for step in range(planned)]


def weighted_steps(tell: Tell, weights: Sequence[float]) -> list[Tell]:
    """The same for steps of different length."""
    shares = np.array(weights) / sum(weights)
    starts = np.append(0.0, np.cumsum(shares))
    return [
        _part(tell, float(start), float(share))
        for start, share in zip(starts[:-1], shares, strict=True)
    ]


def _part(tell: Tell, start: float, share: float) -> Tell:
    return lambda done: tell(start + share * done)


def same_bits(one: Tensor, other: Tensor) -> bool:
    """Whether two answers are the same but for rounding."""
    return bool(torch.allclose(one, other, rtol=1e-5, atol=1e-6))
