"""Which words decide: each is taken away with a margin, for speech sounds run into each other.

After Pastor et al., "Explaining Speech Classification Models via Word-Level Audio Segments and
Paralinguistic Features" (EACL 2024): a word is silenced from 100 ms before to 40 ms after it.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import register_explainer
from explainers.removal.estimators.leave_one_out import LeaveOneOut
from explainers.removal.estimators.lime import Lime
from explainers.removal.estimators.shapley import Shapley
from explainers.removal.game import Estimator
from explainers.removal.method import RemovalMethod
from explainers.removal.parts import Parts, TimeParts
from explainers.segmentation import parse_segmenter

ESTIMATORS = ("leave-one-out", "lime", "shapley")


@dataclass(frozen=True, eq=False)
class WidenedParts(TimeParts):
    """Parts that are taken away with a margin; what they are worth lies on the parts themselves.

    Attributes:
        inner: The parts without their margins.
    """

    inner: Parts

    @property
    def boxes(self) -> Float[np.ndarray, "parts 4"]:
        """Of the parts without their margins."""
        return self.inner.boxes

    @property
    def are_boxes(self) -> bool:
        """Of the parts without their margins."""
        return self.inner.are_boxes

    def on_samples(self, values: Float[np.ndarray, " parts"]) -> Float[np.ndarray, " time"]:
        """On the parts without their margins."""
        return self.inner.on_samples(values)


def widened(parts: TimeParts, before: float, after: float) -> WidenedParts:
    """Every part with `before` and `after` seconds more, as far as the clip goes.

    No word is moved: what a margin takes from a neighbour is gone with both.
    """
    early, late = round(before * parts.sample_rate), round(after * parts.sample_rate)
    stretches = tuple(
        ((max(0, own[0][0] - early), min(parts.length, own[-1][1] + late)),)
        for own in parts.stretches
    )
    return WidenedParts(parts.names, stretches, parts.length, parts.sample_rate, parts)


@register_explainer
@dataclass(frozen=True)
class Words(RemovalMethod):
    """What the score loses without each word.

    Attributes:
        alignment: A file that says when each word is spoken: CSV, TextGrid, CTM, or JSON as
            Whisper writes it; empty for bursts of energy, which are no words.
        before: Seconds taken away before each word.
        after: Seconds taken away after each word.
        estimator_name: ``leave-one-out``; ``lime`` or ``shapley`` where words may stand in for
            others.
    """

    fill: str = "zeros"
    alignment: str = ""
    before: float = 0.1
    after: float = 0.04
    estimator_name: str = "leave-one-out"

    name: ClassVar[str] = "words"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "How far the score falls when a word is removed, with a margin."

    def __post_init__(self) -> None:
        if not (0 <= self.before < float("inf") and 0 <= self.after < float("inf")):
            raise ExplanationError(
                f"Margins of {self.before} s and {self.after} s were asked for; give 0 or more."
            )
        super().__post_init__()

    def cut(self, clip: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """The words with their margins."""
        spec = f"words:{self.alignment}" if self.alignment else "words"
        words = parse_segmenter(spec).cut(clip, sample_rate)
        assert isinstance(words, TimeParts)
        return widened(words, self.before, self.after)

    def estimator(self) -> Estimator:
        """As `estimator_name` says."""
        if self.estimator_name == "leave-one-out":
            return LeaveOneOut()
        if self.estimator_name == "lime":
            return Lime(evaluations=self.evaluations)
        if self.estimator_name == "shapley":
            return Shapley(evaluations=self.evaluations)
        raise ExplanationError(
            f"Words cannot be valued by '{self.estimator_name}'; there are: "
            f"{', '.join(ESTIMATORS)}."
        )
