"""A clip whose explanation is attacked: what is kept, what is moved, and how it is judged."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.targets import DECIDED, Target, parse_target
from perturbations.attacks.expectation import expected_logits, rounded, straight_through
from perturbations.attacks.explanations import (
    AttackedExplanation,
    Criteria,
    ExplanationObjective,
    KeptDecision,
    Relevance,
    aim_named,
    cells_inside,
    moved_later,
)
from perturbations.time_map import NOTHING_MOVES, TimeMap
from xaudio.attacking import wav_on_grid
from xaudio.attacking_explanations.relevance_cells import RelevanceCells
from xaudio.audio import Clip, clip_from_bytes
from xaudio.classifiers import Classifier
from xaudio.classifiers.labels import BONAFIDE
from xaudio.explained import Decision
from xaudio.explaining import decide

CELL_SECONDS = 0.02


@dataclass(frozen=True, eq=False)
class Judged:
    """An attacked clip as it stands in a 16-bit file.

    Attributes:
        wav: The file.
        after: What the model says about it.
        relevance: Its relevance on the cells of the clean clip.
        figures: How far it moved, and whether that counts.
        delay: By how many seconds it comes later than the clean clip.
    """

    wav: bytes
    after: Decision
    relevance: Float[np.ndarray, " cells"]
    figures: AttackedExplanation
    delay: float = 0.0


@dataclass(frozen=True, eq=False)
class Question:
    """A clip whose explanation is attacked: what is to be kept and what to be moved.

    Attributes:
        clip: At the model's rate, within [-1, 1].
        classifier: What decides.
        before: What it says about the clip.
        kept: The decision, and how far the score may move.
        cells: The explanation as a function.
        clean: Relevance of the clip on its cells.
        criteria: What counts as a success.
    """

    clip: Clip
    classifier: Classifier
    before: Decision
    kept: KeptDecision
    cells: RelevanceCells
    clean: Float[Tensor, "1 cells"]
    criteria: Criteria

    @classmethod
    def about(
        cls,
        clip: Clip,
        classifier: Classifier,
        explainer: Explainer,
        target: str | None = None,
        *,
        threshold: float = 0.0,
        tolerance: float = math.inf,
        cell_seconds: float = CELL_SECONDS,
        criteria: Criteria | None = None,
    ) -> "Question":
        """Decide and explain the clean clip.

        Args:
            clip: Any rate; it is resampled to the classifier's, and turned down where it exceeds 1.
            classifier: What is explained.
            explainer: The method.
            target: As in `xaudio.explain`; ``decided`` stays the label of the clean clip.
            threshold: The score at and above which a detector's clip counts as bona fide.
            tolerance: How far the score may move, in logits; infinity asks for the same label.
            cell_seconds: Relevance is compared on cells of this length.
            criteria: What counts as a success.


        Raises:
            ExplanationError: The method or the target does not fit, or the method knows no places.
            CorruptionError: The tolerance is not above 0.
        """
        heard = clip.resampled(classifier.sample_rate).within_full_scale()
        before = decide(heard, classifier, threshold)
        waveform = heard.waveform.to(classifier.device)
        cells = RelevanceCells(
            classifier, explainer, _target(target, classifier, before), cell_seconds
        )
        with torch.no_grad():
            logits = classifier.logits(waveform)
        label = torch.tensor([classifier.labels.index(before.label)])
        limit = before.threshold or 0.0
        lead = limit if before.label == BONAFIDE else -limit
        kept = KeptDecision.of(logits, label, lead if classifier.is_detector else 0.0, tolerance)
        found = cells.explain(waveform)
        _check_places(found[0])
        clean = cells.summed(found)
        return cls(heard, classifier, before, kept, cells, clean, criteria or Criteria())

    @property
    def waveform(self) -> Float[Tensor, "1 time"]:
        """The clip where the classifier is."""
        return self.clip.waveform.to(self.classifier.device)

    def objective(self, relevance: Relevance, aim: str) -> ExplanationObjective:
        """What an attack climbs: it sees everything behind the rounding of a 16-bit file."""

        def on_file(waveform: Float[Tensor, "some time"]) -> Float[Tensor, "some cells"]:
            return relevance(straight_through(rounded)(waveform))

        logits = expected_logits(self.classifier.logits, [straight_through(rounded)])
        return ExplanationObjective(logits, on_file, self.kept, aim_named(aim, self.clean))

    def judged(self, samples: Float[Tensor, " time"], delay: float = 0.0) -> Judged:
        """What the model says of some samples as they stand in a 16-bit file, and why.

        Args:
            samples: The attacked clip.
            delay: By how many seconds it comes later; it is taken out again.
        """
        rate = self.clip.sample_rate
        wav = wav_on_grid(samples, rate)
        read = clip_from_bytes(wav, self.clip.name)
        after = decide(read, self.classifier, self.before.threshold or 0.0)
        later = TimeMap.later(delay) if delay else NOTHING_MOVES
        heard = read.waveform.to(self.classifier.device)
        relevance = self.cells(heard, later)[0]
        inside = self._inside(delay)
        figures = AttackedExplanation.measured(
            self.clip.waveform[0],
            moved_later(read.waveform, -delay * rate)[0],
            rate,
            self.clean[0][inside],
            relevance[inside],
            decision_kept=self._kept(after),
            criteria=self.criteria,
        )
        return Judged(wav, after, relevance.numpy(), figures, delay)

    def _kept(self, after: Decision) -> bool:
        same = after.label == self.before.label
        return same and abs(after.score - self.before.score) <= self.kept.tolerance

    def _inside(self, delay: float) -> Bool[Tensor, " cells"]:
        seconds = len(self.clip.samples) / self.clip.sample_rate
        edges = torch.from_numpy(self.cells.edges(seconds))
        return cells_inside(edges, delay, seconds)


def _check_places(explanation: Explanation) -> None:
    """Refuse an explanation of the whole voice: a map that is even throughout cannot be moved."""
    if "curves" in explanation.provenance:
        raise ExplanationError(
            f"The method '{explanation.method}' explains the whole voice and no place in it, so "
            "there is no map to be moved; use a method that has one."
        )


def _target(target: str | None, classifier: Classifier, before: Decision) -> Target:
    wanted = (target or classifier.default_target).strip()
    return parse_target(before.label if wanted == DECIDED else wanted, classifier.labels)
